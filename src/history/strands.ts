/** The rows of one link, as merged lists need them: events, sessions, pages. */
import type { Span, Store } from '../store/contract.ts'
import {
  isStoredEvent,
  type LinkRow,
  type PageRow,
  type SessionRow,
  type StoredEntry,
} from '../store/rows.ts'
import type { Window } from './listing.ts'
import type { Reference, Strand } from './merged.ts'
import { type OrdinalRow, ordinalBeyond } from './ordinals.ts'
import { type PlacedEntry, streamListing } from './streams.ts'

/** Of rows, those that a list wants: what is looked for in vain is looked at once, however many links there are. */
export type Wanted<Row> = (row: Row) => boolean

/** The events applied while the link's identity was the current one (E10), in the window. */
export function eventStrand(store: Store, window: Window, wanted: Wanted<PlacedEntry>): Strand<PlacedEntry> {
  const { reverse } = window
  return {
    read: (link, place, limit) => {
      const bounds = reverse ? { before: place } : { after: place }
      const part = { number: link.number, ranges: link.ranges, window: { ...window, ...bounds } }
      const { seen, looked, done } = streamListing(store, part).read(null, limit)
      const references = seen
        // Ranges may be coarse: what counts is said on the entry.
        .filter(({ row }) => isOf(link, row.entry) && wanted(row))
        .map(({ row: { entry } }): Reference => [entry.position, link.number, entry.visit, entry.seq])
      return { references, position: seen.at(-1)?.row.entry.position ?? place, looked, done }
    },
    load: (references) =>
      runsOf(references).flatMap((run) => {
        const [[, number, , from]] = run
        const last = run.at(-1)?.[3] ?? from
        const entries = store.entries(number, { from, to: last, limit: last - from + 1 })
        const bySeq = new Map(entries.map((entry) => [entry.seq, entry]))
        return run.flatMap((reference) => {
          const entry = bySeq.get(reference[3])
          return entry === undefined ? [] : [[reference, { number, entry }] as const]
        })
      }),
  }
}

function isOf(link: LinkRow, entry: StoredEntry): boolean {
  return isStoredEvent(entry) && entry.visit === link.visit && entry.identity === link.identity
}

export function sessionStrand(store: Store, reverse: boolean): Strand<SessionRow> {
  return {
    read: (link, place, limit) =>
      readOrdinals(link, (span) => store.sessions(link.number, link.visit, span), {
        ...{ place, limit, reverse },
        wanted: (session) => session.identity === link.identity,
      }),
    load: (references) =>
      loadOneByOne(references, (number, visit, ordinal) => store.session(number, visit, ordinal)),
  }
}

export function pageStrand(store: Store, reverse: boolean, wanted: Wanted<PageRow>): Strand<PageRow> {
  return {
    read: (link, place, limit) =>
      readOrdinals(link, (span) => store.pages(link.number, link.visit, span), {
        ...{ place, limit, reverse },
        wanted: (page) => page.identity === link.identity && wanted(page),
      }),
    load: (references) =>
      loadOneByOne(references, (number, visit, ordinal) => store.page(number, visit, ordinal)),
  }
}

/** Entries this near lie in the same chunk, or the next: reading what is between costs less than reading twice. */
const RUN_GAP = 16

type Run = [Reference, ...Reference[]]

/** References of one visitor that are near each other, by rising seq. */
function runsOf(references: readonly Reference[]): readonly Run[] {
  const rising = [...references].sort((a, b) => a[1] - b[1] || a[3] - b[3])
  const runs: Run[] = []
  for (const reference of rising) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    const isNear = last !== undefined && last[1] === reference[1] && reference[3] - last[3] <= RUN_GAP
    if (run !== undefined && isNear) run.push(reference)
    else runs.push([reference])
  }
  return runs
}

function loadOneByOne<Row>(
  references: readonly Reference[],
  load: (number: number, visit: number, key: number) => Row | null,
): readonly (readonly [Reference, Row])[] {
  return references.flatMap((reference) => {
    const row = load(reference[1], reference[2], reference[3])
    return row === null ? [] : [[reference, row] as const]
  })
}

interface Leg<Row> {
  readonly place: number
  readonly limit: number
  readonly reverse: boolean
  readonly wanted: Wanted<Row>
}

function readOrdinals<Row extends OrdinalRow>(
  link: LinkRow,
  read: (span: Span) => readonly Row[],
  { place, limit, reverse, wanted }: Leg<Row>,
) {
  const { ordinal, looked } = ordinalBeyond(read, place, reverse)
  if (ordinal === null) return { references: [], position: place, looked, done: true }
  const rows = read({ from: ordinal, limit, reverse })
  const references = rows
    .filter(wanted)
    .map((row): Reference => [row.position, link.number, link.visit, row.ordinal])
  return {
    references,
    position: rows.at(-1)?.position ?? place,
    looked: looked + rows.length,
    done: rows.length < limit,
  }
}
