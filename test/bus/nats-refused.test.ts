/** What a real nats-server refuses for good, what a slow reader costs, and messages deleted one by one. */
import { AckPolicy } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SentMessage } from '../../src/bus/bus.ts'
import type { Relay } from '../../src/bus/relay.ts'
import { eventually } from '../helpers/within.ts'
import {
  arrivedAll,
  idsOf,
  readStream,
  SHORT_WINDOW,
  STREAM,
  WAIT_MS,
  windowIsOver,
  withConnection,
  withManager,
  withServer,
  withStream,
} from './real-stream.ts'

const refused = suite('refused by a real nats-server')
const opened = { kind: 'visit', name: 'opened' } as const
const signedIn = (identityId: string, before: string | null = null) =>
  ({
    kind: 'identity',
    name: 'authenticated',
    data: { identityId, previous: { identityId: before } },
  }) as const

refused(
  '[B6] what the server takes in no size goes to the dead; its neighbours and its visitor go on',
  withServer(
    async ({ server, store, start }) => {
      const relay = await start()
      const large = { ...opened, data: { text: 'x'.repeat(9_000) } }
      store.commit('g1', [large])
      store.commit('g1', [opened])
      store.commit('g2', [opened])
      await arrivedAll(relay)
      const messages = await readStream(server)
      assert.equal(new Set(idsOf(messages)), new Set(['g1.2.1', 'g2.1.1']))
      const next = messages.find(({ messageId }) => messageId === 'g1.2.1')
      assert.match(JSON.stringify(next?.event), '"gapBefore":1')
      assert.match(store.dead({ limit: 1 })[0]?.reason ?? '', 'larger than the server takes')
    },
    { configuration: 'max_payload: 8192' },
  ),
)

refused(
  '[B6] a stream that takes no message of that size, and an account that may not publish there',
  withServer(
    async ({ server, store, start }) => {
      const settings = { name: STREAM, subjects: ['vestibule.*.>'], max_msg_size: 4_096 }
      await withManager(server, (jsm) => jsm.streams.add(settings), { user: 'admin', pass: '1' })
      const relay = await start({ natsUrl: `nats://us:1@127.0.0.1:${server.port}` })
      store.commit('g1', [{ ...opened, data: { text: 'x'.repeat(5_000) } }])
      store.commit('g2', [{ kind: 'lease', name: 'granted' }])
      await arrivedAll(relay)
      const reasons = store.dead({ limit: 9 }).map(({ change, reason }) => [change.globalVisitID, reason])
      assert.equal(Object.fromEntries(reasons), {
        g1: 'publish: message size exceeds maximum allowed',
        g2: 'publish: the NATS account does not permit it',
      })
    },
    {
      configuration: `authorization { users: [
        { user: us, password: "1", permissions: { publish: { deny: "vestibule.lease.>" } } }
        { user: admin, password: "1" }
      ] }`,
    },
  ),
)

refused(
  '[B2] a slow consumer holds nobody up: publishing goes on, and it gets all of it at its own pace',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    store.commit('g1', [opened])
    await arrivedAll(relay)
    await withConnection(server, async (nats) => {
      const jsm = await nats.jetstreamManager()
      await jsm.consumers.add(STREAM, {
        durable_name: 'slow',
        ack_policy: AckPolicy.Explicit,
        max_ack_pending: 1,
      })
      const consumer = await nats.jetstream().consumers.get(STREAM, 'slow')
      const messages = await consumer.consume({ max_messages: 1, expires: 2_000, idle_heartbeat: 500 })
      // It listens to everything else too, and never reads it: the server may drop it, not us.
      nats.subscribe('vestibule.>')
      for (let seq = 2; seq <= 300; seq++) store.commit('g1', [opened])
      await arrivedAll(relay)
      let seen = 0
      for await (const message of messages) {
        message.ack()
        if (++seen === 300) break
      }
      assert.is(seen, 300)
    })
  }),
)

/** All that is remembered of them, once it is. */
function sequences(relay: Relay, identityId: string, count: number): Promise<readonly SentMessage[]> {
  return eventually(WAIT_MS, `${count} messages are remembered`, async () => {
    const found = await relay.sequencesOf({ identityId })
    return found.length === count ? found : undefined
  })
}

refused(
  '[Q12] the messages that name a person are remembered, and deleted one by one; all others stay',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    store.commit('g1', [opened, signedIn('ann')])
    store.commit('g1', [signedIn('ben', 'ann')])
    store.commit('g2', [signedIn('ben')])
    await arrivedAll(relay)
    const found = await sequences(relay, 'ann', 2)
    assert.equal(
      found.map(({ messageId }) => messageId),
      ['g1.1.2', 'g1.2.1'],
    )
    assert.is((await relay.sequencesOf({ identityId: 'nobody' })).length, 0)
    assert.is(await relay.deleteMessages(found), 2)
    assert.equal(new Set(idsOf(await readStream(server))), new Set(['g1.1.1', 'g2.1.1']))
    assert.is(await relay.deleteMessages(found), 0)
  }),
)

refused(
  '[Q12] a number that means another message by now is left alone',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    store.commit('g1', [signedIn('ann')])
    await arrivedAll(relay)
    const [message] = await sequences(relay, 'ann', 1)
    assert.ok(message !== undefined)
    assert.is(await relay.deleteMessages([{ ...message, messageId: 'g9.1.1' }]), 0)
    assert.equal(idsOf(await readStream(server)), ['g1.1.1'])
  }),
)

refused(
  '[Q12] what was sent before a crash, unheard or not written down, is remembered after it',
  withStream(SHORT_WINDOW, async ({ server, store, start }) => {
    const first = await start()
    store.loseSaves(true)
    for (let seq = 1; seq <= 3; seq++) store.commit('g1', [signedIn('ann')])
    await arrivedAll(first)
    await first.close(0)
    store.loseSaves(false)
    await windowIsOver(server)
    const second = await start()
    await arrivedAll(second)
    assert.is(second.stats().published, 0)
    const found = await sequences(second, 'ann', 3)
    assert.is(await second.deleteMessages(found), 3)
    assert.equal(await readStream(server), [])
  }),
)

refused.run()
