import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BASE_EVERY } from '../../src/visitors/recorder.ts'
import { NOW, openHouse } from './house.ts'
import { openRealHouse, START } from './real-house.ts'

const past = suite('History: what was known, and why')
const PAT = 'pat@example.com'
const SAM = 'sam@example.com'
const MINUTE = 60_000
const AGENT = { agentId: 'agent-7' }

interface Step {
  readonly seq: number
  readonly says: string
  readonly guards: readonly { guard: string; held: boolean; saw: Record<string, unknown> }[]
}
const stepsOf = (body: Record<string, unknown>) => body.steps as readonly Step[]

/** Minute by minute: a visit, Pat signs in, signs out, an agent confirms Sam, the visit expires. */
async function openLife() {
  const house = await openRealHouse()
  const { record, event, wait, post } = house
  await record('g1', event('VisitStarted'), event('PageEntered', {}, { title: 'Shoes' }))
  wait(MINUTE)
  await record('g1', event('SignIn', { identityId: PAT }))
  wait(MINUTE)
  await record('g1', event('SignOut'))
  wait(MINUTE)
  await post('/visitors/g1/confirm', { identityId: SAM, ...AGENT })
  wait(40 * MINUTE)
  await record('g1', { type: 'presence.went', visitId: 'v1' })
  return house
}

past('[I16] a visitor is told as it was at a time, or after an entry', async () => {
  const { ask, close } = await openLife()
  const then = async (query: string) => {
    const { body } = await ask(`/visitors/g1?${query}`)
    return [
      body.seq,
      body.state,
      body.identityId,
      (body.visit as { visitId: string } | null)?.visitId ?? null,
    ]
  }
  assert.equal(await then(`at=${START}`), [2, 'Anonymous', null, 'v1'])
  assert.equal(await then(`at=${START + MINUTE - 1}`), [2, 'Anonymous', null, 'v1'])
  assert.equal(await then(`at=${START + MINUTE}`), [3, 'Authenticated', PAT, 'v1'])
  assert.equal(await then('seq=4'), [4, 'Recognized', PAT, 'v1'])
  assert.equal(await then('seq=5'), [5, 'Recognized', SAM, 'v1'])
  const now = (await ask('/visitors/g1')).body
  const last = (await ask(`/visitors/g1?seq=${now.seq}`)).body
  assert.equal({ ...last, connections: 1 }, now, 'the last moment is now')
  const { body } = await ask('/visitors/g1?seq=2')
  assert.equal([(body.pages as unknown[]).length, body.connections], [1, null])
  await close()
})

past('[H2] a moment that never was is refused, one before the first entry is a 404', async () => {
  const { ask, close } = await openLife()
  const refused = async (path: string) => {
    const { status, body } = await ask(path)
    return [status, body.parameter]
  }
  assert.equal(await refused('/visitors/g1?seq=0'), [400, 'seq'])
  assert.equal(await refused('/visitors/g1?seq=99'), [400, 'seq'])
  assert.equal(await refused(`/visitors/g1?seq=1&at=${START}`), [400, 'seq'])
  assert.equal(await refused(`/visitors/g1?at=${START + 99 * MINUTE}`), [400, 'at'])
  assert.equal(await refused(`/visitors/g1?at=${START - 1}`), [404, undefined])
  assert.equal(await refused(`/visits/v1?at=${START - 1}`), [404, undefined])
  assert.equal(await refused(`/visits/v1?at=${START}&include_pages=true`), [400, 'at'])
  assert.equal(await refused('/visitors/nobody?seq=1'), [404, undefined])
  await close()
})

past('[V9] a visit is told as it was: open, with its session of then, or ended', async () => {
  const { ask, close } = await openLife()
  const then = async (at: number) => {
    const { body } = await ask(`/visits/v1?at=${at}`)
    return [body.endDate, body.reason, String(body.activeSessionId).startsWith('00000000')]
  }
  assert.equal(await then(START), [0, null, true])
  assert.equal(await then(START + MINUTE), [0, null, false])
  assert.equal(await then(START + 2 * MINUTE), [0, null, true])
  const now = (await ask('/visits/v1')).body
  assert.equal(await then(START + 43 * MINUTE), [now.endDate, 'expired', true])
  await close()
})

past('[V10] a visit whose end was wrong had ended, at the time when that was believed', async () => {
  const { ask, record, event, wait, close } = await openRealHouse()
  await record(
    'g1',
    event('VisitStarted'),
    { type: 'presence.came', visitId: 'v1' },
    { type: 'presence.went', visitId: 'v1' },
  )
  wait(MINUTE)
  await record('g1', { type: 'presence.went', visitId: 'v0' })
  wait(MINUTE)
  await record('g1', event('Looked'))
  const then = async (at: number) => {
    const { body } = await ask(`/visits/v1?at=${at}`)
    return [body.endDate, body.reason]
  }
  assert.equal(await then(START + MINUTE), [START, 'closed'])
  assert.equal(await then(START + 2 * MINUTE), [0, null])
  await close()
})

past('[Q5] a moment far back costs no more than the entries since the state kept before it', async () => {
  const { ask, record, event, close } = await openRealHouse()
  await record('g1', event('VisitStarted'), event('SignIn', { identityId: PAT }))
  const many = Array.from({ length: BASE_EVERY + 500 }, () => event('Looked'))
  await record('g1', ...many)
  await record('g1', event('SignOut'))
  for (const seq of [2, BASE_EVERY - 1, BASE_EVERY, BASE_EVERY + 1, BASE_EVERY + 400]) {
    const { body } = await ask(`/visitors/g1?seq=${seq}`)
    assert.equal([body.seq, body.position, body.state], [seq, seq, 'Authenticated'], String(seq))
  }
  await close()
})

past('[I13] explain tells in order what led to the state, with what each guard saw', async () => {
  const { ask, close } = await openLife()
  const { status, body } = await ask('/visitors/g1/explain?seq=5')
  assert.equal([status, body.state, body.identityId, body.complete], [200, 'Recognized', SAM, true])
  assert.is(body.says, `${SAM} is Recognized, 100 % sure.`)
  assert.equal(
    stepsOf(body).map(({ says }) => says),
    [
      'VisitStarted came, and visit v1 was opened.',
      `SignIn came, naming ${PAT}: Anonymous became Authenticated ${PAT}, 100 % sure.`,
      `SignOut came: Authenticated ${PAT} became Recognized ${PAT}, 90 % sure.`,
      `Agent agent-7 confirmed ${SAM}: Recognized ${PAT} became Recognized ${SAM}, 100 % sure.`,
    ],
  )
  assert.equal(stepsOf(body)[1]?.guards, [
    { guard: 'namesCurrent', held: false, saw: { named: PAT, current: null } },
  ])
  assert.equal(stepsOf(body)[3]?.guards, [
    { guard: 'changedSince', held: false, saw: { ifSeq: null, changedSeq: 4 } },
  ])
  const now = await ask('/visitors/g1/explain')
  assert.is(now.body.says, 'Nobody is known.')
  assert.match(
    stepsOf(now.body).at(-1)?.says ?? '',
    /^The deadline "idle" fell due, and visit v1 ended \(expired\): Recognized sam/,
  )
  const early = await ask(`/visitors/g1/explain?at=${START}`)
  assert.equal(
    stepsOf(early.body).map(({ seq }) => seq),
    [1],
  )
  await close()
})

past('[I11] [I12] [I14] [I15] explain tells why something changed nothing', async () => {
  const { ask, record, event, post, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const assume = (identityId: string, confidence: number) =>
    post('/visitors/g1/assume', { identityId, confidence, rule: 'basket', evidence: { items: 3 } })
  await assume(PAT, 0.6)
  await assume(SAM, 0.5)
  await post('/visitors/g1/reject', { identityId: SAM, ...AGENT })
  await post('/visitors/g1/reject', { identityId: PAT, ...AGENT })
  await record('g1', event('UserInfo', { identityId: PAT }))
  await record('g1', event('SignIn', { identityId: SAM }), event('UserInfo', { identityId: PAT }))
  const { body } = await ask('/visitors/g1/explain')
  const says = stepsOf(body).map((step) => step.says)
  assert.is(says[1], `Rule basket assumed ${PAT}: Anonymous became WM-Recognized ${PAT}, 60 % sure.`)
  assert.is(
    says[2],
    `Rule basket assumed ${SAM}, which was ignored: it was no surer than what was assumed already.`,
  )
  assert.is(says[3], `Agent agent-7 rejected ${SAM}, which was ignored: it did not fit how things stood.`)
  assert.is(says[5], `UserInfo came, naming ${PAT}, whom an agent had said it is not: nothing changed.`)
  const surer = stepsOf(body)[2]?.guards.find(({ guard }) => guard === 'isMoreConfident')
  assert.equal(surer, { guard: 'isMoreConfident', held: false, saw: { offered: 0.5, current: 0.6 } })
  await close()
})

past('[H2] a moment that is not kept any more is a 410', async () => {
  // Nothing is kept of what was before: so says the visitors' room.
  const house = await openHouse({ viewPast: async () => null })
  const visit = house.scribe.visit('g1', 'v1')
  house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  for (const path of ['/visitors/g1?seq=1', '/visitors/g1/explain?seq=1', `/visits/v1?at=${NOW}`]) {
    const { status, headers } = await house.ask(`/backend/data${path}`)
    assert.equal([status, headers.get('content-type')], [410, 'application/problem+json'], path)
  }
  await house.close()
})

past.run()
