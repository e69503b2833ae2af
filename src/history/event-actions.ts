/** Rows of the table that record what a browser would have sent: visits, events, sessions, pages. */
import { randomUUID } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { action } from './action.ts'
import { encodeHistoryId } from './history-id.ts'
import { sessionNamed, visitNamed } from './named.ts'
import {
  eventIdOf,
  type Placed,
  type Posted,
  recordEvent,
  type Said,
  systemWords,
  wordsIn,
} from './posted-events.ts'
import { conflict, wrongParameter } from './problem.ts'
import type { Reading } from './reading.ts'
import { eventResource, pageResource, sessionResource, visitResource } from './resources.ts'
import type { Asked, Reply, Route } from './route.ts'
import { EventSchema, PageSchema, SessionSchema, VisitSchema } from './schemas.ts'

const text = z.string().optional()
const words = {
  eventID: text.openapi({ description: 'as the header Idempotency-Key' }),
  globalVisitID: text.openapi({ description: "the visitor, if given, must be the visit's" }),
  pageID: text.openapi({ description: "the browser's id of the page" }),
  timestamp: z.number().optional(),
  url: text,
  title: text,
  referrer: text,
  category: text,
  languageCode: text,
  data: z.record(z.string(), z.unknown()).optional(),
}
const BROWSER_ID = /^[A-Za-z0-9_-]{1,64}$/
const browserId = z.string().regex(BROWSER_ID, 'must be 1..64 characters of A-Z a-z 0-9 _ -').optional()

const startVisit = action({
  path: '/visits',
  scope: 'history:write',
  summary: 'VisitStarted; without a globalVisitID of a new visitor',
  params: z.object({}),
  body: z.looseObject({
    ...words,
    globalVisitID: browserId.openapi({ description: 'the visitor; without it a new one' }),
    visitId: browserId.openapi({ description: 'the visit; made here where it is not given' }),
    userAgent: text.openapi({ description: 'what the browser calls itself' }),
  }),
  example: { visitId: 'kiosk-2-77', url: 'https://shop.example/', userAgent: 'Kiosk/2' },
  answer: VisitSchema,
  makes: true,
  act: async (reading, { body, by }) => {
    const { globalVisitID: named, visitId = randomUUID(), userAgent } = body
    const eventID = eventIdOf(body, by)
    // The same call again must find the visitor that it made.
    const globalVisitID = named ?? reading.visitorIdFor(`${by.who}\n${eventID}`)
    const placed = await recordEvent(reading, {
      globalVisitID,
      eventID,
      words: { ...systemWords('VisitStarted', body, ['visitId', 'userAgent']), visitID: visitId },
      userAgent,
    })
    const visit = reading.store.visit(placed.number, placed.entry.visit)
    if (visit === null) throw elsewhere('visit')
    return made(placed, `/visits/${encodeURIComponent(visit.visitId)}`, visitResource(reading, visit))
  },
})

const visitParams = z.object({ visitId: z.string() })

const addEvent = action({
  path: '/visits/{visitId}/events',
  scope: 'history:write',
  summary: 'An event of a visit',
  params: visitParams,
  body: z.looseObject({
    ...words,
    eventType: z.enum(['SYSTEM', 'BUSINESS']).default('BUSINESS'),
    eventName: z.string(),
    visitID: text.openapi({ description: "if given, the path's" }),
  }),
  example: { eventName: 'CalledBack', url: 'https://shop.example/', data: { line: 2 } },
  answer: EventSchema,
  makes: true,
  act: async (reading, { params, body, by }) => {
    const { eventType, eventName, data = {}, visitID = params.visitId } = body
    if (visitID !== params.visitId) throw wrongParameter('visitID', "visitID must be the path's")
    const placed = await recordInVisit(reading, params.visitId, {
      said: body,
      by,
      words: { ...wordsIn(body), eventType, eventName, data },
    })
    const { number, entry } = placed
    const historyId = encodeHistoryId({ number, seq: entry.seq })
    return made(placed, `/events/${historyId}`, eventResource(reading, number, entry))
  },
})

const addSession = action({
  path: '/visits/{visitId}/sessions',
  scope: 'history:write',
  summary: 'SignIn: from now on this person is signed in; what else is said of them is their profile',
  params: visitParams,
  body: z.looseObject({ ...words, identityId: z.string() }),
  example: { identityId: 'pat@example.com', name: 'Pat' },
  answer: SessionSchema,
  makes: true,
  act: async (reading, { params, body, by }) => {
    const words = systemWords('SignIn', body, [])
    const placed = await recordInVisit(reading, params.visitId, { said: body, by, words })
    const { number, entry } = placed
    const session = reading.store.session(number, entry.visit, entry.session)
    if (session === null) throw elsewhere('session')
    return made(placed, `/sessions/${session.sessionId}`, sessionResource(reading, session))
  },
})

const addPage = action({
  path: '/sessions/{sessionId}/pages',
  scope: 'history:write',
  summary: 'PageEntered, while the session is open',
  params: z.object({ sessionId: z.string() }),
  body: z.looseObject({ ...words, url: z.string() }),
  example: { url: 'https://shop.example/cart', title: 'Cart' },
  answer: PageSchema,
  makes: true,
  act: async (reading, { params, body, by }) => {
    const session = sessionNamed(reading, params.sessionId)
    const visitId = reading.names.visit(session.number, session.visit)?.visitId ?? ''
    const eventID = eventIdOf(body, by)
    // The same call again finds its page, even when the session is over by then.
    const isNew = reading.store.seenSeq(session.number, eventID) === 0
    if (isNew && session.endDate !== 0) throw conflict('the session is over', { reason: 'ended' })
    const words = systemWords('PageEntered', body, [])
    const placed = await recordInVisit(reading, visitId, { said: { ...body, eventID }, by, words })
    const { number, entry } = placed
    const page = reading.store.page(number, entry.visit, entry.page)
    if (page === null) throw elsewhere('page')
    return made(placed, `/pages/${page.pageId}`, pageResource(reading, page))
  },
})

interface InVisit {
  readonly said: Said
  readonly by: Asked
  readonly words: Said
}

/** A visit belongs to one visitor, who need not be named; whoever is must be that one. */
function recordInVisit(reading: Reading, visitId: string, { said, by, words }: InVisit): Promise<Placed> {
  const { number } = visitNamed(reading, visitId)
  const globalVisitID = reading.names.globalVisitID(number)
  if (said.globalVisitID !== undefined && said.globalVisitID !== globalVisitID) {
    throw wrongParameter('globalVisitID', "globalVisitID must be the visit's visitor")
  }
  const posted: Posted = {
    globalVisitID,
    eventID: eventIdOf(said, by),
    words: { ...words, visitID: visitId },
  }
  return recordEvent(reading, posted)
}

function made({ fresh }: Placed, location: string, body: object): Reply {
  return { is: 'made', body, location, fresh }
}

/** It was recorded where it makes none: in a visit that has ended. */
function elsewhere(what: string) {
  return conflict(`it was recorded as late, and made no ${what}`, { reason: 'late' })
}

export const EVENT_ACTIONS: readonly Route[] = [startVisit, addEvent, addSession, addPage]
