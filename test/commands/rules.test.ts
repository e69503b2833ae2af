/** `vestibule rules`: scores, pauses lifted, and rules tried on stored history. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../src/commands/rules.ts'
import { loadRules } from '../../src/rules/modules.ts'
import { pause, pausedOf } from '../../src/rules/pauses.ts'
import type { Assumed } from '../../src/rules/trial/decisions.ts'
import { createTrial, type VisitCompared } from '../../src/rules/trial/trial.ts'
import { aModule, oneRule, ruleText } from '../rules/a-rule-module.ts'
import { withRules } from '../rules/a-ruled-room.ts'
import { event, HOUR, openRoom, SECOND, signIn, type TestRoom } from '../visitors/a-room.ts'

const commands = suite('vestibule rules')

/** Runs the command and gives what it printed. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const { stdout, stderr } = process
  const [write, writeError] = [stdout.write, stderr.write]
  const into = (stream: 'out' | 'err') => (text: Uint8Array | string) => {
    said[stream] += String(text)
    return true
  }
  stdout.write = into('out')
  stderr.write = into('err')
  try {
    return { code: await rules(args), ...said }
  } finally {
    stdout.write = write
    stderr.write = writeError
  }
}

const DAY = 24 * HOUR
let visits = 0

/** A visit in which that person signs in after a moment, and out again. */
async function visit(
  room: TestRoom,
  visitor: string,
  identityId: string | null,
  settled = async () => {},
): Promise<void> {
  visits += 1
  const words = { visit: `visit-${visits}` }
  room.passes(DAY)
  await room.says(visitor, 'VisitStarted', words)
  await settled()
  room.passes(SECOND)
  if (identityId !== null) await room.record(visitor, signIn(identityId, words), event('SignOut', words))
}

commands('score prints what the folder says, also while it is open', async () => {
  const room = await openRoom()
  const assume = {
    type: 'assume',
    identityId: 'pat',
    confidence: 0.5,
    halfLifeMs: null,
    rule: 'engine',
  } as const
  await room.record('g1', event('VisitStarted'), { ...assume, version: 3, evidence: null }, signIn('pat'))
  const { code, out } = await run('score', '--data', room.path)
  assert.is(code, 0)
  assert.match(out, /engine +3 +1 +1 +0 +0 +1\.000 +0\.207\.\.1\.000/)
  await room.end()
})

commands('lift lets a paused rule be asked again, while a server has the folder open', async () => {
  await withRules({ source: oneRule(`return { identityId: 'pat', confidence: 1 }`) }, async (ruled) => {
    const { room, rules: running, settled, answers } = ruled
    const rule = { name: 'tried', version: 1 }
    await pause(room.store, rule, { position: 7, at: room.hands.wall, reason: 'it was wrong' })
    await room.says('g1', 'VisitStarted')
    await settled()
    assert.equal(answers('g1'), [])
    assert.match((await run('score', '--data', room.path)).out, 'no rule has assumed anything')

    const lifted = await run('lift', 'tried', '--data', room.path)
    assert.equal([lifted.code, lifted.err], [0, ''])
    assert.match(lifted.out, 'it was wrong')
    assert.is(pausedOf(room.store, rule), null)
    assert.is(running.stats().rulesPaused, 0)
    await room.says('g2', 'VisitStarted', { visit: 'w' })
    await settled()
    assert.is(answers('g2').length, 1)
    assert.equal(await run('lift', 'tried', '--data', room.path), {
      code: 1,
      out: '',
      err: 'vestibule rules: no rule "tried" is paused\n',
    })
  })
})

commands('[I10] [I12] the same rule on its own history finds what was, hit for hit', async () => {
  await withRules({ items: ['shipped:lastSignedInHere'] }, async ({ room, settled }) => {
    const people = [
      'pat',
      'pat',
      null,
      'sam',
      'sam',
      null,
      'pat',
      'pat',
      null,
      null,
      'lee',
      'sam',
      null,
      'pat',
    ]
    for (const [index, who] of people.entries()) {
      await visit(room, 'g1', who, settled)
      await visit(room, 'g2', people[(index * 5) % people.length] ?? null, settled)
    }
    const found = await tried(room, ['shipped:lastSignedInHere'])
    assert.ok(found.compared.length > 10)
    assert.equal(
      found.compared.map(({ tried: one }) => brief(one)),
      found.compared.map(({ was }) => brief(was)),
    )
    const score = room.store.score('lastSignedInHere', 1)
    const hits = found.assumed.filter(({ hit }) => hit === true).length
    const misses = found.assumed.filter(({ hit }) => hit === false).length
    assert.equal([found.assumed.length, hits, misses], [score?.made, score?.hits, score?.misses])
  })
})

commands('[I13] [I14] [I17] verdicts decide in a trial as they did in fact', async () => {
  const room = await openRoom()
  await visit(room, 'g1', 'pat')
  await visit(room, 'g1', null)
  const { outcomes } = await room.record('g1', {
    type: 'confirm',
    identityId: 'sam',
    agentId: 'ada',
    ifSeq: null,
  })
  const find = async () => (await tried(room, ['shipped:lastSignedInHere'])).assumed.map(brief)
  assert.equal(await find(), ['pat false'])
  const verdictSeq = outcomes[0]?.is === 'kept' ? outcomes[0].seq : 0
  await room.record('g1', { type: 'retract', verdictSeq, agentId: 'ada' })
  assert.equal(await find(), ['pat null'])
  await visit(room, 'g1', 'pat')
  assert.equal(await find(), ['pat null', 'pat true'])
  await room.end()
})

commands('a trial has no effect, and says who differs, with ids only where they are asked for', async () => {
  const room = await openRoom()
  await visit(room, 'g1', 'pat@example.com')
  await visit(room, 'g1', 'pat@example.com')
  const before = room.store.lastPosition()
  const hashed = await run('try', 'shipped:lastSignedInHere', '--data', room.path)
  assert.is(hashed.code, 0)
  assert.match(hashed.out, /lastSignedInHere +1 +tried +1 +1 +0 +0 +1\.000/)
  assert.match(hashed.out, '1 visits: somebody in the trial, nobody in fact')
  assert.match(
    hashed.out,
    /visitor 1, visit 2, .*: tried #[0-9a-f]{8} by lastSignedInHere 1 \(.*, hit\); in fact nobody/,
  )
  assert.not.match(hashed.out, 'pat@example.com')
  const open = await run('try', 'shipped:lastSignedInHere', '--data', room.path, '--show-ids')
  assert.match(open.out, 'pat@example.com')
  const none = await run('try', 'shipped:lastSignedInHere', '--data', room.path, '--samples', '0')
  assert.not.match(none.out, 'visitor 1, visit 2')
  assert.is(room.store.lastPosition(), before)
  assert.equal(room.store.scores(), [])
  await room.end()
})

commands('rules that need what history does not tell are refused with the reason', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  for (const [item, need] of [
    ['shipped:profileMatch', 'identitiesByEmail'],
    ['shipped:linkedByVisit', 'linkedVisit'],
  ] as const) {
    const { code, err } = await run('try', item, '--data', room.path)
    assert.is(code, 1)
    assert.match(err, `needs ${need}`)
  }
  await room.end()
})

commands('a rule that fails on trial is asked no more, and the others go on', async () => {
  const room = await openRoom()
  await visit(room, 'g1', 'pat')
  await visit(room, 'g2', 'sam')
  const own = aModule(
    `export const rules = [${ruleText('bad', 'throw new Error("no idea")')}, ${ruleText('good', `return { identityId: 'pat', confidence: 0.1 }`)}]`,
  )
  const { code, out } = await run('try', own.path, '--data', room.path)
  assert.is(code, 1)
  assert.match(out, 'bad failed and was asked no more: it threw: no idea')
  assert.match(out, /good +1 +tried +2 +1 +1/)
  own.remove()
  await room.end()
})

commands('what is asked wrongly is said in a sentence', async () => {
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /one of score, try, lift/],
    [['guess'], 2, /one of score, try, lift/],
    [['score', 'more'], 2, /too many/],
    [['lift'], 2, /name of a rule/],
    [['try'], 2, /shipped:NAME/],
    [['lift', 'one', 'two'], 2, /too many/],
    [['score', '--colour'], 2, /colour/],
    [['try', 'shipped:x', '--samples', '1001'], 2, /0\.\.1000/],
    [['score', '--data', '/nowhere'], 1, /holds no store/],
  ]
  for (const [args, code, message] of wrong) {
    const found = await run(...args)
    assert.is(found.code, code)
    assert.match(found.err, message)
  }
  assert.match((await run('--help')).out, 'usage: vestibule rules')
})

/** All that a trial tells of a room's history. */
async function tried({ store }: TestRoom, items: readonly string[]) {
  const assumed: Assumed[] = []
  const compared: VisitCompared[] = []
  const trial = createTrial({
    loaded: await loadRules(items),
    toIdentityId: (value) => String(value),
    assumed: (one, where) => void (where === 'tried' && assumed.push(one)),
    compared: (one) => void compared.push(one),
  })
  for (const row of store.visitors({ limit: 100 }))
    trial.visitor(row, store.entries(row.number, { limit: 10_000 }))
  return { assumed, compared }
}

function brief(assumed: Assumed | null): string {
  return assumed === null ? 'nobody' : `${assumed.identityId} ${assumed.hit}`
}

commands.run()
