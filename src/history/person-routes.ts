/** Rows of the table about people: all of them, the devices of one, the contacts of one. */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { ContactRow, IdentityRow, LinkRow } from '../store/rows.ts'
import { contactListing } from './contact-list.ts'
import { hasUserAgent } from './filters.ts'
import { identityWith } from './includes.ts'
import { linkListing } from './link-lists.ts'
import type { Listing, Window } from './listing.ts'
import { identityNamed } from './named.ts'
import { FILTERS } from './parameters.ts'
import type { Reading } from './reading.ts'
import { contactResource } from './resources.ts'
import { list, type Route } from './route.ts'
import { ContactSchema, IdentitySchema, VisitorSchema } from './schemas.ts'
import { type Found, findFirst } from './search.ts'
import { visitorNow } from './visitor-resource.ts'
import { type Walk, walkedListing } from './walked.ts'

const params = z.object({ identityId: z.string() })
const { age, location, userAgent, live } = FILTERS

const identities = list({
  path: '/identities',
  scope: 'history:read',
  summary: 'Everybody who was ever named, in the order they were first',
  params: z.object({}),
  filters: z.object({ location, userAgent }),
  relations: ['events', 'pages', 'sessions', 'visits'],
  item: IdentitySchema,
  read: (reading, { filters, includes }, page) =>
    page({
      listing: (window) =>
        walkedListing(everybody(reading.store, window), (row, at, limit) =>
          filters.location === undefined || locationOf(row) === filters.location
            ? visitWithBrowser(
                reading,
                { identity: row.identity, userAgent: filters.userAgent },
                { at, limit },
              )
            : { belongs: false, at: 0, looked: 0 },
        ),
      belongs: () => true,
      time: (row: IdentityRow) => row.firstSeen,
      compose: (row: IdentityRow) => identityWith(reading, row, includes),
    }),
})

const visitors = list({
  path: '/identities/{identityId}/visitors',
  scope: 'history:read',
  summary: 'The devices on which a person was known; with `live=true` those where they are now',
  params,
  filters: z.object({ live }),
  item: VisitorSchema,
  read: (reading, { params, filters }, page) => {
    const { store, names } = reading
    const { identity, identityId } = identityNamed(reading, params.identityId)
    const isHereNow = ({ number, visit }: LinkRow): boolean => {
      if (names.visit(number, visit)?.endDate !== 0) return false
      const view = reading.viewVisitor(names.globalVisitID(number))
      return view?.identityId === identityId && view.visit?.ordinal === visit
    }
    const links = (window: Window) => linkListing(store, identity, window)
    const shown = {
      time: (link: LinkRow) => names.visit(link.number, link.visit)?.startDate ?? 0,
      compose: (link: LinkRow) => visitorNow(reading, names.globalVisitID(link.number)),
    }
    if (filters.live !== undefined) {
      const belongs = (link: LinkRow) => link.association !== null && isHereNow(link)
      return page({ ...shown, listing: links, belongs })
    }
    const listing = (window: Window) => walkedListing(links(window), firstOfItsVisitor(store))
    return page({ ...shown, listing, belongs: () => true })
  },
})

const contacts = list({
  path: '/identities/{identityId}/contacts',
  scope: 'history:read',
  summary: 'How a person was linked to visits',
  params,
  filters: z.object({ age }),
  item: ContactSchema,
  read: (reading, { params }, page) => {
    const { store } = reading
    const { identity } = identityNamed(reading, params.identityId)
    return page({
      listing: (window) => contactListing(store, (span) => store.contactsOfIdentity(identity, span), window),
      belongs: () => true,
      time: (row: ContactRow) => row.at,
      compose: (row: ContactRow) => contactResource(reading, row),
    })
  },
})

export const PERSON_ROUTES: readonly Route[] = [identities, visitors, contacts]

/** By number, which is their order of being named first: those before the window are not looked at. */
function everybody(store: Store, { reverse, since }: Window): Listing<IdentityRow, number> {
  return {
    placeSchema: z.number().int().min(1),
    read: (place, limit) => {
      const edge = place === null && !reverse ? firstSince(store, since) : { key: 0, looked: 0 }
      const from = place === null ? edge.key : reverse ? place - 1 : place + 1
      const rows = store.identities({ ...(from === 0 ? {} : { from }), limit, reverse })
      return {
        seen: rows.map((row) => ({ row, place: row.identity })),
        place: rows.at(-1)?.identity ?? place,
        looked: rows.length + edge.looked,
        done: rows.length < limit || (reverse && (rows.at(-1)?.firstSeen ?? 0) < since),
      }
    },
  }
}

/** The number of the first who was named at a time or later. */
function firstSince(store: Store, since: number): Found {
  const [last] = store.identities({ limit: 1, reverse: true })
  if (last === undefined || since <= 0) return { key: 0, looked: 0 }
  return findFirst<IdentityRow>({
    low: 1,
    high: last.identity,
    firstFrom: (from) => {
      const [row] = store.identities({ from, limit: 1 })
      return row === undefined ? null : { key: row.identity, row }
    },
    holds: ({ firstSeen }) => firstSeen >= since,
  })
}

function locationOf({ profile }: IdentityRow): unknown {
  return Object.hasOwn(profile, 'location') ? profile.location?.value : undefined
}

/** Whether one of the person's visits was made with this browser: the newest are asked first. */
function visitWithBrowser(
  { store, names }: Pick<Reading, 'store' | 'names'>,
  { identity, userAgent }: { readonly identity: number; readonly userAgent: string | undefined },
  { at, limit }: { readonly at: number | null; readonly limit: number },
): Walk {
  if (userAgent === undefined) return { belongs: true, at: 0, looked: 0 }
  const from = at === null ? {} : { from: at }
  const links = store.linksOfIdentity(identity, { ...from, limit, reverse: true })
  const isMade = links.some(({ number, visit, association }) => {
    const row = association === null ? null : names.visit(number, visit)
    return row !== null && hasUserAgent({ store }, row, userAgent)
  })
  const last = links.at(-1)
  const looked = links.length
  if (isMade) return { belongs: true, at: 0, looked }
  if (last === undefined || looked < limit) return { belongs: false, at: 0, looked }
  return { belongs: null, at: last.position - 1, looked }
}

/** Visitors whose first visit is remembered; of more, it is looked for again. */
const FIRSTS_MAX = 4_096

/** A device is given once: with the first of its visits in which the person was known. */
function firstOfItsVisitor(store: Store): (link: LinkRow, at: number | null, limit: number) => Walk {
  const firsts = new Map<number, number>()
  return ({ number, visit, identity, association }, at, limit) => {
    if (association === null) return { belongs: false, at: 0, looked: 0 }
    const first = firsts.get(number)
    if (first !== undefined) return { belongs: first === visit, at: 0, looked: 0 }
    const from = at ?? 1
    const to = Math.min(visit, from + limit)
    let ordinal = from
    while (ordinal < to && !isKnownIn(store, { number, visit: ordinal, identity })) ordinal += 1
    const looked = ordinal - from + 1
    if (ordinal === to && to < visit) return { belongs: null, at: ordinal, looked }
    if (firsts.size >= FIRSTS_MAX) firsts.clear()
    firsts.set(number, ordinal)
    return { belongs: ordinal === visit, at: 0, looked }
  }
}

function isKnownIn(
  store: Store,
  { number, visit, identity }: Pick<LinkRow, 'number' | 'visit' | 'identity'>,
): boolean {
  const link = store.link(number, visit, identity)
  return link !== null && link.association !== null
}
