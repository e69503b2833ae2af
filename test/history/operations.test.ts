import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createRestEvents } from '../../src/gateway/rest-events.ts'
import { createAccess } from '../../src/history/access.ts'
import { createFailures } from '../../src/history/failures.ts'
import { type Key, parseKeys } from '../../src/history/keys.ts'
import { EVIDENCE_BYTES_MAX } from '../../src/history/verdicts.ts'
import { StoreUnavailable } from '../../src/store/errors.ts'
import { AUTHORIZATION, NOW, openHouse, SECRET } from './house.ts'
import { ALL, openRealHouse, READS } from './real-house.ts'

const verdicts = suite('History: verdicts and leases')
const PAT = 'pat@example.com'
const SAM = 'sam@example.com'
const AGENT = { agentId: 'agent-7' }

const stateOf = (body: Record<string, unknown>) => {
  const { state, identityId } = (body.visitor ?? body) as Record<string, unknown>
  return [state, identityId]
}

verdicts('[I10] an engine assumes who it is, and is told what the visitor is now', async () => {
  const { record, event, post, ask, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const given = { identityId: ` ${PAT} `, confidence: 0.6, rule: 'basket', evidence: { items: 3 } }
  const { status, body } = await post('/visitors/g1/assume', given)
  assert.equal([status, body.applied, body.seq], [200, true, 2])
  assert.equal(stateOf(body), ['WM-Recognized', PAT])
  const stream = await ask('/visitors/g1/stream?from=0&order=desc&page_size=1')
  const [entry] = stream.body as unknown as { kind: string; payload: Record<string, unknown> }[]
  assert.equal(
    [entry?.kind, entry?.payload.rule, entry?.payload.evidence],
    ['assume', 'basket', { items: 3 }],
  )
  await close()
})

verdicts('[I11] [I12] an assumption that is ignored is an answer that says why', async () => {
  const { record, event, post, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const assume = (identityId: string, confidence: number) =>
    post('/visitors/g1/assume', { identityId, confidence, rule: 'basket' })
  assert.is((await assume(PAT, 0.6)).body.applied, true)
  const less = await assume(SAM, 0.5)
  assert.equal([less.status, less.body.applied, less.body.reason], [200, false, 'lessConfident'])
  await record('g1', event('SignIn', { identityId: PAT }))
  assert.is((await assume(SAM, 1)).body.reason, 'outranked')
  await record(
    'g2',
    event('PageEntered', {}, { visitID: 'w1' }),
    event('ConsentWithdrawn', {}, { visitID: 'w1', eventType: 'SYSTEM' }),
  )
  const none = await post('/visitors/g2/assume', { identityId: PAT, confidence: 1, rule: 'basket' })
  assert.equal([none.status, none.body.applied, none.body.reason], [200, false, 'noVisit'])
  await close()
})

verdicts('[I13] an agent confirms; who and why stay on the entry', async () => {
  const { record, event, post, ask, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const { status, body } = await post('/visitors/g1/confirm', { identityId: PAT, ...AGENT, reason: 'asked' })
  assert.equal([status, body.applied, ...stateOf(body)], [200, true, 'Recognized', PAT])
  const stream = await ask('/visitors/g1/stream?order=desc&page_size=1')
  const [entry] = stream.body as unknown as { payload: Record<string, unknown> }[]
  assert.equal(entry?.payload, { identityId: PAT, agentId: 'agent-7', reason: 'asked', ifSeq: null })
  await close()
})

verdicts(
  '[I14] [I15] a rejection makes anonymous; a verdict that does not fit is a conflict that tells the state',
  async () => {
    const { record, event, post, close } = await openRealHouse()
    await record('g1', event('VisitStarted'), event('UserInfo', { identityId: PAT }))
    const foreign = await post('/visitors/g1/reject', { identityId: SAM, ...AGENT })
    assert.equal(
      [foreign.status, foreign.body.reason, ...stateOf(foreign.body)],
      [409, 'conflict', 'Recognized', PAT],
    )
    assert.is(foreign.headers.get('content-type'), 'application/problem+json')
    const old = await post('/visitors/g1/reject', { identityId: PAT, ...AGENT, seq: 1 })
    assert.equal([old.status, old.body.reason], [409, 'conflict'])
    const right = await post('/visitors/g1/reject', { identityId: PAT, ...AGENT, seq: 2 })
    assert.equal([right.status, right.body.applied, ...stateOf(right.body)], [200, true, 'Anonymous', null])
    const assumed = await post('/visitors/g1/assume', { identityId: PAT, confidence: 1, rule: 'basket' })
    assert.is(assumed.body.reason, 'rejectedHere')
    await record('g1', event('SignIn', { identityId: PAT }))
    assert.is((await post('/visitors/g1/confirm', { identityId: SAM, ...AGENT })).status, 409)
    await close()
  },
)

verdicts('[I17] a verdict is taken back once; twice is a conflict', async () => {
  const { record, event, post, ask, close } = await openRealHouse()
  await record('g1', event('VisitStarted'), event('UserInfo', { identityId: PAT }))
  const { body } = await post('/visitors/g1/confirm', { identityId: SAM, ...AGENT })
  const back = await post('/visitors/g1/retract', { seq: body.seq, ...AGENT })
  assert.equal([back.status, ...stateOf(back.body)], [200, 'Recognized', PAT])
  const contacts = (await ask('/contacts')).body as unknown as { identityId: string; retractedAt?: number }[]
  assert.equal(
    contacts.map(({ identityId, retractedAt }) => [identityId, retractedAt !== undefined]),
    [
      [PAT, false],
      [SAM, true],
    ],
  )
  assert.is((await post('/visitors/g1/retract', { seq: body.seq, ...AGENT })).status, 409)
  assert.is((await post('/visitors/g1/retract', { seq: 1, ...AGENT })).status, 409)
  await close()
})

verdicts('[L1] [L2] one engine engages a visit; another is told who holds it', async () => {
  const { record, event, post, ask, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const chat = { engine: 'chat', purpose: 'invite', ttlMs: 60_000 }
  const granted = await post('/visitors/g1/engage', chat)
  assert.equal([granted.status, granted.body.leaseId, granted.body.renewed], [200, 1, false])
  const again = await post('/visitors/g1/engage', chat)
  assert.equal([again.status, again.body.leaseId, again.body.renewed], [200, 1, true])
  const other = await post('/visitors/g1/engage', { ...chat, engine: 'video' })
  assert.equal([other.status, other.body.reason, other.body.holder], [409, 'held', 'chat'])
  const lease = (await ask('/visitors/g1')).body.lease as Record<string, unknown>
  assert.equal([lease.leaseId, lease.engine], [1, 'chat'])
  await close()
})

verdicts('[L3] released, another may have it; what is not held cannot be released', async () => {
  const { record, event, post, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const ask = (engine: string) => post('/visitors/g1/engage', { engine, purpose: 'invite', ttlMs: 1_000 })
  await ask('chat')
  assert.is((await post('/visitors/g1/release', { leaseId: 1 })).status, 200)
  const gone = await post('/visitors/g1/release', { leaseId: 1 })
  assert.equal([gone.status, gone.body.reason], [409, 'unknownLease'])
  assert.is((await ask('video')).body.leaseId, 2)
  await close()
})

verdicts('[H2] what is wrong in a body is named; a visitor nobody knows is a 404', async () => {
  const { record, event, post, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const assumed = { identityId: PAT, confidence: 0.5, rule: 'basket' }
  const wrong: readonly [string, unknown, string][] = [
    ['assume', { ...assumed, confidence: 1.1 }, 'confidence'],
    ['assume', { ...assumed, identityId: 'guest' }, 'identityId'],
    ['assume', { ...assumed, evidence: 'x'.repeat(EVIDENCE_BYTES_MAX - 1) }, 'evidence'],
    ['assume', { ...assumed, more: 1 }, 'more'],
    ['confirm', { identityId: PAT }, 'agentId'],
    ['confirm', { identityId: PAT, agentId: '' }, 'agentId'],
    ['reject', { identityId: PAT, ...AGENT, seq: -1 }, 'seq'],
    ['retract', { ...AGENT }, 'seq'],
    ['engage', { engine: 'chat', purpose: 'x', ttlMs: 999 }, 'ttlMs'],
    ['engage', { engine: 'chat', purpose: 'x', ttlMs: 600_001 }, 'ttlMs'],
    ['release', {}, 'leaseId'],
  ]
  for (const [name, body, parameter] of wrong) {
    const answer = await post(`/visitors/g1/${name}`, body)
    assert.equal([answer.status, answer.body.parameter], [400, parameter], name)
  }
  assert.is(
    (await post('/visitors/g1/assume', { ...assumed, evidence: 'x'.repeat(EVIDENCE_BYTES_MAX - 2) })).status,
    200,
  )
  assert.is((await post('/visitors/nobody/assume', assumed)).status, 404)
  assert.is((await post('/visitors/g1/assume', '{"identityId":')).status, 400)
  assert.is((await post('/visitors/g1/assume', [])).status, 400)
  assert.is((await post('/visitors/g1/assume?x=1', assumed)).body.parameter, 'x')
  await close()
})

verdicts('[H2] a body is JSON of a bounded length, and nothing that a foreign page may send', async () => {
  const { record, event, post, ask, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const path = '/visitors/g1/confirm'
  assert.is((await post(path, {}, { 'content-type': 'text/plain' })).status, 415)
  assert.is((await post(path, { reason: 'x'.repeat(64 * 1024) })).status, 413)
  const got = await ask(path)
  assert.equal([got.status, got.headers.get('allow')], [405, 'POST'])
  await close()
})

verdicts('[Q9] each operation needs its scope, and leaves its line in the audit log', async () => {
  const { record, event, post, audited, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  for (const name of ['assume', 'confirm', 'reject', 'retract', 'engage', 'release']) {
    assert.is((await post(`/visitors/g1/${name}`, {}, { authorization: READS })).status, 403, name)
  }
  assert.equal(audited[0], { who: 'reads', what: 'POST /visitors/{globalVisitID}/assume', outcome: 403 })
  assert.is(
    (await post('/visitors/g1/confirm', {}, { authorization: 'Bearer nobody-has-this-01' })).status,
    401,
  )
  await close()
})

verdicts(
  '[Q2] while nothing can be kept it is a 503 that says when to come again, and no fault',
  async () => {
    const body = { identityId: PAT, ...AGENT }
    const visitors = {
      record: () => Promise.reject(new StoreUnavailable('the disk is full')),
      isFull: () => false,
    }
    for (const over of [visitors, { ...visitors, isFull: () => true }]) {
      const events = createRestEvents(defaultConfig())
      const notify = () => Promise.reject(new Error('nobody is told here'))
      const erasures = { begin: async () => null, survey: async () => null }
      const keys = parseKeys([`desk:${SECRET}:verdict`], 'test')
      const house = await openHouse({
        acting: { visitors: over, events, erasures, notify },
        access: accessOf(keys),
      })
      const visit = house.scribe.visit('g1', 'v1')
      house.scribe.event(visit.number, { visit })
      await house.scribe.commit()
      const answer = await house.ask('/backend/data/visitors/g1/confirm', {
        method: 'POST',
        headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal([answer.status, answer.headers.get('retry-after')], [503, '1'])
      assert.equal(house.faults, [])
      await house.close()
    }
  },
)

verdicts('[B8] over NATS the same checks, scopes, audit and answers hold', async () => {
  const { record, event, operations, audited, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const call = (body: unknown, authorization?: string, open = false) => ({ authorization, open, body })
  const body = { globalVisitID: 'g1', identityId: PAT, ...AGENT }
  assert.is((await operations.confirm(call(body))).status, 401)
  assert.is((await operations.confirm(call(body, READS))).status, 403)
  const done = await operations.confirm(call(body, ALL))
  assert.is(done.status, 200)
  assert.equal(stateOf(done.body as Record<string, unknown>), ['Recognized', PAT])
  const got = await operations.get(call({ globalVisitID: 'g1' }, READS))
  assert.equal((got.body as Record<string, unknown>).seq, 2)
  assert.is((await operations.get(call({ globalVisitID: 'g9' }, undefined, true))).status, 404)
  assert.is((await operations.get(call('g1', undefined, true))).status, 400)
  const refused = await operations.reject(call({ ...body, identityId: SAM }, undefined, true))
  assert.equal([refused.status, (refused.body as Record<string, unknown>).reason], [409, 'conflict'])
  assert.equal(audited.at(-1), { who: 'nats', what: 'vestibule.visitor.reject', outcome: 409 })
  assert.is(
    audited.some(({ outcome }) => outcome === 401),
    false,
  )
  await close()
})

function accessOf(keys: readonly Key[]) {
  const now = () => NOW
  return createAccess({ keys, checkJwt: null, failures: createFailures({ now, wait: async () => {} }), now })
}

verdicts.run()
