import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Notification } from '../../src/history/acting.ts'
import { MESSAGES_MAX } from '../../src/history/notifications.ts'
import { ALL, openRealHouse, READS, type RealOptions } from './real-house.ts'

const notifying = suite('History: notifications')
const PATH = '/frontend/data/notification/notify/v1'
const INVITE = { channel: 'invite', data: { text: 'May we help?' } }

/** A visit with two tabs, of which one handles whatever comes. */
async function openShop(options: RealOptions = {}) {
  const sent: { globalVisitID: string; message: Notification }[] = []
  const house = await openRealHouse({
    notify: async (globalVisitID, message) => {
      sent.push({ globalVisitID, message })
      return { id: `n${sent.length}`, delivered: 2, handled: 1, outcome: 'handled' }
    },
    ...options,
  })
  const lease = () => house.post('/visitors/g1/engage', { engine: 'chat', purpose: 'invite', ttlMs: 60_000 })
  await house.record('g1', house.event('VisitStarted'))
  return { ...house, sent, lease }
}

notifying(
  '[L5] messages go to the tabs of the visit; what became of them is an entry, and told to engines',
  async () => {
    const { post, ask, sent, store, close } = await openShop()
    const { status, body } = await post(PATH, [INVITE, { ...INVITE, page: 'p1' }])
    assert.equal([status, body], [200, { delivered: 4, handled: 2 }])
    assert.equal(sent, [
      { globalVisitID: 'g1', message: INVITE },
      { globalVisitID: 'g1', message: { ...INVITE, page: 'p1' } },
    ])
    const stream = (await ask('/visitors/g1/stream?order=desc&page_size=2')).body as unknown as Record<
      string,
      unknown
    >[]
    assert.equal(
      stream.map(({ kind, payload }) => [kind, payload]),
      [
        ['notify.outcome', { notifyId: 'n2', leaseId: null, outcome: 'handled' }],
        ['notify.outcome', { notifyId: 'n1', leaseId: null, outcome: 'handled' }],
      ],
    )
    const told = store.changes({ limit: 100 }).filter(({ kind }) => kind === 'notify')
    assert.equal(
      told.map(({ name, data }) => [name, data.notifyId]),
      [
        ['handled', 'n1'],
        ['handled', 'n2'],
      ],
    )
    assert.is((await post('/notification/notify/v1', [INVITE])).status, 200, 'under the base path, too')
    await close()
  },
)

notifying('[L4] a notification with a lease is sent only while that lease is the current one', async () => {
  const { post, lease, sent, close } = await openShop()
  const early = await post(PATH, [{ ...INVITE, leaseId: 1 }])
  assert.equal([early.status, early.body.reason], [409, 'unknownLease'])
  const { leaseId } = (await lease()).body
  assert.is((await post(PATH, [{ ...INVITE, leaseId }])).status, 200)
  await post('/visitors/g1/release', { leaseId })
  assert.is((await post(PATH, [{ ...INVITE, leaseId }])).status, 409)
  const next = (await lease()).body.leaseId
  const mixed = await post(PATH, [
    { ...INVITE, leaseId: next },
    { ...INVITE, leaseId },
  ])
  assert.equal([mixed.status, sent.length], [409, 1], 'one old lease, and nothing is sent')
  await close()
})

notifying(
  '[L4] the fence is the lease, not the clock: late, but nobody else was granted one yet',
  async () => {
    const { post, lease, wait, close } = await openShop({ settings: { leasesPerVisit: 2 } })
    const { leaseId } = (await lease()).body
    const second = await post('/visitors/g1/engage', { engine: 'video', purpose: 'call', ttlMs: 600_000 })
    for (const current of [leaseId, second.body.leaseId]) {
      assert.is((await post(PATH, [{ ...INVITE, leaseId: current }])).status, 200)
    }
    wait(120_000)
    // The outcome is an entry: before it, the deadline is applied.
    assert.is((await post(PATH, [{ ...INVITE, leaseId }])).status, 200)
    assert.is((await post(PATH, [{ ...INVITE, leaseId }])).status, 409)
    await close()
  },
)

notifying('[H2] no such visit, one that is over, or no tab: a 404; what is wrong is named', async () => {
  const { post, record, event, close } = await openShop()
  assert.is((await post('/notification/notify/nope', [INVITE])).status, 404)
  const wrong: readonly [unknown, string | undefined][] = [
    [INVITE, undefined],
    [[], undefined],
    [Array.from({ length: MESSAGES_MAX + 1 }, () => INVITE), undefined],
    [[{ data: 1 }], '0.channel'],
    [[{ ...INVITE, leaseId: 0 }], '0.leaseId'],
    [[{ ...INVITE, to: 'all' }], '0.to'],
    [[{ ...INVITE, data: 'x'.repeat(16_384) }], '0.data'],
  ]
  for (const [body, parameter] of wrong) {
    const answer = await post(PATH, body)
    assert.equal([answer.status, answer.body.parameter], [400, parameter], JSON.stringify(body).slice(0, 80))
  }
  assert.is(
    (
      await post(
        PATH,
        Array.from({ length: MESSAGES_MAX }, () => INVITE),
      )
    ).status,
    200,
  )
  assert.is((await post(PATH, [INVITE], { authorization: READS })).status, 403)
  await record('g1', event('ConsentWithdrawn', {}, { eventType: 'SYSTEM' }))
  assert.is((await post(PATH, [INVITE])).status, 404)
  await close()
  const empty = await openShop({ connections: 0 })
  assert.is((await empty.post(PATH, [INVITE])).status, 404)
  await empty.close()
})

notifying(
  '[B8] over NATS one message goes to a visit, or to whatever visit of a visitor is open',
  async () => {
    const { operations, sent, close } = await openShop()
    const call = (body: unknown) => operations.notify({ authorization: ALL, open: false, body })
    assert.equal(await call({ globalVisitID: 'g1', ...INVITE }), {
      status: 200,
      body: { delivered: 2, handled: 1 },
    })
    assert.is((await call({ visitId: 'v1', ...INVITE })).status, 200)
    assert.is((await call({ ...INVITE })).status, 400)
    assert.is((await call({ visitId: 'v1', globalVisitID: 'g1', ...INVITE })).status, 400)
    assert.is((await call({ globalVisitID: 'g9', ...INVITE })).status, 404)
    assert.is((await call({ visitId: 'v1', ...INVITE, leaseId: 7 })).status, 409)
    assert.is(sent.length, 2)
    await close()
  },
)

notifying.run()
