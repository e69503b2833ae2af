/** Rows of the table under `/identities`. */
import { z } from '@hono/zod-openapi'
import type { LinkRow, PageRow, SessionRow } from '../store/rows.ts'
import { eventsOfIdentity, pagesOfIdentity, sessionsOfIdentity, visitsOfIdentity } from './collections.ts'
import { eventMatches, hasUserAgent, pageMatches } from './filters.ts'
import { identityWith, pageWith, sessionWith, visitWith } from './includes.ts'
import { findVisitor, identityNamed } from './named.ts'
import { FILTERS } from './parameters.ts'
import type { Reading } from './reading.ts'
import { list, type Route, resource } from './route.ts'
import { EventSchema, IdentitySchema, PageSchema, SessionSchema, VisitSchema } from './schemas.ts'

const params = z.object({ identityId: z.string() })
const { age, eventName, eventType, category, url, title, globalVisitID, userAgent } = FILTERS

const identity = resource({
  path: '/identities/{identityId}',
  scope: 'history:read',
  summary: 'A person known by their id',
  params,
  relations: ['events', 'pages', 'sessions', 'visits'],
  answer: IdentitySchema,
  read: (reading, { params, includes }) =>
    identityWith(reading, identityNamed(reading, params.identityId), includes),
})

const visits = list({
  path: '/identities/{identityId}/visits',
  scope: 'history:read',
  summary: 'The visits in which a person was known, in the order they became so',
  params,
  filters: z.object({ age, globalVisitID, userAgent }),
  relations: ['events', 'pages', 'sessions'],
  item: VisitSchema,
  read: (reading, { params, filters, includes }, page) => {
    const among = visitsOfIdentity(reading, identityNamed(reading, params.identityId))
    const ofVisitor = visitorOf(reading, filters.globalVisitID)
    return page({
      ...among,
      belongs: (link: LinkRow) =>
        among.belongs(link) &&
        ofVisitor(link.number) &&
        hasUserAgent(reading, among.visitOf(link), filters.userAgent),
      compose: (link: LinkRow) => visitWith(reading, among.visitOf(link), includes),
    })
  },
})

const sessions = list({
  path: '/identities/{identityId}/sessions',
  scope: 'history:read',
  summary: 'The sessions of a person, on every device',
  params,
  filters: z.object({ age }),
  relations: ['events', 'pages'],
  item: SessionSchema,
  read: (reading, { params, includes }, page) =>
    page({
      ...sessionsOfIdentity(reading, identityNamed(reading, params.identityId)),
      compose: (row: SessionRow) => sessionWith(reading, row, includes),
    }),
})

const pages = list({
  path: '/identities/{identityId}/pages',
  scope: 'history:read',
  summary: 'The pages entered while a person was the one known, on every device',
  params,
  filters: z.object({ age, url, title, category }),
  relations: ['events'],
  item: PageSchema,
  read: (reading, { params, filters, includes }, page) =>
    page({
      ...pagesOfIdentity(reading, identityNamed(reading, params.identityId), pageMatches(filters)),
      compose: (row: PageRow) => pageWith(reading, row, includes),
    }),
})

const events = list({
  path: '/identities/{identityId}/events',
  scope: 'history:read',
  summary: 'What happened while a person was the one known, on every device',
  params,
  filters: z.object({ age, eventName, eventType, category, url, globalVisitID }),
  item: EventSchema,
  read: (reading, { params, filters }, page) => {
    const ofVisitor = visitorOf(reading, filters.globalVisitID)
    const matches = eventMatches(filters)
    const among = eventsOfIdentity(
      reading,
      identityNamed(reading, params.identityId),
      (row) => ofVisitor(row.number) && matches(row),
    )
    return page({ ...among, compose: among.alone })
  },
})

function visitorOf(reading: Reading, wanted: string | undefined): (number: number) => boolean {
  if (wanted === undefined) return () => true
  const known = findVisitor(reading, wanted)
  return (number) => number === known
}

export const IDENTITY_ROUTES: readonly Route[] = [identity, visits, sessions, pages, events]
