/** Relations that were asked for: the newest of each, and where it goes on (H1). */
import type { PageRow, SessionRow, VisitRow } from '../store/rows.ts'
import type { Collection, IdentityRef } from './collections.ts'
import * as collections from './collections.ts'
import { readPage, WHOLE_TIME } from './listing.ts'
import { linkTo, type Reading } from './reading.ts'
import { pageResource, sessionResource, visitResource } from './resources.ts'
import type { IdentityResource, PageResource, SessionResource, VisitResource } from './schemas.ts'
import { identityAlone } from './scope.ts'

export const RELATIONS = ['events', 'pages', 'sessions', 'visits', 'identities'] as const
export type Relation = (typeof RELATIONS)[number]

/** What to include: the relations asked for, and whether in detail. */
export type Includes = ReadonlyMap<Relation, { readonly detail: boolean }>

/** Ids, and resources, that an include holds at most. */
export const INCLUDED_IDS_MAX = 1_000
export const INCLUDED_DETAILS_MAX = 100

export async function visitWith(reading: Reading, row: VisitRow, includes: Includes): Promise<VisitResource> {
  const include = including(reading, includes)
  return {
    ...visitResource(reading, row),
    ...asEvents(await include('events', () => collections.eventsOfVisit(reading, row))),
    ...asPages(await include('pages', () => collections.pagesOfVisit(reading, row))),
    ...asSessions(await include('sessions', () => collections.sessionsOfVisit(reading, row))),
    ...asIdentities(await include('identities', () => collections.identitiesOfVisit(reading, row))),
  }
}

export async function sessionWith(
  reading: Reading,
  row: SessionRow,
  includes: Includes,
): Promise<SessionResource> {
  const include = including(reading, includes)
  return {
    ...sessionResource(reading, row),
    ...asEvents(await include('events', () => collections.eventsOfSession(reading, row))),
    ...asPages(await include('pages', () => collections.pagesOfSession(reading, row))),
  }
}

export async function pageWith(reading: Reading, row: PageRow, includes: Includes): Promise<PageResource> {
  const include = including(reading, includes)
  return {
    ...pageResource(reading, row),
    ...asEvents(await include('events', () => collections.eventsOfPage(reading, row))),
  }
}

export async function identityWith(
  reading: Reading,
  row: IdentityRef,
  includes: Includes,
): Promise<IdentityResource> {
  const include = including(reading, includes)
  return {
    ...identityAlone(reading, row.identity),
    ...asEvents(await include('events', () => collections.eventsOfIdentity(reading, row))),
    ...asPages(await include('pages', () => collections.pagesOfIdentity(reading, row))),
    ...asSessions(await include('sessions', () => collections.sessionsOfIdentity(reading, row))),
    ...asVisits(await include('visits', () => collections.visitsOfIdentity(reading, row))),
  }
}

interface Included<Item> {
  readonly ids: string[]
  /** Null unless asked for in detail. */
  readonly items: Item[] | null
  /** A link, where there are more. */
  readonly next: string | null
}

/** Reads the newest rows of a relation, if it was asked for; else null. */
function including(reading: Reading, includes: Includes) {
  return async <Row, Place, Item>(
    relation: Relation,
    collectionOf: () => Collection<Row, Place, Item>,
  ): Promise<Included<Item> | null> => {
    const asked = includes.get(relation)
    if (asked === undefined) return null
    const { path, params, listing, belongs, idOf, alone } = collectionOf()
    const page = await readPage(listing({ ...WHOLE_TIME, reverse: true }), null, {
      size: asked.detail ? INCLUDED_DETAILS_MAX : INCLUDED_IDS_MAX,
      budget: reading.budget,
      matches: belongs,
      compose: (row) => ({ id: idOf(row), item: asked.detail ? alone(row) : null }),
    })
    const address = { path, params, query: { order: 'desc' } }
    return {
      ids: page.items.map(({ id }) => id),
      items: asked.detail ? page.items.flatMap(({ item }) => (item === null ? [] : [item])) : null,
      next: page.more ? linkTo(reading, address, { place: page.place, asOf: reading.at }) : null,
    }
  }
}

function asEvents<Item>(included: Included<Item> | null) {
  if (included === null) return {}
  const { ids, items, next } = included
  return { eventIds: ids, events: items, ...(next === null ? {} : { eventsNext: next }) }
}

function asPages<Item>(included: Included<Item> | null) {
  if (included === null) return {}
  const { ids, items, next } = included
  return { pageIds: ids, pages: items, ...(next === null ? {} : { pagesNext: next }) }
}

function asSessions<Item>(included: Included<Item> | null) {
  if (included === null) return {}
  const { ids, items, next } = included
  return { sessionIds: ids, sessions: items, ...(next === null ? {} : { sessionsNext: next }) }
}

function asVisits<Item>(included: Included<Item> | null) {
  if (included === null) return {}
  const { ids, items, next } = included
  return { visitIds: ids, visits: items, ...(next === null ? {} : { visitsNext: next }) }
}

function asIdentities<Item>(included: Included<Item> | null) {
  if (included === null) return {}
  const { ids, items, next } = included
  return { identityIds: ids, identities: items, ...(next === null ? {} : { identitiesNext: next }) }
}
