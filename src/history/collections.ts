/** The collections that History lists: where their rows come from, which of them belong, and what they become. */
import {
  isStoredEvent,
  type LinkRow,
  type PageRow,
  type SessionRow,
  type StoredEntry,
  type VisitRow,
} from '../store/rows.ts'
import { linkListing, linksOfVisitListing } from './link-lists.ts'
import type { Listing, Window } from './listing.ts'
import { type MergedPlace, mergedListing, type Strand } from './merged.ts'
import { ordinalListing } from './ordinals.ts'
import type { Reading, Texts } from './reading.ts'
import { eventResource, pageResource, sessionResource, visitResource } from './resources.ts'
import type { EventResource } from './schemas.ts'
import { identityAlone } from './scope.ts'
import { eventStrand, pageStrand, sessionStrand, type Wanted } from './strands.ts'
import { type PlacedEntry, streamListing } from './streams.ts'

/** A collection of `Row`s that are shown as `Item`s. */
export interface Collection<Row, Place, Item> {
  /** The route that lists it. */
  readonly path: string
  readonly params: Texts
  readonly listing: (window: Window) => Listing<Row, Place>
  /** Rows that the listing passes over but that are not of the collection. */
  readonly belongs: (row: Row) => boolean
  /** The time that `from`, `to` and `age` are about. */
  readonly time: (row: Row) => number
  readonly idOf: (row: Row) => string
  /** The row as a resource without relations. */
  readonly alone: (row: Row) => Item
}

export function eventsOfVisit(reading: Reading, visit: VisitRow) {
  const { number, ordinal, ranges, visitId } = visit
  return {
    ...eventsAmong(reading, (entry) => entry.visit === ordinal),
    path: '/visits/{visitId}/events',
    params: { visitId },
    listing: (window: Window) => streamListing(reading.store, { number, ranges, window }),
  }
}

export function eventsOfSession(reading: Reading, session: SessionRow) {
  const { number, visit, ordinal, ranges, sessionId } = session
  return {
    ...eventsAmong(reading, (entry) => entry.session === ordinal && entry.visit === visit),
    path: '/sessions/{sessionId}/events',
    params: { sessionId },
    listing: (window: Window) => streamListing(reading.store, { number, ranges, window }),
  }
}

export function eventsOfPage(reading: Reading, page: PageRow) {
  const { number, visit, ordinal, ranges, pageId } = page
  return {
    ...eventsAmong(reading, (entry) => entry.page === ordinal && entry.visit === visit),
    path: '/pages/{pageId}/events',
    params: { pageId },
    listing: (window: Window) => streamListing(reading.store, { number, ranges, window }),
  }
}

export function eventsOfIdentity(
  reading: Reading,
  { identity, identityId }: IdentityRef,
  wanted: Wanted<PlacedEntry> = () => true,
) {
  const among = eventsAmong(reading, () => true)
  const belongs = (row: PlacedEntry) => among.belongs(row) && wanted(row)
  return {
    ...among,
    belongs,
    path: '/identities/{identityId}/events',
    params: { identityId },
    listing: (window: Window) =>
      merged(reading, identity, window, eventStrand(reading.store, window, belongs)),
  }
}

/** An identity by its number and by its name. */
export interface IdentityRef {
  readonly identity: number
  readonly identityId: string
}

/** Events of any list of entries: what else is in a stream does not belong. */
export function eventsAmong(reading: Reading, belongs: (entry: StoredEntry) => boolean) {
  return {
    // Q12: of an erased event only its place is left.
    belongs: ({ entry }: PlacedEntry) => isStoredEvent(entry) && entry.erased !== true && belongs(entry),
    time: ({ entry }: PlacedEntry) => entry.at,
    idOf: ({ entry }: PlacedEntry) => (isStoredEvent(entry) ? entry.words.eventID : ''),
    alone: ({ number, entry }: PlacedEntry): EventResource => {
      if (!isStoredEvent(entry)) throw new TypeError(`entry ${entry.seq} is no event`)
      return eventResource(reading, number, entry)
    },
  }
}

export function pagesOfVisit(reading: Reading, { number, ordinal, visitId }: VisitRow) {
  return {
    ...pagesAmong(reading),
    path: '/visits/{visitId}/pages',
    params: { visitId },
    listing: ({ reverse }: Window) =>
      ordinalListing((span) => reading.store.pages(number, ordinal, span), reverse),
  }
}

export function pagesOfSession(reading: Reading, { number, visit, ordinal, sessionId }: SessionRow) {
  return {
    ...pagesAmong(reading),
    path: '/sessions/{sessionId}/pages',
    params: { sessionId },
    listing: ({ reverse }: Window) =>
      ordinalListing((span) => reading.store.pages(number, visit, span), reverse),
    belongs: (page: PageRow) => page.session === ordinal,
  }
}

export function pagesOfIdentity(
  reading: Reading,
  { identity, identityId }: IdentityRef,
  wanted: Wanted<PageRow> = () => true,
) {
  return {
    ...pagesAmong(reading),
    belongs: wanted,
    path: '/identities/{identityId}/pages',
    params: { identityId },
    listing: (window: Window) =>
      merged(reading, identity, window, pageStrand(reading.store, window.reverse, wanted)),
  }
}

function pagesAmong(reading: Reading) {
  return {
    belongs: (_: PageRow) => true,
    time: (page: PageRow) => page.startDate,
    idOf: (page: PageRow) => page.pageId,
    alone: (page: PageRow) => pageResource(reading, page),
  }
}

export function sessionsOfVisit(reading: Reading, { number, ordinal, visitId }: VisitRow) {
  return {
    ...sessionsAmong(reading),
    path: '/visits/{visitId}/sessions',
    params: { visitId },
    listing: ({ reverse }: Window) =>
      ordinalListing((span) => reading.store.sessions(number, ordinal, span), reverse),
  }
}

export function sessionsOfIdentity(reading: Reading, { identity, identityId }: IdentityRef) {
  return {
    ...sessionsAmong(reading),
    path: '/identities/{identityId}/sessions',
    params: { identityId },
    listing: (window: Window) =>
      merged(reading, identity, window, sessionStrand(reading.store, window.reverse)),
  }
}

function sessionsAmong(reading: Reading) {
  return {
    // Q12: of one who is being erased.
    belongs: (session: SessionRow) => reading.store.identity(session.identity) !== null,
    time: (session: SessionRow) => session.startDate,
    idOf: (session: SessionRow) => session.sessionId,
    alone: (session: SessionRow) => sessionResource(reading, session),
  }
}

export function identitiesOfVisit(reading: Reading, { number, ordinal, visitId }: VisitRow) {
  const { store, names } = reading
  return {
    path: '/visits/{visitId}/identities',
    params: { visitId },
    listing: ({ reverse }: Window) =>
      linksOfVisitListing(
        { read: (span) => store.linksOfVisit(number, ordinal, span), lastPosition: store.lastPosition },
        reverse,
      ),
    belongs: (link: LinkRow) => link.association !== null && store.identity(link.identity) !== null,
    time: (link: LinkRow) => store.identity(link.identity)?.firstSeen ?? 0,
    idOf: (link: LinkRow) => names.identityId(link.identity) ?? '',
    alone: (link: LinkRow) => identityAlone(reading, link.identity),
  }
}

export function visitsOfIdentity(reading: Reading, { identity, identityId }: IdentityRef) {
  const { store, names } = reading
  const visitOf = (link: LinkRow) => names.visit(link.number, link.visit)
  const visitLinked = (link: LinkRow): VisitRow => {
    const visit = visitOf(link)
    if (visit === null) throw new TypeError(`visit ${link.visit} of visitor ${link.number} has no row`)
    return visit
  }
  return {
    path: '/identities/{identityId}/visits',
    params: { identityId },
    listing: (window: Window) => linkListing(store, identity, window),
    belongs: (link: LinkRow) => link.association !== null && visitOf(link) !== null,
    time: (link: LinkRow) => visitOf(link)?.startDate ?? 0,
    idOf: (link: LinkRow) => visitOf(link)?.visitId ?? '',
    visitOf: visitLinked,
    alone: (link: LinkRow) => visitResource(reading, visitLinked(link)),
  }
}

function merged<Row>(
  reading: Reading,
  identity: number,
  { reverse }: Window,
  strand: Strand<Row>,
): Listing<Row, MergedPlace> {
  return mergedListing(reading.store, { identity, reverse, strand })
}
