/** Rules keep score: hits, misses, what stays undecided, and who is paused for it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lift, pausedOf } from '../../src/rules/pauses.ts'
import type { NewEntry } from '../../src/visitors/contract.ts'
import { event, HOUR, openRoom, signIn, type TestRoom } from '../visitors/a-room.ts'
import { ruleText } from './a-rule-module.ts'
import { withRules } from './a-ruled-room.ts'

const scores = suite('scores of rules')

const DAY = 24 * HOUR

const assume = (identityId: string, rule = 'engine', confidence = 0.5): NewEntry => ({
  type: 'assume',
  identityId,
  confidence,
  halfLifeMs: null,
  rule,
  version: 1,
  evidence: null,
})
const judged = (type: 'confirm' | 'reject', identityId: string): NewEntry => ({
  type,
  identityId,
  agentId: 'ada',
  ifSeq: null,
})

/** Made, hits, misses of a rule. */
function score({ store }: TestRoom, rule = 'engine'): readonly number[] {
  const { made = 0, hits = 0, misses = 0 } = store.score(rule, 1) ?? {}
  return [made, hits, misses]
}

async function inRoom(act: (room: TestRoom) => Promise<void>): Promise<void> {
  const room = await openRoom()
  try {
    await act(room)
  } finally {
    await room.end()
  }
}

scores('[I10] an assumption is booked with its entry, and decided by the first SignIn: a hit', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), assume('pat'))
    assert.equal(score(room), [1, 0, 0])
    await room.record('g1', signIn('pat'))
    assert.equal(score(room), [1, 1, 0])
    await room.record('g1', signIn('sam'))
    assert.equal(score(room), [1, 1, 0], 'decided once')
    assert.is(room.store.score('engine', 1)?.position, 3)
  })
})

scores(
  '[I10] somebody else who signs in, also in a later visit within 30 days, makes it a miss',
  async () => {
    await inRoom(async (room) => {
      await room.record('g1', event('VisitStarted'), assume('pat'))
      room.passes(29 * DAY)
      await room.record('g1', event('VisitStarted', { visit: 'v2' }), signIn('sam', { visit: 'v2' }))
      assert.equal(score(room), [1, 0, 1])
    })
  },
)

scores('[I10] after more than 30 days it stays undecided', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), assume('pat'))
    room.passes(30 * DAY + 1)
    await room.record('g1', event('VisitStarted', { visit: 'v2' }), signIn('pat', { visit: 'v2' }))
    assert.equal(score(room), [1, 0, 0])
  })
})

scores('[I11] one that is replaced stays undecided', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), assume('pat'), assume('sam', 'other', 0.9), signIn('pat'))
    assert.equal(score(room), [1, 0, 0])
    assert.equal(score(room, 'other'), [1, 0, 1])
  })
})

scores('[I13] [I14] verdicts decide too: confirmed is a hit, rejected a miss', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), assume('pat'), judged('confirm', 'pat'))
    assert.equal(score(room), [1, 1, 0])
    await room.record('g2', event('VisitStarted', { visit: 'w' }), assume('pat'), judged('reject', 'pat'))
    assert.equal(score(room), [2, 1, 1])
    await room.record('g3', event('VisitStarted', { visit: 'x' }), assume('pat'), judged('confirm', 'sam'))
    assert.equal(score(room), [3, 1, 2])
  })
})

scores(
  '[I17] a verdict that is retracted takes its hit or miss with it, and a SignIn decides anew',
  async () => {
    await inRoom(async (room) => {
      await room.record('g1', event('VisitStarted'), assume('pat'))
      const { outcomes } = await room.record('g1', judged('reject', 'pat'))
      assert.equal(score(room), [1, 0, 1])
      const [rejected] = outcomes
      const verdictSeq = rejected?.is === 'kept' ? rejected.seq : 0
      await room.record('g1', { type: 'retract', verdictSeq, agentId: 'ada' })
      assert.equal(score(room), [1, 0, 0])
      await room.record('g1', signIn('pat'))
      assert.equal(score(room), [1, 1, 0])
    })
  },
)

scores('[I12] what was ignored is not booked', async () => {
  await inRoom(async (room) => {
    await room.record('g1', event('VisitStarted'), signIn('sam'), assume('pat'))
    assert.equal(score(room), [0, 0, 0])
  })
})

scores('scores are there after a restart, and a commit that fails books nothing', async () => {
  const failing = { on: false }
  const room = await openRoom({
    beforePut: (table) => {
      if (failing.on && table === 'scores') throw new Error('the disk is full')
    },
  })
  await room.record('g1', event('VisitStarted'), assume('pat'))
  failing.on = true
  await room.record('g1', signIn('pat')).then(
    () => assert.unreachable('it was kept'),
    () => {},
  )
  failing.on = false
  await room.restart()
  assert.equal(score(room), [1, 0, 0])
  await room.end()
})

/** A rule that assumes the person that the visit's visitor id ends with, and is right where the test signs that one in. */
const SOURCE = `export const rules = [${ruleText('guess', `return { identityId: 'pat', confidence: 0.5 }`)}]`

scores(
  'a rule below its floor is paused by itself, with position and reason; lifted, it is judged anew',
  async () => {
    const floor = { precision: 0.5, afterDecisions: 3 }
    await withRules({ source: SOURCE, floor }, async ({ room, rules, settled, lines, answers }) => {
      const standing = () => rules.inForce().find(({ name }) => name === 'guess')
      const visit = async (visitor: string, identityId: string): Promise<void> => {
        await room.says(visitor, 'VisitStarted', { visit: `visit-${visitor}` })
        await settled()
        await room.record(visitor, signIn(identityId, { visit: `visit-${visitor}` }))
        await settled()
      }
      await visit('g1', 'sam')
      await visit('g2', 'sam')
      assert.is(standing()?.state, 'running', 'after two decisions it is not judged')
      await visit('g3', 'pat')
      assert.is(standing()?.state, 'paused')
      assert.match(standing()?.reason ?? '', 'after 3 decisions its precision is 0.333')
      assert.is(standing()?.paused?.position, room.store.lastPosition())
      assert.is(lines.filter(({ message }) => message.includes('paused')).length, 1)
      assert.is(rules.stats().rulesPaused, 1)
      await visit('g4', 'pat')
      assert.equal(answers('g4'), [], 'it is not asked')

      assert.is((await lift(room.store, 'guess'))?.position, standing()?.paused?.position ?? 9)
      assert.is(standing()?.state, 'running')
      await visit('g5', 'pat')
      await visit('g6', 'pat')
      await visit('g7', 'pat')
      assert.is(standing()?.state, 'paused', 'three hits alone prove no 0.5 by the interval')
    })
  },
)

scores('at its floor, or without enough decisions, a rule goes on', async () => {
  await withRules(
    { source: SOURCE, floor: { precision: 0, afterDecisions: 1 } },
    async ({ room, rules, settled }) => {
      await room.says('g1', 'VisitStarted')
      await settled()
      await room.record('g1', signIn('sam'))
      await settled()
      assert.equal(
        rules
          .inForce()
          .map(({ state, made, hits, misses, undecided }) => [state, made, hits, misses, undecided]),
        [['running', 1, 0, 1, 0]],
      )
      assert.is(await lift(room.store, 'guess'), null, 'nothing to lift')
      assert.is(pausedOf(room.store, { name: 'guess', version: 1 }), null)
    },
  )
})

scores.run()
