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

/**
 * A pass over the links that is under way. A visitor has one visit after another, so that of each visitor only the
 * latest link that began by the place looked from can reach past it, and no older one than a link whose rows are
 * already too far away: others are passed without a look at their rows.
 */
interface Scan {
  /** Rows past this came later and are left to the next scan: nothing is skipped while links are looked at. */
  readonly horizon: number
  /** First the links that began by the place looked from, the latest first; then, forwards only, those after it. */
  readonly phase: 'older' | 'newer'
  /** Where the last link that was passed begins; and how far the next one was looked at. */
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
/** Visitors remembered as exhausted; of more, links are looked at for nothing. */
const EXHAUSTED_MAX = 4_096

const whole = z.number().int().min(0)
const placeSchema = z.object({
  after: whole.nullable(),
  scan: z
    .object({
      horizon: whole,
      phase: z.enum(['older', 'newer']),
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
  const { reverse, strand } = merge
  // Visitors whose older links hold nothing for the scan under way.
  const exhausted = new Set<number>()
  const begin = (after: number | null, limit: number): Scan => {
    exhausted.clear()
    const horizon = store.lastPosition()
    const room = Math.min(ROOM_MOST, Math.max(ROOM_LEAST, limit))
    // One past the place looked from, so that a link that began at the place itself is met: it may go on after it.
    const link = reverse ? (after ?? horizon + 1) : (after ?? 0) + 1
    return { horizon, phase: 'older', link, within: null, room, found: [] }
  }
  return {
    placeSchema,
    shorten: ({ after, scan }) => {
      if (scan === null || scan.found.length <= ROOM_LEAST) return { after, scan }
      return { after, scan: { ...scan, room: ROOM_LEAST, found: scan.found.slice(0, ROOM_LEAST) } }
    },
    read: (place, limit) => {
      const after = place?.after ?? null
      const begun = place?.scan ?? begin(after, limit)
      const start = after ?? (reverse ? begun.horizon + 1 : 0)
      const { scan, finished, looked } = goOn(store, merge, { start, scan: begun, limit, exhausted })
      if (!finished) return { seen: [], place: { after, scan }, looked, done: false }
      return give(strand, scan, { after, looked })
    },
  }
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
  /** Rows after this place are wanted, before it in a reversed list. */
  readonly start: number
  readonly scan: Scan
  readonly limit: number
  readonly exhausted: Set<number>
}

/** Passes over links until the limit is looked at or no link can hold a row that comes next. */
function goOn<Row>(store: Store, merge: Merge<Row>, { start, scan: begun, limit, exhausted }: Leg) {
  const { reverse } = merge
  let scan = begun
  let looked = 0
  for (;;) {
    const links = nextLinks(store, merge, scan)
    for (const link of links) {
      if (isPast(scan, link)) return { scan, finished: true, looked }
      if (looked >= limit) return { scan, finished: false, looked }
      looked++
      if (link.association === null || (scan.phase === 'older' && exhausted.has(link.number))) {
        scan = { ...scan, link: link.position }
        continue
      }
      const passing = passLink(merge, link, { start, scan, limit: limit - looked })
      looked += passing.looked
      scan = passing.scan
      if (scan.within !== null) return { scan, finished: false, looked }
      const isLast = reverse ? passing.isBeyond : scan.phase === 'older'
      if (isLast && exhausted.size < EXHAUSTED_MAX) exhausted.add(link.number)
    }
    if (links.length === LINKS_AT_ONCE) continue
    if (reverse || scan.phase === 'newer') return { scan, finished: true, looked }
    scan = { ...scan, phase: 'newer', link: start }
  }
}

function nextLinks<Row>(store: Store, { identity }: Merge<Row>, { phase, link }: Scan): LinkRow[] {
  if (phase === 'newer') return store.linksOfIdentity(identity, { from: link + 1, limit: LINKS_AT_ONCE })
  return store.linksOfIdentity(identity, { from: link - 1, reverse: true, limit: LINKS_AT_ONCE })
}

/** Past a full scan's last row no link begins that could hold an earlier one. */
function isPast(scan: Scan, { position }: LinkRow): boolean {
  return scan.phase === 'newer' && (position > scan.horizon || isFullBefore(scan, false, position))
}

/** Looks along one link until it is passed, or the limit is looked at: `within` is not null then. */
function passLink<Row>({ strand, reverse }: Merge<Row>, link: LinkRow, leg: Omit<Leg, 'exhausted'>) {
  const { start, limit } = leg
  let { scan } = leg
  let looked = 0
  // Once the scan is full most links hold nothing nearer, which their first row tells.
  let width = scan.found.length < scan.room ? scan.room : 1
  do {
    const stretch = strand.read(link, scan.within ?? start, Math.max(1, Math.min(limit - looked, width)))
    looked += stretch.looked
    scan = keep(scan, reverse, stretch.references)
    const isBeyond = isFullBefore(scan, reverse, stretch.position)
    if (stretch.done || isBeyond) {
      return { scan: { ...scan, link: link.position, within: null }, looked, isBeyond }
    }
    scan = { ...scan, within: stretch.position }
    width = scan.room
  } while (looked < limit)
  return { scan, looked, isBeyond: false }
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
