/** What History answers, as schemas: the types of its resources, and their part of `/openapi.json` (H6). */
import { z } from '@hono/zod-openapi'
import { EXAMPLES } from './examples.ts'

export const ms = (says: string) =>
  z
    .number()
    .int()
    .openapi({ description: `${says}, epoch ms` })
const endMs = z.number().int().openapi({ description: 'epoch ms; 0 = still open' })
export const orNull = z.string().nullable()
export const anything = z.record(z.string(), z.unknown())

/** What every refusal answers (H2). */
export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    parameter: z.string().optional().openapi({ description: 'the one that is wrong' }),
  })
  .openapi('Problem')

/** A relation that was asked for, or null (H1). */
const ids = z.array(z.string()).nullable()
const next = z.string().optional().openapi({ description: 'where the relation goes on, if it has more' })
const no = z.null()

export const EventSchema = z
  .object({
    eventID: z.string(),
    category: z.string().openapi({ description: 'categories joined by `;`; empty = none' }),
    eventType: z.enum(['SYSTEM', 'BUSINESS']),
    eventName: z.string(),
    serverTimestamp: ms('when the server took it'),
    occurredAt: ms("when it occurred, by the server's clock"),
    browserPageID: z.string().openapi({ description: "the browser's id of the page" }),
    globalVisitID: z.string(),
    url: z.string(),
    timestamp: ms("the browser's clock, as it was sent"),
    visitID: z.string().openapi({ description: 'the visit it is recorded in' }),
    pageID: orNull.openapi({ description: "the server's id of the page" }),
    sessionId: orNull,
    identityId: orNull,
    languageCode: orNull,
    title: orNull,
    referrer: orNull,
    data: anything,
    historyId: z.string(),
    seq: z.number().int(),
    position: z.number().int(),
    late: z.literal(true).optional(),
    implicit: z.literal(true).optional(),
  })
  .openapi('Event', { example: EXAMPLES.event })

const pageFields = {
  pageID: z.string(),
  browserPageID: z.string(),
  visitID: z.string(),
  globalVisitID: z.string(),
  sessionId: orNull,
  identityId: orNull,
  url: z.string(),
  title: orNull,
  category: z.string(),
  referrer: orNull,
  startDate: ms('entered'),
  endDate: endMs,
  duration: z.number().int().openapi({ description: 'whole seconds, truncated; 0 while it is open' }),
}

const events = { eventIds: ids, events: z.array(EventSchema).nullable(), eventsNext: next }
const noEvents = { eventIds: no, events: no }

export const PageSchema = z.object({ ...pageFields, ...events }).openapi('Page', { example: EXAMPLES.page })
const PageAlone = z.object({ ...pageFields, ...noEvents }).openapi('PageAlone')

const pages = { pageIds: ids, pages: z.array(PageAlone).nullable(), pagesNext: next }
const noPages = { pageIds: no, pages: no }

const sessionFields = {
  sessionId: z.string(),
  identityId: z.string(),
  startDate: ms('signed in'),
  endDate: endMs,
  duration: z.number().int().openapi({ description: 'whole seconds, truncated; 0 while it is open' }),
  visitId: z.string(),
  globalVisitID: z.string(),
  reason: orNull.openapi({ description: 'why it ended' }),
}

export const SessionSchema = z
  .object({ ...sessionFields, ...events, ...pages })
  .openapi('Session', { example: EXAMPLES.session })
const SessionAlone = z.object({ ...sessionFields, ...noEvents, ...noPages }).openapi('SessionAlone')

const sessions = { sessionIds: ids, sessions: z.array(SessionAlone).nullable(), sessionsNext: next }
const noSessions = { sessionIds: no, sessions: no }

const visitFields = {
  visitId: z.string(),
  startDate: ms('began'),
  endDate: endMs,
  activeSessionId: z.string().openapi({
    description: 'the open session; 00000000-0000-1000-8000-000000000000 = none',
  }),
  globalVisitID: z.string(),
  userAgentId: orNull,
  userAgent: orNull,
  reason: orNull.openapi({ description: 'why it ended' }),
  implicit: z.boolean().openapi({ description: 'opened by another event than VisitStarted' }),
}

const identityFields = {
  identityId: z.string(),
  name: orNull,
  location: orNull,
  entityInCS: orNull.openapi({ description: "the linked contact's id" }),
  visitScope: z.enum(['Authenticated', 'Recognized', 'WM-Recognized']),
  profile: anything,
  contact: anything.nullable(),
  firstSeen: ms('first named'),
  lastSeen: ms('last named'),
}

const VisitAlone = z
  .object({
    ...visitFields,
    ...noEvents,
    ...noPages,
    ...noSessions,
    identityIds: no,
    identities: no,
  })
  .openapi('VisitAlone')

const IdentityAlone = z
  .object({ ...identityFields, ...noEvents, ...noPages, ...noSessions, visitIds: no, visits: no })
  .openapi('IdentityAlone')

export const VisitSchema = z
  .object({
    ...visitFields,
    ...events,
    ...pages,
    ...sessions,
    identityIds: ids,
    identities: z.array(IdentityAlone).nullable(),
    identitiesNext: next,
  })
  .openapi('Visit', { example: EXAMPLES.visit })

export const IdentitySchema = z
  .object({
    ...identityFields,
    ...events,
    ...pages,
    ...sessions,
    visitIds: ids,
    visits: z.array(VisitAlone).nullable(),
    visitsNext: next,
  })
  .openapi('Identity', { example: EXAMPLES.identity })

export const ContactSchema = z
  .object({
    identityId: z.string(),
    contactId: orNull,
    sessionId: orNull,
    visitId: z.string(),
    globalVisitId: z.string(),
    scope: z.string(),
    how: z.string(),
    at: ms('linked'),
    retractedAt: z.number().int().optional(),
  })
  .openapi('Contact', { example: EXAMPLES.contact })

export const StreamEntrySchema = z
  .object({
    seq: z.number().int(),
    position: z.number().int(),
    at: ms('when the server took it'),
    kind: z.string().openapi({ description: '`event`, `presence.came`, `deadline`, `confirm`...' }),
    visitId: orNull,
    sessionId: orNull,
    identityId: orNull,
    event: EventSchema.nullable(),
    payload: anything.nullable().openapi({ description: 'what other entries say' }),
    outcome: z.unknown().openapi({ description: 'what followed; null = it was only recorded' }),
    faulted: z.literal(true).optional(),
  })
  .openapi('StreamEntry')

export const VisitorSchema = z
  .object({
    globalVisitID: z.string(),
    seq: z.number().int(),
    position: z.number().int(),
    state: z.string().openapi({ description: 'Anonymous, Authenticated, Recognized or WM-Recognized' }),
    identityId: orNull,
    confidence: z.number().nullable().openapi({ description: '0..1, as it is now' }),
    interaction: z.string().openapi({ description: 'non-identified, identified or verify' }),
    since: ms('when it came to this state'),
    visit: z.object({ visitId: z.string(), startDate: ms('began'), implicit: z.boolean() }).nullable(),
    session: z.object({ sessionId: z.string(), startDate: ms('signed in') }).nullable(),
    pages: z.array(
      z.object({
        pageID: z.string(),
        browserPageID: z.string(),
        url: orNull,
        title: orNull,
        startDate: ms('entered'),
      }),
    ),
    connections: z.number().int().nullable().openapi({
      description: 'its sockets, now; null for a moment that is past',
    }),
    lastActivity: z.number().int().nullable(),
    rejected: z.array(z.string()).openapi({ description: 'identities it is not' }),
    lease: z
      .object({ leaseId: z.number().int(), engine: z.string(), purpose: z.string(), until: z.number().int() })
      .nullable(),
  })
  .openapi('Visitor', { example: EXAMPLES.visitor })

export type EventResource = z.infer<typeof EventSchema>
export type PageResource = z.infer<typeof PageSchema>
export type SessionResource = z.infer<typeof SessionSchema>
export type VisitResource = z.infer<typeof VisitSchema>
export type IdentityResource = z.infer<typeof IdentitySchema>
export type ContactResource = z.infer<typeof ContactSchema>
export type StreamEntryResource = z.infer<typeof StreamEntrySchema>
export type VisitorResource = z.infer<typeof VisitorSchema>
