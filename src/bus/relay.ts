/** The relay: every committed change goes to NATS, per visitor in order, and none is lost on the way (B1 to B4). */
import { type Config, ConfigError } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { Visitors } from '../visitors/contract.ts'
import { parseNatsUrl } from './address.ts'
import { readBeginning } from './beginning.ts'
import type { Bus } from './bus.ts'
import { createMessageMaker } from './cloud-event.ts'
import { createGate, type GateState } from './gate.ts'
import { createLanes } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'
import { connectNats } from './nats.ts'
import { createPublisher } from './publisher.ts'
import { createReader } from './reader.ts'
import { createSaver } from './saver.ts'

export type RelayStore = Pick<
  Store,
  'changes' | 'lastPosition' | 'relayMark' | 'relayPlaces' | 'saveRelay' | 'note' | 'saveNote'
>

export interface RelayParts {
  readonly store: RelayStore
  readonly config: Config
  readonly log: BusLog
  readonly onCommitted: Visitors['onCommitted']
  /** Epoch ms. */
  readonly now: () => number
  /** The bus to use; without it, NATS where the configuration says. */
  readonly bus?: Bus
  /** Changes held in memory at most; the rest waits on disk. */
  readonly windowRows?: number
}

export interface RelayStats {
  readonly connected: boolean
  readonly state: GateState
  /** Why changes do not go out, where that is known; else null. */
  readonly problem: string | null
  /** Committed changes that are not published yet. */
  readonly backlogRows: number
  /** How old the oldest of them is, in ms; 0 where there is none. */
  readonly oldestAgeMs: number
  /** Messages acknowledged since the start. */
  readonly published: number
}

export interface Relay {
  /** There may be changes to read; needed only where something was written past `onCommitted`. */
  readonly wake: () => void
  readonly stats: () => RelayStats
  /** Within `drainMs` sends what it can and writes down how far it came; leaves nothing open. Once. */
  readonly close: (drainMs: number) => Promise<void>
}

const WINDOW_ROWS = 10_000
/** Of the time to close, the part for sending; the rest is for writing down how far that came. */
const DRAIN_SHARE = 0.8

/**
 * Begins to publish, in the background: NATS need not be there. Throws `ConfigError` for a configuration that cannot
 * be followed, and rejects as the store does where the beginning cannot be written down.
 */
export async function startRelay(parts: RelayParts): Promise<Relay> {
  const { store, config, log, onCommitted, now, windowRows = WINDOW_ROWS } = parts
  checkConfig(config)
  const address = parseNatsUrl(config.natsUrl)
  const from = await readBeginning(store, config)
  const bus = parts.bus ?? connectNats({ address, stream: config.natsStream, clientName: config.source, log })
  const lanes = createLanes(from)
  const reader = createReader({ store, lanes, mark: from.mark, windowRows })
  const saver = createSaver(store, lanes, log)
  const gate = createGate({ bus, store, config, log, onOpen: () => publisher.resume() })
  const publisher = createPublisher({
    bus,
    gate,
    lanes,
    reader,
    toMessage: createMessageMaker(config.natsPrefix, config.source),
    inFlightMax: config.natsInFlight,
    log,
    onSettled: saver.settled,
  })
  const stopListening = onCommitted(({ changes }) => {
    if (changes.length === 0) return
    reader.announce(changes.length)
    publisher.wake()
  })
  const closing = new AbortController()
  const counting = reader.countBacklog(closing.signal).catch((error: unknown) => {
    log.warn({ reason: reasonOf(error) }, 'the backlog cannot be counted')
  })
  publisher.wake()

  return {
    wake() {
      reader.announce(0)
      publisher.wake()
    },
    stats() {
      const oldestAt = lanes.oldestAt()
      return {
        connected: bus.isConnected(),
        state: gate.state(),
        problem: gate.problem() ?? publisher.problem(),
        backlogRows: lanes.size() + reader.unread(),
        oldestAgeMs: oldestAt === null ? 0 : Math.max(0, now() - oldestAt),
        published: publisher.published(),
      }
    },
    async close(drainMs) {
      closing.abort()
      await counting
      await publisher.drain(drainMs * DRAIN_SHARE)
      stopListening()
      gate.close()
      await saver.close()
      await bus.close()
    },
  }
}

const SUBJECT_WORDS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const STREAM_NAME = /^[A-Za-z0-9_-]+$/

function checkConfig({ natsJetstream, natsPrefix, natsStream }: Config): void {
  if (natsJetstream === 'off') {
    throw new ConfigError(
      'NATS_JETSTREAM: "off" is not possible; changes are published through JetStream only: set auto or on, and start nats-server with -js',
    )
  }
  if (!SUBJECT_WORDS.test(natsPrefix)) {
    throw new ConfigError(
      `NATS_PREFIX: "${natsPrefix}" is not right; expected words of letters, digits, _ and -, separated by dots`,
    )
  }
  if (!STREAM_NAME.test(natsStream)) {
    throw new ConfigError(
      `NATS_STREAM: "${natsStream}" is not right; expected a name of letters, digits, _ and -`,
    )
  }
}
