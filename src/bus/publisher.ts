/** Sends what the lanes hold while the gate is open: many visitors at once, one change a visitor (B4). */
import { setTimeout as delay } from 'node:timers/promises'
import type { ChangeRow } from '../store/rows.ts'
import { type Bus, BusError, type OutgoingMessage } from './bus.ts'
import { showsStored } from './cloud-event.ts'
import type { Gate } from './gate.ts'
import { type Departure, type Lanes, retryDelayMs } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'
import type { Reader } from './reader.ts'

export interface PublisherParts {
  readonly bus: Bus
  readonly gate: Gate
  readonly lanes: Lanes
  readonly reader: Reader
  readonly toMessage: (change: ChangeRow) => OutgoingMessage
  /** Visitors with a message on its way at once. */
  readonly inFlightMax: number
  readonly log: BusLog
  readonly onSettled: () => void
}

export interface Publisher {
  /** There may be something to do; it is looked at in a turn of its own. */
  readonly wake: () => void
  /** The gate has opened: what failed before is tried now. */
  readonly resume: () => void
  /** What the last one failed with, until one succeeds; else null. */
  readonly problem: () => string | null
  /** Messages that the stream acknowledged. */
  readonly published: () => number
  /** Goes on while it can, for `ms` at most, until all is sent; then nothing more is begun. */
  readonly drain: (ms: number) => Promise<void>
}

/** A failure that repeats itself is logged once in this time. */
const COMPLAIN_EVERY_MS = 60_000
const READ_AGAIN_MS = 1_000
const DRAIN_LOOK_MS = 5

export function createPublisher(parts: PublisherParts): Publisher {
  const { bus, gate, lanes, reader, toMessage, inFlightMax, log, onSettled } = parts
  let inFlight = 0
  let published = 0
  let isAwake = false
  let hasStopped = false
  /** Failures with no success between them: while there are any, one message at a time feels the way. */
  let failures = 0
  let problem: string | null = null
  let pausedUntilMs = 0
  let complainedMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  function wake(): void {
    if (isAwake || hasStopped) return
    isAwake = true
    setImmediate(run)
  }

  function run(): void {
    isAwake = false
    if (hasStopped) return
    clearTimeout(timer)
    try {
      if (reader.read()) wake()
    } catch (error) {
      complain({ reason: reasonOf(error) }, 'changes cannot be read from the store')
      timer = setTimeout(wake, READ_AGAIN_MS)
      return
    }
    if (gate.isOpen()) depart(performance.now())
  }

  function depart(clockMs: number): void {
    lanes.retryDue(clockMs)
    const room = failures > 0 ? 1 : inFlightMax
    while (clockMs >= pausedUntilMs && inFlight < room) {
      const departure = lanes.take()
      if (departure === null) break
      inFlight++
      void deliver(departure)
    }
    const nextMs = Math.max(lanes.nextRetryMs() ?? 0, pausedUntilMs)
    if (nextMs > clockMs) timer = setTimeout(wake, nextMs - clockMs)
  }

  async function deliver({ change, doubtful }: Departure): Promise<void> {
    try {
      const isStored = doubtful && (await isInStream(change))
      if (!isStored) await publish(change)
      lanes.settle(change, isStored ? 'found' : 'sent')
      failures = 0
      problem = null
      onSettled()
    } catch (error) {
      postpone(change, error)
    }
    inFlight--
    wake()
  }

  /**
   * Whether this change got there in an attempt whose answer was lost. Asked by its own subject, which is quick in a
   * stream of any size; what went out before it has been settled before it, so that no other subject matters.
   */
  async function isInStream(change: ChangeRow): Promise<boolean> {
    const last = await bus.lastOn(toMessage(change).subject)
    return last !== null && showsStored(last, change)
  }

  async function publish(change: ChangeRow): Promise<void> {
    const { seq } = await bus.publish(toMessage(change))
    // A server may call a message a duplicate that it never came to store, and then has no sequence for it. The stream
    // is asked before the next try, and the same id goes on being tried: under another one it might be stored twice.
    if (seq <= 0) throw new BusError('unanswered', 'the stream calls it a duplicate but does not hold it yet')
    published++
  }

  function postpone(change: ChangeRow, error: unknown): void {
    const clockMs = performance.now()
    const kind = error instanceof BusError ? error.kind : 'refused'
    lanes.postpone(change, { doubtful: kind === 'unanswered', clockMs })
    // What was on its way together fails together: that counts once.
    if (clockMs >= pausedUntilMs) pausedUntilMs = clockMs + retryDelayMs(++failures)
    if (kind === 'noStream') gate.lookAgain()
    problem = reasonOf(error)
    complain({ position: change.position, kind: change.kind, reason: problem }, 'a change waits')
  }

  function complain(fields: Readonly<Record<string, unknown>>, message: string): void {
    const clockMs = performance.now()
    if (clockMs < complainedMs + COMPLAIN_EVERY_MS) return
    complainedMs = clockMs
    log.warn(fields, message)
  }

  async function drain(ms: number): Promise<void> {
    const untilMs = performance.now() + ms
    const isOver = () => performance.now() >= untilMs
    const isDone = () => lanes.size() === 0 && reader.isAtEnd()
    while (!isOver() && gate.isOpen() && !isDone()) await delay(DRAIN_LOOK_MS)
    hasStopped = true
    clearTimeout(timer)
    while (!isOver() && inFlight > 0) await delay(DRAIN_LOOK_MS)
  }

  return {
    wake,
    resume() {
      failures = 0
      pausedUntilMs = 0
      lanes.retryNow()
      wake()
    },
    problem: () => problem,
    published: () => published,
    drain,
  }
}
