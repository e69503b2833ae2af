/** Links as lists: an identity's by position, a visit's by position and identity. */
import { z } from '@hono/zod-openapi'
import type { Span, Store } from '../store/contract.ts'
import type { LinkRow } from '../store/rows.ts'
import { positionSince } from './commit-list.ts'
import type { Listing, Window } from './listing.ts'

const positionSchema = z.number().int().min(0)

/**
 * An identity's links: each was first made by another entry, so that a position is a place. A visit began before the
 * person was known in it, so that links made before the window are not looked at.
 */
export function linkListing(
  store: Store,
  identity: number,
  { reverse, since }: Window,
): Listing<LinkRow, number> {
  let edge: { readonly position: number; readonly looked: number } | null = null
  return {
    placeSchema: positionSchema,
    read: (place, limit) => {
      const isFirst = edge === null
      edge ??= positionSince(store, since)
      const first = reverse ? {} : { from: edge.position }
      const from = place === null ? first : { from: reverse ? place - 1 : place + 1 }
      const rows = store.linksOfIdentity(identity, { ...from, limit, reverse })
      const last = rows.at(-1)
      return {
        seen: rows.map((row) => ({ row, place: row.position })),
        place: last?.position ?? place,
        looked: rows.length + (isFirst ? edge.looked : 0),
        done: rows.length < limit || (reverse && last !== undefined && last.position < edge.position),
      }
    },
  }
}

const pairSchema = z.tuple([z.number().int(), z.number().int()]).readonly()

/** Links of a visit that are read at a time. */
const LINKS_AT_ONCE = 256

/** A visit's links, by when each was made. They lie by identity: all are passed over, and those that come next kept (H7). */
export function linksOfVisitListing(
  read: (span: Span) => readonly LinkRow[],
  reverse: boolean,
): Listing<LinkRow, readonly [position: number, identity: number]> {
  const order = reverse ? -1 : 1
  const compare = (row: LinkRow, [position, identity]: readonly [number, number]): number =>
    order * (row.position - position || row.identity - identity)
  return {
    placeSchema: pairSchema,
    read: (place, limit) => {
      let kept: LinkRow[] = []
      let [looked, isMore] = [0, false]
      for (const rows of partsOf(read)) {
        looked += rows.length
        const rest = place === null ? rows : rows.filter((row) => compare(row, place) > 0)
        const near = [...kept, ...rest].sort((a, b) => compare(a, [b.position, b.identity]))
        isMore ||= near.length > limit
        kept = near.slice(0, limit)
      }
      const last = kept.at(-1)
      return {
        seen: kept.map((row) => ({ row, place: [row.position, row.identity] as const })),
        place: last === undefined ? place : [last.position, last.identity],
        looked,
        done: !isMore,
      }
    },
  }
}

function* partsOf(read: (span: Span) => readonly LinkRow[]): Generator<readonly LinkRow[]> {
  for (let from = 0; ; ) {
    const rows = read({ from, limit: LINKS_AT_ONCE })
    yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < LINKS_AT_ONCE) return
    from = last.identity + 1
  }
}
