/** A visitor's stream, or stretches of it, as a list by `seq`. */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { Ranges, StoredEntry } from '../store/rows.ts'
import type { Listing, Window } from './listing.ts'
import { findFirst } from './search.ts'

/** An entry and whose it is. */
export interface PlacedEntry {
  readonly number: number
  readonly entry: StoredEntry
}

/** A window that may also be kept to positions, both ends excluded. */
export interface StreamWindow extends Window {
  readonly after?: number
  readonly before?: number
}

export interface StreamPart {
  readonly number: number
  /** The whole stream is `WHOLE_STREAM`. */
  readonly ranges: Ranges
  readonly window: StreamWindow
}

type Segment = readonly [from: number, to: number]

export const WHOLE_STREAM: Ranges = [[1, 0]]
const seqSchema = z.number().int().min(1)

/**
 * The entries of these ranges in the window, in seq order; its places are seqs. It ends where the stream ended when
 * it was made.
 */
export function streamListing(store: Store, part: StreamPart): Listing<PlacedEntry, number> {
  const { number, window } = part
  const { segments, looked: searched } = segmentsInWindow(store, part)
  // The search for the window's edges is charged to the first read.
  let owed = searched
  return {
    placeSchema: seqSchema,
    read: (place, limit) => {
      const entries: StoredEntry[] = []
      for (const segment of segments) {
        if (entries.length >= limit) break
        const [low, high] = beyond(segment, place, window.reverse)
        if (low > high) continue
        const ends = window.reverse ? { from: high, to: low, reverse: true } : { from: low, to: high }
        entries.push(...store.entries(number, { ...ends, limit: limit - entries.length }))
      }
      const looked = entries.length + owed
      owed = 0
      return {
        seen: entries.map((entry) => ({ row: { number, entry }, place: entry.seq })),
        place: entries.at(-1)?.seq ?? place,
        looked,
        done: entries.length < limit,
      }
    },
  }
}

function beyond([from, to]: Segment, place: number | null, reverse: boolean): Segment {
  if (place === null) return [from, to]
  return reverse ? [from, Math.min(to, place - 1)] : [Math.max(from, place + 1), to]
}

/** The ranges as far as they lie in the window and the stream, joined where they touch, in the list's direction. */
function segmentsInWindow(store: Store, { number, ranges, window }: StreamPart) {
  const { rising, looked } = closedRanges(store, number, ranges)
  const [first] = rising
  if (first === undefined) return { segments: [], looked }
  const extent = { low: first[0], high: Math.max(...rising.map(([, to]) => to)) }
  const edge = (holds: (entry: StoredEntry) => boolean) =>
    findFirst({
      ...extent,
      firstFrom: (seq) => {
        const [entry] = store.entries(number, { from: seq, limit: 1 })
        return entry === undefined ? null : { key: entry.seq, row: entry }
      },
      holds,
    })
  const { since, until, after = 0, before = Number.MAX_SAFE_INTEGER } = window
  const opensLate = since > 0 || after > 0
  const closesEarly = until < Number.MAX_SAFE_INTEGER || before < Number.MAX_SAFE_INTEGER
  // `at` and `position` rise with seq, so that either edge is one search.
  const opens = opensLate ? edge(({ at, position }) => at >= since && position > after) : null
  const closes = closesEarly ? edge(({ at, position }) => at > until || position >= before) : null
  const low = opens?.key ?? extent.low
  const high = closes === null ? extent.high : closes.key - 1
  const segments: Segment[] = []
  for (const [from, to] of rising) {
    const begin = Math.max(from, low)
    const end = Math.min(to, high)
    if (begin > end) continue
    const previous = segments.at(-1)
    // Coarse ranges may overlap: joined, so that nothing is given twice.
    if (previous !== undefined && begin <= previous[1] + 1) {
      segments[segments.length - 1] = [previous[0], Math.max(previous[1], end)]
    } else segments.push([begin, end])
  }
  if (window.reverse) segments.reverse()
  return { segments, looked: looked + (opens?.looked ?? 0) + (closes?.looked ?? 0) }
}

/** The ranges by rising seq; one that goes on ends where the stream now ends. */
function closedRanges(store: Store, number: number, ranges: Ranges) {
  const rising = [...ranges].sort((a, b) => a[0] - b[0])
  if (!rising.some(([, to]) => to === 0)) return { rising, looked: 0 }
  const last = store.entries(number, { limit: 1, reverse: true })[0]?.seq ?? 0
  return { rising: rising.map(([from, to]): Segment => [from, to === 0 ? last : to]), looked: 1 }
}
