/** The relay: every committed change goes to NATS, per visitor in order, and none is lost on the way (B1 to B6). */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Config, ConfigError } from '../config.ts'
import type { SentBy, Store } from '../store/contract.ts'
import type { ChangeRow, SentPlace, SentRow } from '../store/rows.ts'
import type { Visitors } from '../visitors/contract.ts'
import { SYSTEM_TIMING, type Timing } from '../visitors/timing.ts'
import { watchBacklog } from './backlog.ts'
import { readBeginning } from './beginning.ts'
import type { Bus, SentMessage } from './bus.ts'
import { createMessageMaker, messageIdOf } from './cloud-event.ts'
import { createDeadChanges } from './dead.ts'
import { createGate, type GateMode, type GateState } from './gate.ts'
import { identitiesIn, readIdentityView } from './identities.ts'
import { createLanes } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'
import { createPublisher } from './publisher.ts'
import { createReader } from './reader.ts'
import { createSaver } from './saver.ts'

export type RelayStore = Pick<
  Store,
  | 'changes'
  | 'lastPosition'
  | 'relayMark'
  | 'relayPlaces'
  | 'saveRelay'
  | 'sentOf'
  | 'dead'
  | 'putDead'
  | 'note'
  | 'saveNote'
>

export interface RelayParts {
  readonly store: RelayStore
  readonly config: Config
  readonly log: BusLog
  readonly onCommitted: Visitors['onCommitted']
  /** Epoch ms. */
  readonly now: () => number
  readonly bus: Bus
  /** Changes held in memory at most; the rest waits on disk. */
  readonly windowRows?: number
  /** How it waits: for a simulation. */
  readonly timing?: Timing
}

export interface RelayStats {
  readonly connected: boolean
  readonly state: GateState
  /** Through JetStream, or without (B3). */
  readonly mode: GateMode
  /** Why changes do not go out, where that is known; else null. */
  readonly problem: string | null
  /** Committed changes that are not published yet. */
  readonly backlogRows: number
  /** How old the oldest of them is, in ms; 0 where there is none. */
  readonly oldestAgeMs: number
  /** More wait, or for longer, than the limits allow (B5). */
  readonly isOverLimit: boolean
  /** Messages acknowledged since the start. */
  readonly published: number
  /** Changes that NATS refused for good and that lie among the dead (B6). */
  readonly dead: number
}

export interface Relay {
  /** There may be changes to read; needed only where something was written past `onCommitted`. */
  readonly wake: () => void
  readonly stats: () => RelayStats
  /**
   * Where the stream holds somebody's messages: those that are remembered, which is as long as the stream keeps a
   * message. Rejects where not all of it can be known now.
   */
  readonly sequencesOf: (whose: SentBy) => Promise<readonly (SentMessage & SentPlace)[]>
  /** Deletes messages from the stream: see `Bus`. */
  readonly deleteMessages: Bus['deleteMessages']
  /** A change up to this position may not be published, or not be known to be, after a crash either. */
  readonly isBehind: (position: number) => Promise<boolean>
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
  const {
    store,
    bus,
    config,
    log,
    onCommitted,
    now,
    windowRows = WINDOW_ROWS,
    timing = SYSTEM_TIMING,
  } = parts
  checkConfig(config)
  const from = await readBeginning(store, config)
  const dataOf = await readIdentityView(store, config)
  const dead = createDeadChanges({ store, log, now })
  const lanes = createLanes(from)
  const reader = createReader({ store, lanes, mark: from.mark, windowRows })
  const saver = createSaver({ store, lanes, timing, log })
  const gate = createGate({ bus, store, config, timing, log, onOpen: () => publisher.resume() })
  const publisher = createPublisher({
    ...{ bus, gate, lanes, reader, dead, timing, log },
    toMessage: createMessageMaker({ prefix: config.natsPrefix, source: config.source, dataOf }),
    inFlightMax: config.natsInFlight,
    onSettled: (change, seq) => saver.settled(sentRow(change, { seq, at: now() })),
  })
  const backlog = () => ({
    rows: lanes.size() + reader.unread(),
    oldestAgeMs: ageOf(lanes.oldestAt(), now()),
  })
  const watch = watchBacklog({ backlog, config, timing, log })
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
      const { rows: backlogRows, oldestAgeMs } = backlog()
      return {
        connected: bus.isConnected(),
        state: gate.state(),
        mode: gate.mode(),
        problem: gate.problem() ?? publisher.problem(),
        backlogRows,
        oldestAgeMs,
        isOverLimit: watch.isOverLimit(),
        published: publisher.published(),
        dead: dead.count(),
      }
    },
    async sequencesOf(whose) {
      if (!(await saver.flush())) throw new Error('what was published last cannot be written down yet')
      return readSequences(store, whose)
    },
    deleteMessages: bus.deleteMessages,
    async isBehind(position) {
      await saver.flush()
      return store.relayMark() < position
    },
    async close(drainMs) {
      closing.abort()
      await counting
      await publisher.drain(drainMs * DRAIN_SHARE)
      stopListening()
      watch.close()
      gate.close()
      await dead.close()
      await saver.close()
    },
  }
}

function ageOf(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, now - at)
}

/** What is remembered of a message: nothing where it is in no stream. */
function sentRow(
  change: ChangeRow,
  { seq, at }: { readonly seq: number | null; readonly at: number },
): SentRow | null {
  return seq === null ? null : { seq, messageId: messageIdOf(change), at, identityIds: identitiesIn(change) }
}

/** Rows of sent messages looked at before others work. */
const SENT_SLICE_ROWS = 2_000

async function readSequences(
  store: Pick<Store, 'sentOf'>,
  whose: SentBy,
): Promise<readonly (SentMessage & SentPlace)[]> {
  const messages: (SentMessage & SentPlace)[] = []
  let after: SentPlace | null = null
  do {
    const { found, next } = store.sentOf(whose, { after, rows: SENT_SLICE_ROWS })
    messages.push(...found)
    after = next
    await nextTurn()
  } while (after !== null)
  return messages
}

const SUBJECT_WORDS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const STREAM_NAME = /^[A-Za-z0-9_-]+$/

function checkConfig({ natsPrefix, natsStream }: Config): void {
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
