/** The stream on a real nats-server: made as asked, missed, full, or not possible at all; and who may come there. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BusError } from '../../src/bus/bus.ts'
import type { Relay } from '../../src/bus/relay.ts'
import { eventually, within } from '../helpers/within.ts'
import {
  arrivedAll,
  idsOf,
  impatientBus,
  readStream,
  SHORT_WINDOW,
  STREAM,
  WAIT_MS,
  withManager,
  withServer,
  withStream,
} from './real-stream.ts'

const stream = suite('stream on a real nats-server')
const opened = { kind: 'visit', name: 'opened' } as const

/** Resolves when the relay says that nothing goes out, and why. */
function refusal(relay: Relay): Promise<string> {
  return eventually(WAIT_MS, 'the relay tells its problem', () => {
    const { state, problem } = relay.stats()
    return state === 'refused' && problem !== null ? problem : undefined
  })
}

stream(
  '[B3] a missing stream is made as configured: subjects, age, bytes, new ones refused when full',
  withServer(async ({ server, store, log, start }) => {
    const relay = await start({
      ...{
        natsPrefix: 'shop',
        natsStream: 'SHOP',
        natsStreamMaxAgeMs: 3_600_000,
        natsStreamMaxBytes: 1_000_000,
      },
    })
    store.commit('g1', [opened])
    await arrivedAll(relay)
    const { config, state } = await withManager(server, (jsm) => jsm.streams.info('SHOP'))
    assert.equal(config.subjects, [
      'shop.identity.>',
      'shop.visit.>',
      'shop.event.>',
      'shop.lease.>',
      'shop.notify.>',
    ])
    assert.is(config.max_age, 3_600_000_000_000)
    assert.is(config.max_bytes, 1_000_000)
    assert.is(config.discard, 'new')
    assert.is(config.num_replicas, 1)
    assert.is(config.storage, 'file')
    assert.is(config.duplicate_window, 120_000_000_000)
    assert.is(state.messages, 1)
    assert.ok(log.lines().some((line) => line.startsWith('info made the stream')))
    assert.not.ok(log.lines().some((line) => line.includes('not as asked')))
  }),
)

stream(
  '[B3] a stream that is there is used as it is, and what differs is logged',
  withStream({ ...SHORT_WINDOW, max_bytes: 5_000_000 }, async ({ store, log, start }) => {
    const relay = await start()
    store.commit('g1', [opened])
    await arrivedAll(relay)
    const line = log.lines().find((each) => each.includes('not as asked')) ?? ''
    assert.match(line, 'max_bytes was asked to be -1 and is 5000000')
    assert.match(line, 'duplicate_window was asked to be 120000000000 and is 100000000')
    assert.match(line, 'discard was asked to be')
    assert.not.match(line, 'subjects')
  }),
)

stream(
  '[B3] a stream deleted later is an error, not a downgrade: nothing is published until it is back',
  withServer(async ({ server, store, log, start }) => {
    const relay = await start()
    store.commit('g1', [opened])
    await arrivedAll(relay)
    const { config } = await withManager(server, (jsm) => jsm.streams.info(STREAM))
    await withManager(server, (jsm) => jsm.streams.delete(STREAM))
    store.commit('g1', [opened])
    assert.match(await refusal(relay), 'missing')
    assert.ok(log.lines().some((line) => line.startsWith('error') && line.includes('missing')))
    assert.is(relay.stats().published, 1)
    await relay.close(0)
    const again = await start()
    assert.match(await refusal(again), 'missing')
    await withManager(server, (jsm) => jsm.streams.add(config))
    await arrivedAll(again)
    assert.equal(idsOf(await readStream(server)), ['g1.2.1'])
  }),
)

stream(
  '[B3] with NATS_JETSTREAM=on, a server without it is an error that ends when it has one',
  withServer(
    async ({ server, store, start }) => {
      const relay = await start({ natsJetstream: 'on' })
      store.commit('g1', [opened])
      assert.match(await refusal(relay), 'JetStream')
      assert.is(relay.stats().connected, true)
      await server.kill()
      await server.start({ jetStream: true })
      await arrivedAll(relay)
      assert.equal(idsOf(await readStream(server)), ['g1.1.1'])
    },
    { jetStream: false },
  ),
)

stream(
  '[B2] a full stream refuses: changes wait, none is dropped, and they go out when there is room',
  withServer(async ({ server, store, log, start }) => {
    const relay = await start({ natsStreamMaxBytes: 4_000 })
    for (let seq = 1; seq <= 20; seq++) store.commit('g1', [opened])
    await eventually(WAIT_MS, 'it is refused', () =>
      log.lines().find((line) => line.includes('maximum bytes')),
    )
    const published = relay.stats().published
    assert.ok(published > 0 && published < 20)
    const first = idsOf(await readStream(server))
    await withManager(server, async (jsm) => {
      await jsm.streams.purge(STREAM)
      await jsm.streams.update(STREAM, { max_bytes: 100_000 })
    })
    await arrivedAll(relay)
    const all = [...first, ...idsOf(await readStream(server))]
    assert.equal(
      [...new Set(all)],
      Array.from({ length: 20 }, (_, index) => `g1.${index + 1}.1`),
    )
  }),
)

const GUARDED = 'authorization { user: ann, password: "s3cret" }'

stream(
  '[B3] user and password of NATS_URL are used, and never logged',
  withServer(
    async ({ server, store, log, start }) => {
      const relay = await start({ natsUrl: `nats://ann:s3cret@127.0.0.1:${server.port}` })
      store.commit('g1', [opened])
      await arrivedAll(relay)
      assert.not.match(log.lines().join(), 's3cret')
    },
    { configuration: GUARDED },
  ),
)

stream(
  '[B3] a wrong password is told once, without the password, and tried again for ever',
  withServer(
    async ({ server, store, log, start }) => {
      const relay = await start({ natsUrl: `nats://ann:wr0ng@127.0.0.1:${server.port}` })
      store.commit('g1', [opened])
      const complaints = () => log.lines().filter((line) => line.includes('cannot connect'))
      const line = await eventually(WAIT_MS, 'it complains', () => complaints()[0])
      assert.match(line, 'Authorization Violation')
      assert.not.match(log.lines().join(), 'wr0ng')
      await server.kill()
      await server.start({ configuration: GUARDED.replace('s3cret', 'wr0ng') })
      await arrivedAll(relay)
    },
    { configuration: GUARDED },
  ),
)

stream(
  '[B2] the relay can be closed while NATS was never there, and while it is away',
  withServer(async ({ server, store, start }) => {
    const away = await start()
    await eventually(WAIT_MS, 'it connects', () => away.stats().connected || undefined)
    await server.kill()
    await eventually(WAIT_MS, 'it notices', () => !away.stats().connected || undefined)
    assert.is(away.stats().state, 'away')
    store.commit('g1', [opened])
    await within(WAIT_MS, 'it closes', away.close(1_000))
    const never = await start()
    await within(WAIT_MS, 'it closes', never.close(1_000))
  }),
)

stream(
  '[B2] what is published while NATS is away is refused at once, never left in the client',
  withServer(async ({ server }) => {
    const bus = impatientBus(server, 500)
    try {
      await eventually(WAIT_MS, 'it connects', () => bus.isConnected() || undefined)
      await server.kill()
      await eventually(WAIT_MS, 'it notices', () => !bus.isConnected() || undefined)
      const message = {
        subject: 'vestibule.visit.opened.g1',
        messageId: 'g1.1.1',
        contentType: 'x',
        bytes: new Uint8Array(),
      }
      const error = await bus.publish(message).then(
        () => null,
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof BusError && error.kind === 'refused')
    } finally {
      await bus.close()
    }
  }),
)

stream.run()
