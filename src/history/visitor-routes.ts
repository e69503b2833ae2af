/** Rows of the table under `/visitors`: who is there now, and the stream that led to it. */
import { z } from '@hono/zod-openapi'
import type { VisitorView } from '../visitors/views.ts'
import { findVisitor } from './named.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import { streamEntryResource } from './resources.ts'
import { list, type Route, resource } from './route.ts'
import { StreamEntrySchema, type VisitorResource, VisitorSchema } from './schemas.ts'
import { type PlacedEntry, streamListing, WHOLE_STREAM } from './streams.ts'

const params = z.object({ globalVisitID: z.string() })

const visitor = resource({
  path: '/visitors/{globalVisitID}',
  scope: 'history:read',
  summary: 'A browser as it is now: who is believed to be there, how sure that is, on which pages',
  params,
  answer: VisitorSchema,
  read: (reading, { params }) => {
    const { globalVisitID } = params
    const view = findVisitor(reading, globalVisitID) === 0 ? null : reading.viewVisitor(globalVisitID)
    if (view === null) throw notFound('visitor')
    return visitorResource(reading, view)
  },
})

const stream = list({
  path: '/visitors/{globalVisitID}/stream',
  scope: 'history:read',
  summary: 'All that reached a visitor, by `seq`, and what followed from it',
  params,
  filters: z.object({}),
  item: StreamEntrySchema,
  read: (reading, { params }, page) => {
    const number = findVisitor(reading, params.globalVisitID)
    if (number === 0 || reading.store.visitor(number) === null) throw notFound('visitor')
    return page({
      listing: (window) => streamListing(reading.store, { number, ranges: WHOLE_STREAM, window }),
      belongs: () => true,
      time: ({ entry }: PlacedEntry) => entry.at,
      compose: ({ entry }: PlacedEntry) => streamEntryResource(reading, number, entry),
    })
  },
})

function visitorResource(reading: Reading, view: VisitorView): VisitorResource {
  const { globalVisitID, seq, position, state, identityId, interaction, since, session, lastActivity } = view
  const { number, visit, rejected, lease } = view
  return {
    globalVisitID,
    seq,
    position,
    state,
    identityId,
    confidence: view.confidence && confidenceAt(view.confidence, reading.at),
    interaction,
    since,
    visit: visit && { visitId: visit.visitId, startDate: visit.startDate, implicit: visit.implicit },
    session,
    pages: view.pages.map(({ ordinal, pageId, browserPageID, enteredAt }) => {
      const row = visit && reading.store.page(number, visit.ordinal, ordinal)
      return {
        pageID: pageId,
        browserPageID,
        url: row?.url ?? null,
        title: row?.title ?? null,
        startDate: enteredAt,
      }
    }),
    connections: reading.connections(globalVisitID),
    lastActivity,
    rejected: [...rejected],
    lease,
  }
}

/** A confidence halves every `halfLifeMs`; three decimals. */
function confidenceAt(kept: NonNullable<VisitorView['confidence']>, at: number): number {
  const { confidence, asOf, halfLifeMs } = kept
  const value = halfLifeMs === null ? confidence : confidence * 2 ** (-Math.max(0, at - asOf) / halfLifeMs)
  return Math.round(value * 1_000) / 1_000
}

export const VISITOR_ROUTES: readonly Route[] = [visitor, stream]
