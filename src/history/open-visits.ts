/** The visits that are open now, from their index: a page costs what it gives. */
import { z } from '@hono/zod-openapi'
import type { OpenVisit } from '../store/contract.ts'
import type { VisitRow } from '../store/rows.ts'
import type { Listing, Window } from './listing.ts'
import type { Reading } from './reading.ts'

interface OpenVisits {
  /** By the number of their visitor, which is their order of coming here first. */
  readonly listing: (window: Window) => Listing<OpenVisit, number>
  readonly visitOf: (open: OpenVisit) => VisitRow | null
}

/** A visitor has one open visit, so that its number is a place. */
export function openVisits({ store, names }: Pick<Reading, 'store' | 'names'>): OpenVisits {
  return {
    listing: ({ reverse }) => ({
      placeSchema: z.number().int().min(1),
      read: (place, limit) => {
        const from = place === null ? {} : { from: reverse ? place - 1 : place + 1 }
        const found = store.openVisits({ ...from, limit, reverse })
        return {
          seen: found.map((row) => ({ row, place: row.number })),
          place: found.at(-1)?.number ?? place,
          looked: found.length,
          done: found.length < limit,
        }
      },
    }),
    visitOf: ({ number, visit }) => names.visit(number, visit),
  }
}
