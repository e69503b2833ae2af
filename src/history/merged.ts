/**
 * What belongs to an identity, over all its visits, in the order of the node: the rows of many links, merged by
 * position. No index holds it. Each scan passes over the links and keeps the few rows that come next, so that its
 * memory does not grow with the history (H7); a scan that a budget cuts short goes on from its cursor (H8).
 */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { LinkRow } from '../store/rows.ts'
import type { Listing, Stretch } from './listing.ts'

/** A row found on a link: its position, and the key it is loaded by. */
export type Reference = readonly [position: number, number: number, visit: number, key: number]

export interface StrandStretch {
  readonly references: readonly Reference[]
  /** The position that was looked up to. */
  readonly position: number
  readonly looked: number
  readonly done: boolean
}

/** The rows of one link, by position. */
export interface Strand<Row> {
  /** Looks at about `limit` rows after `place` (before it in a reversed list), both exclusive. */
  read(link: LinkRow, place: number, limit: number): StrandStretch
  /** The rows of these references, each with its own; in any order. A row that is gone is left out. */
  load(references: readonly Reference[]): readonly (readonly [Reference, Row])[]
}

/** A pass over the links that is under way. */
interface Scan {
  /** Rows past this came later and are left to the next scan: nothing is skipped while links are looked at. */
  readonly horizon: number
  /** The last link that was passed, 0 = none; and how far the next one was looked at. */
  readonly link: number
  readonly within: number | null
  /** How many rows it keeps, and the ones it keeps: the next ones so far, in order. */
  readonly room: number
  readonly found: readonly Reference[]
}

export interface MergedPlace {
  /** The position of the last row given; null = none yet. */
  readonly after: number | null
  readonly scan: Scan | null
}

/** Rows that a scan keeps: as many as are wanted, within these bounds; the least is what a cursor may hold. */
const ROOM_MOST = 256
const ROOM_LEAST = 16
const LINKS_AT_ONCE = 64

const whole = z.number().int().min(0)
const placeSchema = z.object({
  after: whole.nullable(),
  scan: z
    .object({
      horizon: whole,
      link: whole,
      within: whole.nullable(),
      room: whole,
      found: z.array(z.tuple([whole, whole, whole, whole])),
    })
    .nullable(),
})

export interface Merge<Row> {
  readonly identity: number
  readonly reverse: boolean
  readonly strand: Strand<Row>
}

export function mergedListing<Row>(store: Store, merge: Merge<Row>): Listing<Row, MergedPlace> {
  const { strand } = merge
  return {
    placeSchema,
    shorten: ({ after, scan }) => {
      if (scan === null || scan.found.length <= ROOM_LEAST) return { after, scan }
      return { after, scan: { ...scan, room: ROOM_LEAST, found: scan.found.slice(0, ROOM_LEAST) } }
    },
    read: (place, limit) => {
      const after = place?.after ?? null
      const begun = place?.scan ?? beginScan(store.lastPosition(), limit)
      const { scan, finished, looked } = goOn(store, merge, { after, scan: begun, limit })
      if (!finished) return { seen: [], place: { after, scan }, looked, done: false }
      return give(strand, scan, { after, looked })
    },
  }
}

function beginScan(horizon: number, limit: number): Scan {
  const room = Math.min(ROOM_MOST, Math.max(ROOM_LEAST, limit))
  return { horizon, link: 0, within: null, room, found: [] }
}

/** The rows of a finished scan. One that was full may have let go of others: they are the next scan's. */
function give<Row>(
  strand: Strand<Row>,
  scan: Scan,
  { after, looked }: { readonly after: number | null; readonly looked: number },
): Stretch<Row, MergedPlace> {
  const rows = new Map(strand.load(scan.found))
  const seen = scan.found.flatMap((reference) => {
    const row = rows.get(reference)
    return row === undefined ? [] : [{ row, place: { after: reference[0], scan: null } }]
  })
  const last = scan.found.at(-1)
  return {
    seen,
    place: { after: last === undefined ? after : last[0], scan: null },
    looked: looked + seen.length,
    done: scan.found.length < scan.room,
  }
}

interface Leg {
  readonly after: number | null
  readonly scan: Scan
  readonly limit: number
}

/** Passes over links until the limit is looked at or no link can hold a row that comes next. */
function goOn<Row>(store: Store, merge: Merge<Row>, { after, scan: begun, limit }: Leg) {
  const { identity, reverse, strand } = merge
  const start = after ?? (reverse ? begun.horizon + 1 : 0)
  let scan = begun
  let looked = 0
  for (;;) {
    // A link that began at or after `start` holds nothing before it: a reversed scan begins there.
    const from = reverse ? (scan.link === 0 ? start : scan.link) - 1 : scan.link + 1
    const links = store.linksOfIdentity(identity, { from, reverse, limit: LINKS_AT_ONCE })
    for (const link of links) {
      if (isPast(scan, reverse, link.position)) return { scan, finished: true, looked }
      if (looked >= limit) return { scan, finished: false, looked }
      if (link.association === null) {
        looked++
        scan = { ...scan, link: link.position, within: null }
        continue
      }
      const stretch = strand.read(
        link,
        scan.within ?? start,
        Math.max(1, Math.min(limit - looked, scan.room)),
      )
      looked += 1 + stretch.looked
      scan = keep(scan, reverse, stretch.references)
      const passed = stretch.done || isFullBefore(scan, reverse, stretch.position)
      scan = passed ? { ...scan, link: link.position, within: null } : { ...scan, within: stretch.position }
      if (!passed) return { scan, finished: false, looked }
    }
    if (links.length < LINKS_AT_ONCE) return { scan, finished: true, looked }
  }
}

/** Links are in the order they began: past a full scan's last row none can hold an earlier one (asc only). */
function isPast(scan: Scan, reverse: boolean, linkPosition: number): boolean {
  return !reverse && (linkPosition > scan.horizon || isFullBefore(scan, reverse, linkPosition))
}

function isFullBefore({ room, found }: Scan, reverse: boolean, position: number): boolean {
  const last = found.at(-1)
  if (last === undefined || found.length < room) return false
  return reverse ? position <= last[0] : position >= last[0]
}

/** The scan with these rows among the ones it keeps, the nearest `room` of them. */
function keep(scan: Scan, reverse: boolean, references: readonly Reference[]): Scan {
  const fresh = references.filter(([position]) => position <= scan.horizon)
  if (fresh.length === 0) return scan
  const order = reverse ? -1 : 1
  const found = [...scan.found, ...fresh].sort((a, b) => order * (a[0] - b[0]))
  return { ...scan, found: found.slice(0, scan.room) }
}
