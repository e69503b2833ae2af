/** Contact rows as a list by position, then by their number within one entry. */
import { z } from '@hono/zod-openapi'
import type { Span, Store } from '../store/contract.ts'
import type { ContactRow } from '../store/rows.ts'
import { positionSince } from './commit-list.ts'
import type { Listing, Window } from './listing.ts'

/** [position, n]: one entry may make several rows. */
export type ContactPlace = readonly [number, number]

const placeSchema = z.tuple([z.number().int(), z.number().int()]).readonly()

/** `read` is one of the store's lists of contacts. What was linked before the window is not looked at. */
export function contactListing(
  store: Store,
  read: (span: Span) => readonly ContactRow[],
  window: Window,
): Listing<ContactRow, ContactPlace> {
  const { reverse } = window
  const isAfter = (row: ContactRow, [position, n]: ContactPlace): boolean => {
    const distance = row.position - position || row.n - n
    return reverse ? distance < 0 : distance > 0
  }
  return {
    placeSchema,
    read: (place, limit) => {
      // A row of the place's own position is included: the rows already given of that entry are passed over.
      const wanted = limit + (place === null ? 0 : ROWS_OF_ENTRY_MAX)
      const edge = place === null && !reverse ? positionSince(store, window.since) : NO_EDGE
      const from = place === null ? edge.position : place[0]
      const rows = read({ ...(from === 0 ? {} : { from }), limit: wanted, reverse })
      const fresh = (place === null ? rows : rows.filter((row) => isAfter(row, place))).slice(0, limit)
      const inWindow = fresh.filter((row) => row.at >= window.since && row.at <= window.until)
      const last = fresh.at(-1)
      const over = last !== undefined && (reverse ? last.at < window.since : last.at > window.until)
      return {
        seen: inWindow.map((row) => ({ row, place: placeOf(row) })),
        place: last === undefined ? place : placeOf(last),
        looked: rows.length + edge.looked,
        done: over || (rows.length < wanted && fresh.length < limit),
      }
    },
  }
}

const NO_EDGE = { position: 0, looked: 0 }

/** More contact rows than one entry makes. */
const ROWS_OF_ENTRY_MAX = 16

function placeOf(row: ContactRow): ContactPlace {
  return [row.position, row.n]
}
