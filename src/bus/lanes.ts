/** The changes on their way, one lane a visitor: in order, one at a time (B4); and how far all of it has come. */
import type { ChangeRow } from '../store/rows.ts'
import { createProgress, type Progress } from './progress.ts'

/** A change to publish. `doubtful`: the stream may hold it already; ask before sending. */
export interface Departure {
  readonly change: ChangeRow
  readonly doubtful: boolean
}

export interface Lanes {
  /** Takes the next change read, by position. Forgets it at once where a place says that it was published. */
  readonly add: (change: ChangeRow, doubtful: boolean) => void
  /** The first change of the next visitor in turn, or null; the visitor waits until it is settled or postponed. */
  readonly take: () => Departure | null
  /**
   * The change taken is published (or given up), and the visitor's next one may go: `sent` now, which shows that no
   * later one was sent before; or `found` in the stream, where the next may be too.
   */
  readonly settle: (change: ChangeRow, how: 'sent' | 'found') => void
  /** The change taken was not accepted: it stays first of its visitor, and is taken again after a while. */
  readonly postpone: (change: ChangeRow, how: Postponement) => void
  /** How often in a row the change taken was refused for good, this time not counted. */
  readonly refusals: (change: ChangeRow) => number
  /** Those that wait a while wait no longer: what held them up is over. */
  readonly retryNow: () => void
  /** Those that have waited long enough by this clock may be taken again. */
  readonly retryDue: (clockMs: number) => void
  /** When the next one has waited long enough, or null. */
  readonly nextRetryMs: () => number | null
  /** Changes in all lanes, those on their way included. */
  readonly size: () => number
  /** `at` of the oldest change, or null. */
  readonly oldestAt: () => number | null
  /** What has changed since the last `saved`, or null. */
  readonly unsaved: () => Progress | null
  /** That progress is on disk now. */
  readonly saved: (progress: Progress) => void
}

export interface Postponement {
  /** The stream may hold it all the same. */
  readonly doubtful: boolean
  /** It will be refused again (B6). */
  readonly forGood: boolean
  readonly clockMs: number
}

interface Lane {
  readonly number: number
  readonly changes: ChangeRow[]
  doubtful: boolean
  /** Refusals of the first change, one after another. */
  failures: number
  /** Those of them that were for good, one after another. */
  refusals: number
  retryMs: number
}

const RETRY_FIRST_MS = 100
const RETRY_LAST_MS = 5_000

/** How long to wait after so many failures in a row: doubled each time, with an end. */
export function retryDelayMs(failures: number): number {
  return Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10))
}

export function createLanes(from: Progress): Lanes {
  const lanes = new Map<number, Lane>()
  /** Lanes whose first change may go, in turn. */
  const ready = new Set<Lane>()
  /** Lanes that wait a while after a failure. */
  const waiting = new Set<Lane>()
  const progress = createProgress(from)
  let size = 0
  let lastAdded = from.mark

  function add(change: ChangeRow, doubtful: boolean): void {
    lastAdded = change.position
    if (progress.includes(change)) return
    size++
    const lane = lanes.get(change.number)
    if (lane !== undefined) {
      lane.changes.push(change)
      return
    }
    const { number } = change
    const begun: Lane = { number, changes: [change], doubtful, failures: 0, refusals: 0, retryMs: 0 }
    lanes.set(number, begun)
    ready.add(begun)
  }

  function take(): Departure | null {
    const [lane] = ready
    const change = lane?.changes[0]
    if (lane === undefined || change === undefined) return null
    ready.delete(lane)
    return { change, doubtful: lane.doubtful }
  }

  function settle(change: ChangeRow, how: 'sent' | 'found'): void {
    const lane = laneOf(change)
    lane.changes.shift()
    lane.failures = 0
    lane.refusals = 0
    lane.doubtful = how === 'found'
    size--
    progress.advance(change)
    if (lane.changes.length > 0) ready.add(lane)
    else lanes.delete(lane.number)
  }

  function retryDue(clockMs: number): void {
    for (const lane of waiting) {
      if (lane.retryMs > clockMs) continue
      waiting.delete(lane)
      ready.add(lane)
    }
  }

  function laneOf(change: ChangeRow): Lane {
    const lane = lanes.get(change.number)
    if (lane?.changes[0] === change) return lane
    throw new Error(
      `change ${change.position}.${change.n} is not the one that its visitor sent; a fault of ours`,
    )
  }

  /** The lowest position that is not published yet decides the mark. */
  function markNow(): number {
    let lowest = lastAdded + 1
    for (const { changes } of lanes.values()) lowest = Math.min(lowest, changes[0]?.position ?? lowest)
    return lowest - 1
  }

  return {
    add,
    take,
    settle,
    refusals: (change) => laneOf(change).refusals,
    postpone(change, { doubtful, forGood, clockMs }) {
      const lane = laneOf(change)
      lane.doubtful ||= doubtful
      lane.failures++
      lane.refusals = forGood ? lane.refusals + 1 : 0
      lane.retryMs = clockMs + retryDelayMs(lane.failures)
      waiting.add(lane)
    },
    retryNow: () => retryDue(Number.POSITIVE_INFINITY),
    retryDue,
    nextRetryMs: () => least(waiting, (lane) => lane.retryMs),
    size: () => size,
    oldestAt: () => least(lanes.values(), (lane) => lane.changes[0]?.at ?? Number.POSITIVE_INFINITY),
    unsaved: () => progress.unsaved(markNow()),
    saved: progress.saved,
  }
}

function least<T>(values: Iterable<T>, measure: (value: T) => number): number | null {
  let found: number | null = null
  for (const value of values) found = Math.min(found ?? Number.POSITIVE_INFINITY, measure(value))
  return found
}
