/** Rows of the table that give one event, one User-Agent text, and the rules in force. */
import { z } from '@hono/zod-openapi'
import { isStoredEvent } from '../store/rows.ts'
import { RuleSchema, UserAgentSchema } from './answer-schemas.ts'
import { decodeHistoryId } from './history-id.ts'
import { existingVisitor } from './operation.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import { eventResource } from './resources.ts'
import { type Route, resource } from './route.ts'
import { EventSchema } from './schemas.ts'

const event = resource({
  path: '/events/{historyId}',
  scope: 'history:read',
  summary: 'An event, by the id that History gave it',
  params: z.object({ historyId: z.string() }),
  answer: EventSchema,
  read: (reading, { params }) => {
    const place = decodeHistoryId(params.historyId)
    if (place === null || reading.store.visitor(place.number) === null) throw notFound('event')
    return eventAt(reading, place.number, place.seq)
  },
})

const visitorEvent = resource({
  path: '/visitors/{globalVisitID}/events/{eventID}',
  scope: 'history:read',
  summary: 'An event, by the id that its sender gave it',
  params: z.object({ globalVisitID: z.string(), eventID: z.string() }),
  answer: EventSchema,
  read: (reading, { params }) => {
    const number = existingVisitor(reading, params.globalVisitID)
    const seq = reading.store.seenSeq(number, params.eventID)
    if (seq === 0) throw notFound('event')
    return eventAt(reading, number, seq)
  },
})

const USER_AGENT_ID = /^[A-Za-z0-9-]{1,64}$/

const userAgent = resource({
  path: '/user-agents/{userAgentId}',
  scope: 'history:read',
  summary: 'What a browser called itself',
  params: z.object({ userAgentId: z.string() }),
  answer: UserAgentSchema,
  read: ({ store }, { params }) => {
    const { userAgentId } = params
    const text = USER_AGENT_ID.test(userAgentId) ? store.userAgent(userAgentId) : null
    if (text === null) throw notFound('user agent')
    return { userAgentId, userAgent: text }
  },
})

const rules = resource({
  path: '/rules',
  scope: 'history:read',
  summary: 'The rules in force, and how often each was right',
  params: z.object({}),
  answer: z.array(RuleSchema),
  read: (reading) => reading.rules(),
})

export const SINGLE_ROUTES: readonly Route[] = [event, visitorEvent, userAgent, rules]

function eventAt(reading: Reading, number: number, seq: number) {
  const [entry] = reading.store.entries(number, { from: seq, to: seq, limit: 1 })
  const isThere = entry !== undefined && isStoredEvent(entry) && entry.erased !== true
  if (!isThere) throw notFound('event')
  return eventResource(reading, number, entry)
}
