/** A relay with a nats-server of its own for a test, and what a subscriber finds there. */
import {
  type ConnectionOptions,
  connect,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  type StreamConfig,
} from 'nats'
import { readNatsAccess } from '../../src/bus/access.ts'
import type { Bus } from '../../src/bus/bus.ts'
import { connectNats } from '../../src/bus/nats/nats-bus.ts'
import { openBus } from '../../src/bus/open-bus.ts'
import { type Relay, startRelay } from '../../src/bus/relay.ts'
import { streamSubjects } from '../../src/bus/subjects.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../helpers/nats-server.ts'
import { eventually, within } from '../helpers/within.ts'
import { createMemoryStore, FIRST_AT, type MemoryStore } from './memory-store.ts'
import { type KeptLog, keptLog, QUIET } from './quiet.ts'

export const WAIT_MS = 20_000
export const STREAM = 'VESTIBULE'

export interface RealSetting {
  readonly server: NatsServer
  readonly store: MemoryStore
  readonly log: KeptLog
  readonly start: (config?: Partial<Config>, bus?: Bus) => Promise<Relay>
}

/** A test with a server of its own; all of it is stopped, whatever happens. */
export function withServer(
  run: (setting: RealSetting) => Promise<void>,
  options: Partial<NatsServerOptions> = {},
): () => Promise<void> {
  return async () => {
    const server = await startNatsServer(options)
    const store = createMemoryStore()
    const log = keptLog()
    const relays: Relay[] = []
    const buses: Bus[] = []
    try {
      const start = async (changed: Partial<Config> = {}, given?: Bus) => {
        const config = { ...defaultConfig(), natsUrl: server.url, ...changed }
        const bus = given ?? openedBus(config, log)
        buses.push(bus)
        const { onCommitted } = store
        const relay = await startRelay({ store, bus, log, config, onCommitted, now: () => FIRST_AT })
        relays.push(relay)
        return relay
      }
      await run({ server, store, log, start })
    } finally {
      for (const relay of relays) await relay.close(0)
      for (const bus of buses) await bus.close()
      await server.stop()
    }
  }
}

function openedBus(config: Config, log: KeptLog): Bus {
  const bus = openBus(config, log)
  if (bus === null) throw new Error('the server has no URL')
  return bus
}

/** The same, with a stream that was there before, made otherwise than we would. */
export function withStream(
  settings: Partial<StreamConfig>,
  run: (setting: RealSetting) => Promise<void>,
): () => Promise<void> {
  return withServer(async (setting) => {
    await withManager(setting.server, (jsm) =>
      jsm.streams.add({ name: STREAM, subjects: [...streamSubjects('vestibule')], ...settings }),
    )
    await run(setting)
  })
}

/** A bus to this server that gives up an answer early. */
export function impatientBus(server: NatsServer, answerMs: number): Bus {
  const access = readNatsAccess({ ...defaultConfig(), natsUrl: server.url })
  return connectNats({ access, stream: STREAM, clientName: 'test', log: QUIET, answerMs })
}

/** What was published is acknowledged. */
export function arrivedAll(relay: Relay): Promise<true> {
  const isDone = () => relay.stats().backlogRows === 0 && relay.stats().state === 'open'
  return eventually(WAIT_MS, 'all changes are published', () => (isDone() ? true : undefined))
}

export interface Arrived {
  readonly subject: string
  readonly messageId: string
  readonly contentType: string
  readonly event: unknown
}

/** All that the stream holds, in its order. */
export function readStream(server: NatsServer): Promise<readonly Arrived[]> {
  return withManager(server, async (jsm) => {
    const { state } = await jsm.streams.info(STREAM)
    const messages: Arrived[] = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const stored = await jsm.streams.getMessage(STREAM, { seq }).catch(nothingThere)
      if (stored === null) continue
      const { subject, header, data } = stored
      const event: unknown = JSON.parse(Buffer.from(data).toString())
      const [messageId, contentType] = [header.get('Nats-Msg-Id'), header.get('content-type')]
      messages.push({ subject, messageId, contentType, event })
    }
    return messages
  })
}

/** A message that was purged is no failure. */
function nothingThere(error: unknown): null {
  if (error instanceof NatsError && error.api_error?.err_code === 10_037) return null
  throw error
}

export function idsOf(messages: readonly Arrived[]): readonly string[] {
  return messages.map(({ messageId }) => messageId)
}

/** The ids that a subscriber gets who joins now and wants the stream from its beginning. */
export function replay(server: NatsServer, subject: string, count: number): Promise<readonly string[]> {
  return withConnection(server, async (nats) => {
    const consumer = await nats.jetstream().consumers.get(STREAM, { filterSubjects: subject })
    const messages = await consumer.fetch({ max_messages: count, expires: 2_000 })
    const ids: string[] = []
    for await (const message of messages) ids.push(message.headers?.get('Nats-Msg-Id') ?? '')
    return ids
  })
}

/** Asks the server directly, as an operator would. */
export function withManager<T>(
  server: Pick<NatsServer, 'url'>,
  ask: (jsm: JetStreamManager) => Promise<T>,
  login: ConnectionOptions = {},
): Promise<T> {
  return withConnection(server, async (nats) => ask(await nats.jetstreamManager()), login)
}

/** Uses a connection of its own, as an engine would. */
export async function withConnection<T>(
  server: Pick<NatsServer, 'url'>,
  use: (nats: NatsConnection) => Promise<T>,
  login: ConnectionOptions = {},
): Promise<T> {
  const nats = await connect({ servers: server.url, timeout: 5_000, ...login })
  try {
    return await within(WAIT_MS, 'the stream answers', use(nats))
  } finally {
    await nats.close()
  }
}

/** Resolves when the stream no longer knows a repetition by its id. */
export async function windowIsOver(server: NatsServer): Promise<void> {
  await withConnection(server, async (nats) => {
    const js = nats.jetstream()
    const probe = () => js.publish('vestibule.notify.probe.nobody', '', { msgID: 'probe' })
    await probe()
    await eventually(WAIT_MS, 'the window is over', async () =>
      (await probe()).duplicate ? undefined : true,
    )
    const jsm = await nats.jetstreamManager()
    await jsm.streams.purge(STREAM, { filter: 'vestibule.notify.>' })
  })
}

export const SHORT_WINDOW: Partial<StreamConfig> = { duplicate_window: nanos(100) }
