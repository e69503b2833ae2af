/** The relay to a real nats-server without JetStream: who listens gets all of it, in order; what is not sure is not counted. */
import type { NatsConnection } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { messageIdOf } from '../../src/bus/cloud-event.ts'
import { STREAM_NOTE } from '../../src/bus/gate.ts'
import { eventually } from '../helpers/within.ts'
import { arrivedAll, impatientBus, WAIT_MS, withConnection, withServer } from './real-stream.ts'

const core = suite('relay to a real nats-server without JetStream')
const opened = { kind: 'visit', name: 'opened' } as const
const WITHOUT = { jetStream: false } as const

/** Listens, and is heard to listen: the ids in the order in which they came. */
async function listen(nats: NatsConnection): Promise<readonly string[]> {
  const heard: string[] = []
  nats.subscribe('vestibule.>', {
    callback: (_fault, { headers }) => heard.push(headers?.get('Nats-Msg-Id') ?? ''),
  })
  await nats.flush()
  return heard
}

core(
  '[B3] auto finds no JetStream: changes go out to who listens, per visitor in order',
  withServer(async ({ server, store, start }) => {
    await withConnection(server, async (nats) => {
      const heard = await listen(nats)
      const relay = await start()
      for (let seq = 1; seq <= 50; seq++) for (const visitor of ['g1', 'g2']) store.commit(visitor, [opened])
      await arrivedAll(relay)
      await eventually(WAIT_MS, 'all are heard', () => heard[99])
      for (const visitor of ['g1', 'g2']) {
        const ids = store.rows().map(messageIdOf)
        assert.equal(
          heard.filter((id) => id.startsWith(visitor)),
          ids.filter((id) => id.startsWith(visitor)),
        )
      }
      assert.equal(store.note(STREAM_NOTE), { jetStream: false })
    })
  }, WITHOUT),
)

core(
  '[B3] nothing is published while NATS is away, and all that waited goes out when it is back',
  withServer(async ({ server, store, start }) => {
    const relay = await start({ natsJetstream: 'off' })
    store.commit('g1', [opened])
    await arrivedAll(relay)
    await server.kill()
    await eventually(WAIT_MS, 'it is away', () => (relay.stats().state === 'away' ? true : undefined))
    for (let seq = 0; seq < 20; seq++) store.commit('g1', [opened])
    assert.is(relay.stats().published, 1)
    await server.start()
    await arrivedAll(relay)
    assert.is(relay.stats().published, 21)
    assert.is(relay.stats().backlogRows, 0)
  }, WITHOUT),
)

core(
  '[B3] a server that hangs between publish and flush: what is not sure is sent again, in order',
  withServer(async ({ server, store, log, start }) => {
    await withConnection(server, async (nats) => {
      const heard = await listen(nats)
      const relay = await start({ natsJetstream: 'off' }, impatientBus(server, 300))
      store.commit('g0', [opened])
      await arrivedAll(relay)
      await server.freeze()
      for (let seq = 0; seq < 5; seq++) store.commit('g1', [opened])
      await eventually(WAIT_MS, 'the relay gives up waiting', () =>
        log.lines().find((line) => line.includes('a change waits')),
      )
      assert.is(relay.stats().published, 1)
      server.thaw()
      await arrivedAll(relay)
      await eventually(WAIT_MS, 'all are heard', () => heard.includes('g1.5.1') || undefined)
      assert.equal([...new Set(heard)], ['g0.1.1', 'g1.1.1', 'g1.2.1', 'g1.3.1', 'g1.4.1', 'g1.5.1'])
    })
  }, WITHOUT),
)

core(
  '[B6] what the account may not publish is given up after five tries, and the next message says so',
  withServer(
    async ({ server, store, start }) => {
      const login = { user: 'ear', pass: '1' }
      const listening = async (nats: NatsConnection) => {
        const gaps: unknown[] = []
        nats.subscribe('vestibule.>', {
          callback: (_fault, message) => {
            const { id, data } = message.json<{
              readonly id: string
              readonly data: { gapBefore?: number }
            }>()
            gaps.push([id, data.gapBefore])
          },
        })
        await nats.flush()
        const relay = await start({ natsUrl: `nats://us:1@127.0.0.1:${server.port}`, natsJetstream: 'off' })
        store.commit('g1', [{ kind: 'lease', name: 'granted' }, opened])
        await arrivedAll(relay)
        await eventually(WAIT_MS, 'it is heard', () => gaps[0])
        assert.equal(gaps, [['g1.1.2', 1]])
        assert.is(relay.stats().dead, 1)
        assert.match(store.dead({ limit: 1 })[0]?.reason ?? '', 'does not permit')
      }
      await withConnection(server, listening, login)
    },
    {
      jetStream: false,
      configuration: `authorization { users: [
        { user: us, password: "1", permissions: { publish: { deny: "vestibule.lease.>" } } }
        { user: ear, password: "1" }
      ] }`,
    },
  ),
)

core.run()
