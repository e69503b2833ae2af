/** Brings changes from disk into the lanes, a bounded number at a time, and counts those that are still to come. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../store/contract.ts'
import type { Lanes } from './lanes.ts'

export interface ReaderParts {
  readonly store: Pick<Store, 'changes' | 'lastPosition'>
  readonly lanes: Lanes
  /** Changes after this position are wanted. */
  readonly mark: number
  /** Changes held in memory at most (and those that share the last one's position); the rest waits on disk. */
  readonly windowRows: number
}

export interface Reader {
  /** So many changes were committed. */
  readonly announce: (rows: number) => void
  /** Reads one slice where there is room and something to read; true if another may follow at once. */
  readonly read: () => boolean
  /** All that is on disk has been read. */
  readonly isAtEnd: () => boolean
  /** How many changes are on disk that are not read yet. */
  readonly unread: () => number
  /** Counts what was there before the start, slice by slice; until it resolves `unread` says too little. */
  readonly countBacklog: (signal: AbortSignal) => Promise<void>
}

const SLICE_ROWS = 500

export function createReader({ store, lanes, mark, windowRows }: ReaderParts): Reader {
  const lastAtStart = store.lastPosition()
  const sliceRows = Math.min(SLICE_ROWS, windowRows)
  let next = mark + 1
  let atEnd = false
  let unread = 0

  const hasRoom = () => lanes.size() + sliceRows <= windowRows

  return {
    announce(rows) {
      unread += rows
      atEnd = false
    },
    read() {
      if (atEnd || !hasRoom()) return false
      // Up to the last commit that is flushed: a later one may be visible already, and still be lost with the power.
      const changes = store.changes({ from: next, to: store.lastPosition(), limit: sliceRows })
      // What a former run of ours may have sent is doubtful; what was committed since was never sent.
      for (const change of changes) lanes.add(change, change.position <= lastAtStart)
      next = (changes.at(-1)?.position ?? next - 1) + 1
      unread -= changes.length
      atEnd = changes.length < sliceRows
      return !atEnd && hasRoom()
    },
    isAtEnd: () => atEnd,
    unread: () => Math.max(0, unread),
    async countBacklog(signal) {
      let from = mark + 1
      while (from <= lastAtStart && !signal.aborted) {
        const changes = store.changes({ from, to: lastAtStart, limit: SLICE_ROWS })
        unread += changes.length
        if (changes.length < SLICE_ROWS) return
        from = (changes.at(-1)?.position ?? lastAtStart) + 1
        await nextTurn()
      }
    },
  }
}
