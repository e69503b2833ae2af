/** Sends what the lanes hold while the gate is open: many visitors at once, one change a visitor (B4). */
import { setTimeout as delay } from 'node:timers/promises'
import type { ChangeRow } from '../store/rows.ts'
import type { Timing } from '../visitors/timing.ts'
import { type Bus, BusError, type BusErrorKind, type OutgoingMessage } from './bus.ts'
import { type MessageMaker, showsStored } from './cloud-event.ts'
import type { DeadChanges } from './dead.ts'
import type { Gate } from './gate.ts'
import { type Departure, type Lanes, retryDelayMs } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'
import type { Reader } from './reader.ts'

export interface PublisherParts {
  readonly bus: Bus
  readonly gate: Gate
  readonly lanes: Lanes
  readonly reader: Reader
  readonly dead: DeadChanges
  readonly toMessage: MessageMaker
  /** Visitors with a message on its way at once. */
  readonly inFlightMax: number
  readonly timing: Timing
  readonly log: BusLog
  /** One more change is done with; `seq` is its message's in the stream, null where it is in none. */
  readonly onSettled: (change: ChangeRow, seq: number | null) => void
}

export interface Publisher {
  /** There may be something to do; it is looked at in a turn of its own. */
  readonly wake: () => void
  /** The gate has opened: what failed before is tried now. */
  readonly resume: () => void
  /** What the last one failed with, until one succeeds; else null. */
  readonly problem: () => string | null
  /** Messages that the stream acknowledged, or, without one, the server. */
  readonly published: () => number
  /** Goes on while it can, for `ms` at most, until all is sent; then nothing more is begun. */
  readonly drain: (ms: number) => Promise<void>
}

/** A change that is refused for good so many times is given up (B6). */
const TRIES_MAX = 5
/** A failure that repeats itself is logged once in this time. */
const COMPLAIN_EVERY_MS = 60_000
const READ_AGAIN_MS = 1_000
const DRAIN_LOOK_MS = 5

export function createPublisher(parts: PublisherParts): Publisher {
  const { bus, gate, lanes, reader, dead, inFlightMax, timing, log, onSettled } = parts
  let inFlight = 0
  let published = 0
  let isAwake = false
  let hasStopped = false
  /** Failures with no success between them: while there are any, one message at a time feels the way. */
  let failures = 0
  let problem: string | null = null
  let pausedUntilMs = 0
  let complainedMs = Number.NEGATIVE_INFINITY
  let callOff = (): void => {}

  function wake(): void {
    if (isAwake || hasStopped) return
    isAwake = true
    timing.soon(run)
  }

  function run(): void {
    isAwake = false
    if (hasStopped) return
    callOff()
    try {
      if (reader.read()) wake()
    } catch (error) {
      complain({ reason: reasonOf(error) }, 'changes cannot be read from the store')
      callOff = timing.after(READ_AGAIN_MS, wake)
      return
    }
    if (gate.isOpen()) depart(timing.uptime())
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
    if (nextMs > clockMs) callOff = timing.after(nextMs - clockMs, wake)
  }

  async function deliver({ change, doubtful }: Departure): Promise<void> {
    try {
      const message = parts.toMessage(change, dead.gapBefore(change.number))
      const stored = doubtful && gate.mode() === 'jetStream' ? await storedSeq(change, message) : null
      const seq = stored ?? (await publish(message))
      lanes.settle(change, stored === null ? 'sent' : 'found')
      dead.told(change.number)
      failures = 0
      problem = null
      onSettled(change, seq === 0 ? null : seq)
    } catch (error) {
      await fail(change, error)
    }
    inFlight--
    wake()
  }

  /**
   * Where the stream has this change, if it got there in an attempt whose answer was lost; else null. Asked by its own
   * subject, which is quick in a stream of any size; what went out before it has been settled before it, so that no
   * other subject matters. 0 = it was there, and is gone by age.
   */
  async function storedSeq(change: ChangeRow, message: OutgoingMessage): Promise<number | null> {
    const last = await bus.lastOn(message.subject)
    if (last === null || !showsStored(last, change)) return null
    if (last.messageId === message.messageId) return last.seq
    return (await bus.sequenceOf(message)) ?? 0
  }

  /** The message's sequence in the stream; 0 where it goes out without one. */
  async function publish(message: OutgoingMessage): Promise<number> {
    if (gate.mode() === 'core') {
      await bus.send(message)
      published++
      return 0
    }
    const { seq } = await bus.publish(message)
    // A server may call a message a duplicate that it never came to store, and then has no sequence for it. The stream
    // is asked before the next try, and the same id goes on being tried: under another one it might be stored twice.
    if (seq <= 0) throw new BusError('unanswered', 'the stream calls it a duplicate but does not hold it yet')
    published++
    return seq
  }

  /** It is tried again, or, where that has no hope, given up (B6). */
  async function fail(change: ChangeRow, error: unknown): Promise<void> {
    const kind = error instanceof BusError ? error.kind : 'refused'
    if (kind === 'refusedForGood' && lanes.refusals(change) + 1 >= TRIES_MAX) {
      try {
        await dead.bury(change, reasonOf(error))
        lanes.settle(change, 'found')
        problem = null
        onSettled(change, null)
        return
      } catch (cause) {
        complain({ reason: reasonOf(cause) }, 'a change that was refused for good cannot be written down')
      }
    }
    postpone(change, { kind, reason: reasonOf(error) })
  }

  function postpone(
    change: ChangeRow,
    { kind, reason }: { readonly kind: BusErrorKind; readonly reason: string },
  ): void {
    const clockMs = timing.uptime()
    const forGood = kind === 'refusedForGood'
    lanes.postpone(change, { doubtful: kind === 'unanswered', forGood, clockMs })
    // What was on its way together fails together: that counts once.
    if (clockMs >= pausedUntilMs) pausedUntilMs = clockMs + retryDelayMs(++failures)
    if (kind === 'noStream') gate.lookAgain()
    problem = reason
    complain({ position: change.position, kind: change.kind, reason }, 'a change waits')
  }

  function complain(fields: Readonly<Record<string, unknown>>, message: string): void {
    const clockMs = timing.uptime()
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
    callOff()
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
