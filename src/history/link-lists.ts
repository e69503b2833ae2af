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

/** Links of a visit that are read at a time: others work in between (H8). */
const LINKS_AT_ONCE = 256
/** Links that one pass keeps: more than most pages hold (H7). */
const KEPT_MAX = 1_024

/** One pass over all links of a visit, a part at each read. */
interface Pass {
  /** Whoever becomes known while it goes on is left to the next one: none is passed over. */
  readonly until: number
  from: number
  near: LinkRow[]
  looked: number
  isMore: boolean
}

/**
 * A visit's links, by when each was made. They lie by identity: all are passed over, and those that come next kept. A
 * pass is charged when it is done, so that however many there are a page gets on.
 */
export function linksOfVisitListing(
  {
    read,
    lastPosition,
  }: { readonly read: (span: Span) => readonly LinkRow[]; readonly lastPosition: () => number },
  reverse: boolean,
): Listing<LinkRow, readonly [position: number, identity: number]> {
  const order = reverse ? -1 : 1
  const compare = (row: LinkRow, [position, identity]: readonly [number, number]): number =>
    order * (row.position - position || row.identity - identity)
  let pass: Pass | null = null

  const nearest = ({ near }: Pass): LinkRow[] =>
    near.sort((a, b) => compare(a, [b.position, b.identity])).slice(0, KEPT_MAX)

  return {
    placeSchema: pairSchema,
    read: (place) => {
      pass ??= { until: lastPosition(), from: 0, near: [], looked: 0, isMore: false }
      const { until } = pass
      const rows = read({ from: pass.from, limit: LINKS_AT_ONCE })
      const isNext = (row: LinkRow): boolean =>
        row.position <= until && (place === null || compare(row, place) > 0)
      pass.near.push(...rows.filter(isNext))
      pass.looked += rows.length
      pass.isMore ||= pass.near.length > KEPT_MAX
      const lastRead = rows.at(-1)
      if (lastRead !== undefined && rows.length === LINKS_AT_ONCE) {
        pass.from = lastRead.identity + 1
        if (pass.near.length > 2 * KEPT_MAX) pass.near = nearest(pass)
        return { seen: [], place, looked: 0, done: false }
      }
      const { looked, isMore } = pass
      const kept = nearest(pass)
      pass = null
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
