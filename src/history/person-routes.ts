/** Rows of the table about people: all of them, the devices of one, the contacts of one. */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { ContactRow, IdentityRow, LinkRow } from '../store/rows.ts'
import { contactListing } from './contact-list.ts'
import { hasUserAgent } from './filters.ts'
import { identityWith } from './includes.ts'
import { linkListing } from './link-lists.ts'
import type { Listing } from './listing.ts'
import { identityNamed } from './named.ts'
import { FILTERS } from './parameters.ts'
import type { Reading } from './reading.ts'
import { contactResource } from './resources.ts'
import { list, type Route } from './route.ts'
import { ContactSchema, IdentitySchema, VisitorSchema } from './schemas.ts'
import { LINKS_AT_ONCE, LINKS_MAX } from './scope.ts'
import { visitorNow } from './visitor-resource.ts'

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
      listing: ({ reverse }) => everybody(reading.store, reverse),
      belongs: (row: IdentityRow) =>
        (filters.location === undefined || locationOf(row) === filters.location) &&
        (filters.userAgent === undefined || hasVisitWith(reading, row.identity, filters.userAgent)),
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
      const view = reading.viewVisitor(names.globalVisitID(number))
      return view?.identityId === identityId && view.visit?.ordinal === visit
    }
    return page({
      listing: ({ reverse }) => linkListing((span) => store.linksOfIdentity(identity, span), reverse),
      belongs: (link: LinkRow) =>
        link.association !== null &&
        (filters.live === undefined ? isFirstOfItsVisitor(reading, link) : isHereNow(link)),
      time: (link: LinkRow) => names.visit(link.number, link.visit)?.startDate ?? 0,
      compose: (link: LinkRow) => visitorNow(reading, names.globalVisitID(link.number)),
    })
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
    const { identity } = identityNamed(reading, params.identityId)
    return page({
      listing: (window) => contactListing((span) => reading.store.contactsOfIdentity(identity, span), window),
      belongs: () => true,
      time: (row: ContactRow) => row.at,
      compose: (row: ContactRow) => contactResource(reading, row),
    })
  },
})

export const PERSON_ROUTES: readonly Route[] = [identities, visitors, contacts]

function everybody(store: Store, reverse: boolean): Listing<IdentityRow, number> {
  return {
    placeSchema: z.number().int().min(1),
    read: (place, limit) => {
      const from = place === null ? {} : { from: reverse ? place - 1 : place + 1 }
      const rows = store.identities({ ...from, limit, reverse })
      return {
        seen: rows.map((row) => ({ row, place: row.identity })),
        place: rows.at(-1)?.identity ?? place,
        looked: rows.length,
        done: rows.length < limit,
      }
    },
  }
}

function locationOf({ profile }: IdentityRow): unknown {
  return Object.hasOwn(profile, 'location') ? profile.location?.value : undefined
}

/** Of the person's newest visits: whether one was made with this browser. */
function hasVisitWith(reading: Reading, identity: number, userAgent: string): boolean {
  const { store, names, budget } = reading
  let from: number | undefined
  for (let looked = 0; looked < LINKS_MAX; looked += LINKS_AT_ONCE) {
    const span = { ...(from === undefined ? {} : { from }), limit: LINKS_AT_ONCE, reverse: true }
    const links = store.linksOfIdentity(identity, span)
    budget.spend(links.length)
    for (const { number, visit, association } of links) {
      const row = association === null ? null : names.visit(number, visit)
      if (row !== null && hasUserAgent(reading, row, userAgent)) return true
    }
    const last = links.at(-1)
    if (last === undefined || links.length < LINKS_AT_ONCE) return false
    from = last.position - 1
  }
  return false
}

/** A device is given once: with the first of its visits in which the person was known. */
function isFirstOfItsVisitor({ store, budget }: Reading, { number, visit, identity }: LinkRow): boolean {
  for (let earlier = 1; earlier < visit; earlier += 1) {
    budget.spend(1)
    const link = store.link(number, earlier, identity)
    if (link !== null && link.association !== null) return false
  }
  return true
}
