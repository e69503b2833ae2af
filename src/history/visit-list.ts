/** `GET /visits`: all visits there are, or those of a visitor, of a person, or that are open now. */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { LinkRow, StoredEntry, VisitRow } from '../store/rows.ts'
import { visitsOfIdentity } from './collections.ts'
import { commitListing, HOLDS_EVENTS } from './commit-list.ts'
import { hasUserAgent } from './filters.ts'
import { visitWith } from './includes.ts'
import type { Listing, Window } from './listing.ts'
import { findIdentity, findVisitor } from './named.ts'
import { openVisits } from './open-visits.ts'
import { ordinalListing } from './ordinals.ts'
import { FILTERS } from './parameters.ts'
import type { Reading } from './reading.ts'
import { list, type Reply, type Route } from './route.ts'
import { VisitSchema } from './schemas.ts'
import type { PlacedEntry } from './streams.ts'

const { globalVisitID, live, identityId, age, userAgent } = FILTERS

/** One way to find visits: its rows, and the visit that each of them means. */
interface Way<Row, Place> {
  readonly listing: (window: Window) => Listing<Row, Place>
  readonly visitOf: (row: Row) => VisitRow | null
}

const visits = list({
  path: '/visits',
  scope: 'history:read',
  summary: 'Visits: in the order they were opened, or as the filter finds them',
  params: z.object({}),
  filters: z.object({ globalVisitID, live, identityId, age, userAgent }),
  relations: ['events', 'pages', 'sessions'],
  item: VisitSchema,
  read: (reading, { filters, includes }, page) => {
    const { store } = reading
    const number = filters.globalVisitID === undefined ? null : findVisitor(reading, filters.globalVisitID)
    const identity = filters.identityId === undefined ? null : findIdentity(reading, filters.identityId)
    const isWanted = (visit: VisitRow): boolean =>
      (number === null || visit.number === number) &&
      (filters.live === undefined || visit.endDate === 0) &&
      (filters.identityId === undefined ||
        hasLink(store.link(visit.number, visit.ordinal, identity?.identity ?? 0))) &&
      hasUserAgent(reading, visit, filters.userAgent)
    const give = <Row, Place>({ listing, visitOf }: Way<Row, Place>): Promise<Reply> =>
      page({
        listing,
        belongs: (row: Row) => {
          const visit = visitOf(row)
          return visit !== null && isWanted(visit)
        },
        time: (row: Row) => visitOf(row)?.startDate ?? 0,
        compose: (row: Row) => visitWith(reading, existing(visitOf(row)), includes),
      })
    // Each way has places of its own; a query always takes the same way.
    if (number !== null) return give(ofVisitor(store, number))
    if (filters.identityId !== undefined) {
      if (identity === null) return give({ listing: () => NONE, visitOf: () => null })
      const { listing, visitOf } = visitsOfIdentity(reading, identity)
      return give({ listing, visitOf: (link: LinkRow) => (hasLink(link) ? visitOf(link) : null) })
    }
    return filters.live === undefined ? give(ofAll(reading)) : give(openVisits(reading))
  },
})

export const VISIT_LIST_ROUTES: readonly Route[] = [visits]

function hasLink(link: LinkRow | null): boolean {
  return link !== null && link.association !== null
}

function ofVisitor(store: Store, number: number): Way<VisitRow, number> {
  return {
    listing: ({ reverse }) => ordinalListing((span) => store.visits(number, span), reverse),
    visitOf: (visit) => visit,
  }
}

/** An event that occurred so long before it came may have opened its visit then (E5). */
const EVENT_AGE_MAX_MS = 7 * 24 * 60 * 60_000

/** By the entries that opened them: a stretch of time is found by halving, and only its events are looked at. */
function ofAll(reading: Reading): Way<PlacedEntry, number> {
  const { store, names } = reading
  return {
    listing: (window) => {
      const until = Math.min(window.until, Number.MAX_SAFE_INTEGER - EVENT_AGE_MAX_MS) + EVENT_AGE_MAX_MS
      return commitListing(store, HOLDS_EVENTS, { ...window, until })
    },
    visitOf: ({ number, entry }) => {
      const ordinal = openedBy(entry)
      return ordinal === 0 ? null : names.visit(number, ordinal)
    },
  }
}

/** The ordinal of the visit that this entry opened, or 0. */
function openedBy({ outcome }: StoredEntry): number {
  if (!Array.isArray(outcome)) return 0
  const opened: unknown = outcome.find((fact) => fact?.type === 'visit.opened')
  if (typeof opened !== 'object' || opened === null || !('ordinal' in opened)) return 0
  return Number(opened.ordinal)
}

function existing(visit: VisitRow | null): VisitRow {
  if (visit === null) throw new TypeError('a row that means no visit does not belong')
  return visit
}

const NONE: Listing<never, number> = {
  placeSchema: z.number(),
  read: (place) => ({ seen: [], place, looked: 0, done: true }),
}
