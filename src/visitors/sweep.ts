/** One sweep wakes the visitors whose deadlines are due; they are entries like all others. */
import { SnapshotDamaged, SnapshotTooNew } from '../../machines/versions.ts'
import type { Store } from '../store/contract.ts'
import type { Clock } from './clock.ts'
import type { VisitorsLog } from './room.ts'
import type { Timing } from './timing.ts'

/** How often it looks, at least. */
const SWEEP_MS = 250
/** Visitors woken at a time. */
const SWEEP_MAX = 500
/** E4: with a wall clock this far from ours, something is wrong with time, and no deadline fires on it. */
const DRIFT_MAX_MS = 5 * 60_000

export interface SweepOptions {
  readonly store: Store
  readonly clock: Clock
  readonly timing: Timing
  readonly log: VisitorsLog
  /** Q7: until then browsers may come back; the sweep delivers only the deadlines of those who did. */
  readonly quietUntil: number
  /** Whether a visitor is awake: since the start something came for it. */
  readonly isAwake: (globalVisitID: string) => boolean
  /** Applies what is due to a visitor; resolves when that is on disk. */
  readonly wake: (globalVisitID: string) => Promise<void>
}

/** Begins to sweep; the result ends it, after the sweep under way. */
export function startSweep({
  store,
  clock,
  timing,
  log,
  quietUntil,
  isAwake,
  wake,
}: SweepOptions): () => Promise<void> {
  let isEnded = false
  let isDrifting = false
  let underWay: Promise<void> = Promise.resolve()
  let connected: readonly number[] | null = null
  /** Visitors that cannot be woken: the log said so, and asking again changes nothing. */
  const hopeless = new Set<number>()

  const isTimeRight = (): boolean => {
    const drift = clock.drift()
    const drifts = Math.abs(drift) > DRIFT_MAX_MS
    if (drifts && !isDrifting) {
      log.warn(
        { driftMs: Math.round(drift) },
        'the wall clock jumped: no deadline fires until it agrees again',
      )
    }
    isDrifting = drifts
    return !drifts
  }

  const sweep = async (): Promise<void> => {
    const at = clock.now()
    if (store.unavailable() !== null || !isTimeRight()) return
    const due = store.due(at, SWEEP_MAX).map(({ number }) => number)
    if (at < quietUntil) {
      await Promise.all(due.map((number) => wakeByNumber(number, isAwake)))
      return
    }
    // Those who had a socket when the last server stopped, and did not come back (Q7).
    connected ??= store.connected({ limit: Number.MAX_SAFE_INTEGER })
    const left = connected.slice(0, SWEEP_MAX)
    await Promise.all([...new Set([...left, ...due])].map((number) => wakeByNumber(number)))
    connected = connected.slice(left.length)
  }

  const wakeByNumber = async (number: number, isWanted = (_id: string): boolean => true): Promise<void> => {
    const row = hopeless.has(number) ? null : store.visitor(number)
    if (row === null || !isWanted(row.globalVisitID)) return
    try {
      await wake(row.globalVisitID)
    } catch (cause) {
      if (!(cause instanceof SnapshotDamaged || cause instanceof SnapshotTooNew)) throw cause
      hopeless.add(number)
    }
  }

  const tick = (): void => {
    if (isEnded) return
    underWay = sweep()
      .catch((err: unknown) => log.warn({ err }, 'deadlines could not be kept; they are tried again'))
      .then(() => {
        if (!isEnded) timing.after(SWEEP_MS, tick)
      })
  }
  timing.after(0, tick)

  return async () => {
    isEnded = true
    await underWay
  }
}
