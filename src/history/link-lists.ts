/** Links as lists: an identity's by position, a visit's by position and identity. */
import { z } from '@hono/zod-openapi'
import type { Span } from '../store/contract.ts'
import type { LinkRow } from '../store/rows.ts'
import type { Listing } from './listing.ts'

const positionSchema = z.number().int().min(0)

/** An identity's links: each was first made by another entry, so that a position is a place. */
export function linkListing(
  read: (span: Span) => readonly LinkRow[],
  reverse: boolean,
): Listing<LinkRow, number> {
  return {
    placeSchema: positionSchema,
    read: (place, limit) => {
      const from = place === null ? {} : { from: reverse ? place - 1 : place + 1 }
      const rows = read({ ...from, limit, reverse })
      return {
        seen: rows.map((row) => ({ row, place: row.position })),
        place: rows.at(-1)?.position ?? place,
        looked: rows.length,
        done: rows.length < limit,
      }
    },
  }
}

const pairSchema = z.tuple([z.number().int(), z.number().int()]).readonly()

/** A visit's links: as many as people were known in it. `read` gives them all. */
export function linksOfVisitListing(
  read: () => readonly LinkRow[],
  reverse: boolean,
): Listing<LinkRow, readonly [position: number, identity: number]> {
  const order = reverse ? -1 : 1
  const compare = (row: LinkRow, [position, identity]: readonly [number, number]): number =>
    order * (row.position - position || row.identity - identity)
  return {
    placeSchema: pairSchema,
    read: (place, limit) => {
      const rows = [...read()].sort((a, b) => compare(a, [b.position, b.identity]))
      const rest = place === null ? rows : rows.filter((row) => compare(row, place) > 0)
      const given = rest.slice(0, limit)
      const last = given.at(-1)
      return {
        seen: given.map((row) => ({ row, place: [row.position, row.identity] as const })),
        place: last === undefined ? place : [last.position, last.identity],
        looked: given.length,
        done: rest.length <= limit,
      }
    },
  }
}
