/** Rows of the table under `/visits`. */
import { z } from '@hono/zod-openapi'
import type { LinkRow, PageRow, SessionRow } from '../store/rows.ts'
import { eventsOfVisit, identitiesOfVisit, pagesOfVisit, sessionsOfVisit } from './collections.ts'
import { eventMatches, pageMatches } from './filters.ts'
import { identityWith, pageWith, sessionWith, visitWith } from './includes.ts'
import { findIdentity, visitNamed } from './named.ts'
import { FILTERS } from './parameters.ts'
import { visitThen } from './past-visit.ts'
import { wrongParameter } from './problem.ts'
import type { Reading } from './reading.ts'
import { list, type Route, resource } from './route.ts'
import { EventSchema, IdentitySchema, PageSchema, SessionSchema, VisitSchema } from './schemas.ts'

const params = z.object({ visitId: z.string() })
const { at, age, eventName, eventType, category, url, title, browserPageID, identityId, association } =
  FILTERS

const visit = resource({
  path: '/visits/{visitId}',
  scope: 'history:read',
  summary: 'A visit, by its id or by another id that became its alias',
  params,
  relations: ['events', 'pages', 'sessions', 'identities'],
  answer: VisitSchema,
  filters: z.object({ at }),
  read: (reading, { params, filters, includes }) => {
    const row = visitNamed(reading, params.visitId)
    if (filters.at === undefined) return visitWith(reading, row, includes)
    if (includes.size > 0) {
      throw wrongParameter('at', 'at goes with no include: ask the lists of the visit with to=')
    }
    return visitThen(reading, row, filters.at)
  },
})

const events = list({
  path: '/visits/{visitId}/events',
  scope: 'history:read',
  summary: 'What was recorded in a visit',
  params,
  filters: z.object({ age, eventName, eventType, category, url, browserPageID }),
  item: EventSchema,
  read: (reading, { params, filters }, page) => {
    const among = eventsOfVisit(reading, visitNamed(reading, params.visitId))
    const wanted = eventMatches(filters)
    return page({ ...among, belongs: (row) => among.belongs(row) && wanted(row), compose: among.alone })
  },
})

const pages = list({
  path: '/visits/{visitId}/pages',
  scope: 'history:read',
  summary: 'The pages entered in a visit',
  params,
  filters: z.object({ age, url, title, category }),
  relations: ['events'],
  item: PageSchema,
  read: (reading, { params, filters, includes }, page) =>
    page({
      ...pagesOfVisit(reading, visitNamed(reading, params.visitId)),
      belongs: pageMatches(filters),
      compose: (row: PageRow) => pageWith(reading, row, includes),
    }),
})

const sessions = list({
  path: '/visits/{visitId}/sessions',
  scope: 'history:read',
  summary: 'The sessions of a visit: who was signed in, and when',
  params,
  filters: z.object({ identityId, age }),
  relations: ['events', 'pages'],
  item: SessionSchema,
  read: (reading, { params, filters, includes }, page) => {
    const ofIdentity = numberOf(reading, filters.identityId)
    const among = sessionsOfVisit(reading, visitNamed(reading, params.visitId))
    return page({
      ...among,
      belongs: (row: SessionRow) =>
        among.belongs(row) && (ofIdentity === null || row.identity === ofIdentity),
      compose: (row: SessionRow) => sessionWith(reading, row, includes),
    })
  },
})

const identities = list({
  path: '/visits/{visitId}/identities',
  scope: 'history:read',
  summary: 'Who was known in a visit',
  params,
  filters: z.object({ association }),
  relations: ['events', 'pages', 'sessions', 'visits'],
  item: IdentitySchema,
  read: (reading, { params, filters, includes }, page) => {
    const among = identitiesOfVisit(reading, visitNamed(reading, params.visitId))
    const wanted = filters.association
    return page({
      ...among,
      belongs: (link: LinkRow) =>
        among.belongs(link) && (wanted === undefined || link.association === wanted),
      compose: (link: LinkRow) =>
        identityWith(reading, { identity: link.identity, identityId: among.idOf(link) }, includes),
    })
  },
})

/** The identity's number; 0 for one that nobody has, null for any. */
function numberOf(reading: Reading, identityId: string | undefined): number | null {
  return identityId === undefined ? null : (findIdentity(reading, identityId)?.identity ?? 0)
}

export const VISIT_ROUTES: readonly Route[] = [visit, events, pages, sessions, identities]
