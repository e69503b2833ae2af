/** Rows of the table under `/sessions` and `/pages`. */
import { z } from '@hono/zod-openapi'
import type { PageRow } from '../store/rows.ts'
import { eventsOfPage, eventsOfSession, pagesOfSession } from './collections.ts'
import { eventMatches, pageMatches } from './filters.ts'
import { pageWith, sessionWith } from './includes.ts'
import { pageNamed, sessionNamed } from './named.ts'
import { FILTERS } from './parameters.ts'
import { list, type Route, resource } from './route.ts'
import { EventSchema, PageSchema, SessionSchema } from './schemas.ts'

const params = z.object({ sessionId: z.string() })
const { age, eventName, eventType, category, url, title, browserPageID } = FILTERS

const session = resource({
  path: '/sessions/{sessionId}',
  scope: 'history:read',
  summary: 'A session: the stretch of a visit in which one person was signed in',
  params,
  relations: ['events', 'pages'],
  answer: SessionSchema,
  read: (reading, { params, includes }) =>
    sessionWith(reading, sessionNamed(reading, params.sessionId), includes),
})

const events = list({
  path: '/sessions/{sessionId}/events',
  scope: 'history:read',
  summary: 'What happened from sign-in to sign-out, both included',
  params,
  filters: z.object({ age, eventName, eventType, category, url, browserPageID }),
  item: EventSchema,
  read: (reading, { params, filters }, page) => {
    const among = eventsOfSession(reading, sessionNamed(reading, params.sessionId))
    const wanted = eventMatches(filters)
    return page({ ...among, belongs: (row) => among.belongs(row) && wanted(row), compose: among.alone })
  },
})

const pages = list({
  path: '/sessions/{sessionId}/pages',
  scope: 'history:read',
  summary: 'The pages entered while it was open',
  params,
  filters: z.object({ age, url, title, category }),
  relations: ['events'],
  item: PageSchema,
  read: (reading, { params, filters, includes }, page) => {
    const among = pagesOfSession(reading, sessionNamed(reading, params.sessionId))
    const wanted = pageMatches(filters)
    return page({
      ...among,
      belongs: (row: PageRow) => among.belongs(row) && wanted(row),
      compose: (row: PageRow) => pageWith(reading, row, includes),
    })
  },
})

const page = resource({
  path: '/pages/{pageId}',
  scope: 'history:read',
  summary: 'A page: one entry into it',
  params: z.object({ pageId: z.string() }),
  relations: ['events'],
  answer: PageSchema,
  read: (reading, { params, includes }) => pageWith(reading, pageNamed(reading, params.pageId), includes),
})

const pageEvents = list({
  path: '/pages/{pageId}/events',
  scope: 'history:read',
  summary: 'What happened on a page',
  params: z.object({ pageId: z.string() }),
  filters: z.object({ age, eventName, eventType, category }),
  item: EventSchema,
  read: (reading, { params, filters }, page) => {
    const among = eventsOfPage(reading, pageNamed(reading, params.pageId))
    const wanted = eventMatches(filters)
    return page({ ...among, belongs: (row) => among.belongs(row) && wanted(row), compose: among.alone })
  },
})

export const SESSION_ROUTES: readonly Route[] = [session, events, pages, page, pageEvents]
