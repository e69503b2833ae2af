/** The operations asked over a real nats-server of the whole server: keys, scopes, answers, refusals. */
import { headers, type NatsConnection } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Config } from '../../src/config.ts'
import { startNatsServer } from '../helpers/nats-server.ts'
import { eventually } from '../helpers/within.ts'
import { openServer } from '../live/a-server.ts'
import { WAIT_MS, withConnection } from './real-stream.ts'

const asking = suite('asking over NATS')

const KEYS = { desk: 'desk-secret-012345', reader: 'reader-secret-0123' } as const

interface Setting {
  readonly nats: NatsConnection
  readonly ask: (operation: string, body: object, key?: keyof typeof KEYS) => Promise<Answer>
  readonly says: (eventName: string, identityId?: string) => Promise<void>
}

interface Answer {
  /** '' where it was done. */
  readonly code: string
  // biome-ignore lint/suspicious/noExplicitAny: JSON as it came, looked into by the assertions.
  readonly said: any
}

function withServer(run: (setting: Setting) => Promise<void>, config: Partial<Config> = {}) {
  return async () => {
    const server = await startNatsServer()
    const keys = `desk:${KEYS.desk}:history:read+verdict+notify,reader:${KEYS.reader}:history:read`
    const vestibule = await openServer({ natsUrl: server.url, keys, ...config })
    let events = 0
    const use = async (nats: NatsConnection) => {
      const ask: Setting['ask'] = async (operation, body, key) => {
        const header = headers()
        if (key !== undefined) header.set('Authorization', `Bearer ${KEYS[key]}`)
        const reply = await nats.request(`vestibule.visitor.${operation}`, JSON.stringify(body), {
          headers: header,
          timeout: WAIT_MS,
        })
        return { code: reply.headers?.get('Nats-Service-Error-Code') ?? '', said: reply.json() }
      }
      const says: Setting['says'] = (eventName, identityId) => {
        const words = { eventType: 'SYSTEM', eventName, eventID: `e${++events}`, pageID: 'p1', timestamp: 1 }
        const data = identityId === undefined ? {} : { identityId }
        return vestibule.track('g1', [{ ...words, visitID: 'v1', url: 'https://shop.example/', data }])
      }
      await eventually(WAIT_MS, 'requests are answered', () => ask('get', {}).catch(() => undefined))
      await run({ nats, ask, says })
    }
    try {
      await withConnection(server, use)
    } finally {
      await vestibule.close()
      await server.stop()
    }
  }
}

const G1 = { globalVisitID: 'g1' } as const

asking(
  '[B8] get answers with the visitor and the seq up to which it is true; keys and scopes are those of HTTP',
  withServer(async ({ ask, says }) => {
    await says('SignIn', 'ann')
    assert.is((await ask('get', G1)).code, '401')
    const { code, said } = await ask('get', G1, 'reader')
    assert.is(code, '')
    assert.equal(
      [said.globalVisitID, said.seq, said.state, said.identityId, said.interaction, said.visit.visitId],
      ['g1', said.seq, 'Authenticated', 'ann', 'identified', 'v1'],
    )
    assert.ok(said.seq >= 1)
    await says('SignOut')
    assert.ok((await ask('get', G1, 'reader')).said.seq > said.seq)
    assert.is((await ask('get', { globalVisitID: 'nobody' }, 'reader')).code, '404')
    assert.is((await ask('get', {}, 'reader')).code, '400')
    const assumed = { ...G1, identityId: 'ann', confidence: 0.5, rule: 'r' }
    const refused = await ask('assume', assumed, 'reader')
    assert.is(refused.code, '403')
    assert.is(refused.said.status, 403)
  }),
)

asking(
  '[I10] [I13] [I14] [I17] assume, confirm, reject and retract decide as over HTTP, with 409 where they conflict',
  withServer(async ({ ask, says }) => {
    await says('VisitStarted')
    const assumed = await ask('assume', { ...G1, identityId: 'ann', confidence: 0.5, rule: 'r' }, 'desk')
    assert.equal([assumed.said.applied, assumed.said.visitor.state], [true, 'WM-Recognized'])
    const verdict = { ...G1, identityId: 'ann', agentId: 'agent-7' }
    const confirmed = await ask('confirm', verdict, 'desk')
    assert.equal([confirmed.said.applied, confirmed.said.visitor.state], [true, 'Recognized'])
    const late = await ask('reject', { ...verdict, seq: assumed.said.seq }, 'desk')
    assert.is(late.code, '409')
    assert.is(late.said.visitor.state, 'Recognized')
    const retracted = await ask('retract', { ...G1, seq: confirmed.said.seq, agentId: 'agent-7' }, 'desk')
    assert.equal([retracted.code, retracted.said.visitor.state], ['', 'WM-Recognized'])
    const rejected = await ask('reject', verdict, 'desk')
    assert.equal([rejected.code, rejected.said.visitor.state], ['', 'Anonymous'])
  }),
)

asking(
  '[L1] [L2] [L4] engage gives the lease or says who holds it; notify is refused without the current one',
  withServer(async ({ nats, ask, says }) => {
    const leases: string[] = []
    nats.subscribe('vestibule.lease.>', { callback: (_fault, { subject }) => leases.push(subject) })
    await nats.flush()
    await says('VisitStarted')
    const wish = { ...G1, engine: 'chat', purpose: 'invite', ttlMs: 60_000 }
    const lease = await ask('engage', wish, 'desk')
    assert.equal([lease.code, lease.said.visitId, lease.said.engine], ['', 'v1', 'chat'])
    const held = await ask('engage', { ...wish, engine: 'other' }, 'desk')
    assert.equal([held.code, held.said.holder], ['409', 'chat'])
    // Its one tab came over HTTP: nobody is connected.
    assert.is((await ask('notify', { ...G1, channel: 'invite' }, 'desk')).code, '404')
    const released = await ask('release', { ...G1, leaseId: lease.said.leaseId }, 'desk')
    assert.equal([released.code, released.said.applied], ['', true])
    await eventually(WAIT_MS, 'all are published', () => leases[2])
    assert.equal(
      leases,
      ['granted', 'refused', 'ended'].map((name) => `vestibule.lease.${name}.g1`),
    )
  }),
)

asking(
  '[B8] NATS_REQUESTS_OPEN asks for no key',
  withServer(
    async ({ ask, says }) => {
      await says('VisitStarted')
      assert.is((await ask('get', G1)).said.state, 'Anonymous')
      const assumed = await ask('assume', { ...G1, identityId: 'ann', confidence: 0.5, rule: 'r' })
      assert.is(assumed.said.applied, true)
    },
    { natsRequestsOpen: true },
  ),
)

asking.run()
