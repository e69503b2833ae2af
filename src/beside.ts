/** What is answered beside History's table, as `/openapi.json` describes it: streams, tickets, health, metrics. */
import { z } from '@hono/zod-openapi'
import type { Beside } from './history/openapi.ts'

const words = (says: string) => z.string().optional().openapi({ description: says })

const filters = {
  kind: words(
    'of identity, visit, event, separated by commas; identity,visit by default; event needs one of the next two',
  ),
  globalVisitID: words('one visitor'),
  identityId: words('one person'),
  state: z
    .enum(['Anonymous', 'Authenticated', 'Recognized', 'WM-Recognized'])
    .optional()
    .openapi({ description: 'of identity changes those that lead to it' }),
}

const live: Beside = {
  method: 'get',
  path: '/live',
  summary: 'What is committed, as server-sent events: `identity`, `visit`, `event`; the id is a position',
  scope: 'history:read',
  query: z.object({
    ...filters,
    lastEventId: words('as the header Last-Event-ID: the position to go on after'),
    ticket: words('instead of a key, and of the filters: it brings them'),
  }),
  answers: {
    200: { description: 'the stream', type: 'text/event-stream', schema: z.string() },
  },
  problems: {
    400: 'a parameter is wrong',
    410: 'what came after this position is not kept: read the state anew',
    503: 'too many streams are open, or the server is going away: see Retry-After',
  },
}

const tickets: Beside = {
  method: 'post',
  path: '/live/tickets',
  summary: 'A ticket for EventSource, which sends no key: once, for a minute, for these filters',
  scope: 'history:read',
  body: { schema: z.object(filters), example: { globalVisitID: '7f1b0a52-0d0c-4d4c-9a3f-6f1f6a1f9c11' } },
  answers: {
    201: {
      description: 'made',
      type: 'application/json',
      schema: z
        .object({
          ticket: z.string(),
          expiresAt: z.number().int().openapi({ description: 'epoch ms' }),
        })
        .openapi('Ticket'),
    },
  },
  problems: { 400: 'a filter is wrong', 413: 'the body is too large' },
}

const health: Beside = {
  method: 'get',
  path: '/healthz',
  summary: 'The process is there',
  scope: null,
  answers: {
    200: { description: 'it is', type: 'application/json', schema: z.object({ status: z.literal('ok') }) },
  },
}

const ReadinessSchema = z
  .looseObject({
    status: z.enum(['ready', 'unavailable']),
    reason: z.string().nullable().openapi({ description: 'why nothing can be acknowledged' }),
    bus: z
      .looseObject({
        degraded: z.boolean(),
        backlogRows: z.number().int(),
        oldestAgeMs: z.number(),
      })
      .nullable()
      .openapi({ description: 'NATS, which makes nobody wait; null = nothing is published' }),
  })
  .openapi('Readiness')

const readiness: Beside = {
  method: 'get',
  path: '/readyz',
  summary: 'Whether events can be acknowledged',
  scope: null,
  answers: {
    200: { description: 'they can', type: 'application/json', schema: ReadinessSchema },
    503: { description: 'they cannot, and why', type: 'application/json', schema: ReadinessSchema },
  },
}

const metrics: Beside = {
  method: 'get',
  path: '/metrics',
  summary: 'What is counted and measured, for Prometheus',
  scope: 'metrics',
  answers: { 200: { description: 'the metrics', type: 'text/plain', schema: z.string() } },
  problems: { 400: 'a key stands in the query' },
}

/** All of it. */
export const BESIDE: readonly Beside[] = [live, tickets, health, readiness, metrics]
