/** Rows of the table under `/visitors`: who is there now, and the stream that led to it. */
import { z } from '@hono/zod-openapi'
import { isPast, momentOf, viewAt } from './moment.ts'
import { existingVisitor } from './operation.ts'
import { FILTERS } from './parameters.ts'
import { notFound } from './problem.ts'
import { streamEntryResource } from './resources.ts'
import { list, type Route, resource } from './route.ts'
import { StreamEntrySchema, VisitorSchema } from './schemas.ts'
import { type PlacedEntry, streamListing, WHOLE_STREAM } from './streams.ts'
import { visitorNow, visitorResource } from './visitor-resource.ts'

const { at, seq } = FILTERS
const params = z.object({ globalVisitID: z.string() })

const visitor = resource({
  path: '/visitors/{globalVisitID}',
  scope: 'history:read',
  summary: 'A browser as it is now: who is believed to be there, how sure that is, on which pages',
  params,
  answer: VisitorSchema,
  filters: z.object({ at, seq }),
  read: async (reading, { params, filters }) => {
    if (!isPast(filters)) return visitorNow(reading, params.globalVisitID)
    const row = reading.store.visitor(existingVisitor(reading, params.globalVisitID))
    if (row === null) throw notFound('visitor')
    const moment = momentOf(reading, row, filters)
    const view = await viewAt(reading, row, moment)
    return visitorResource(reading, view, { at: moment.at, connections: null })
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
    const number = existingVisitor(reading, params.globalVisitID)
    return page({
      listing: (window) => streamListing(reading.store, { number, ranges: WHOLE_STREAM, window }),
      belongs: () => true,
      time: ({ entry }: PlacedEntry) => entry.at,
      compose: ({ entry }: PlacedEntry) => streamEntryResource(reading, number, entry),
    })
  },
})

export const VISITOR_ROUTES: readonly Route[] = [visitor, stream]
