/** A visitor's visits, or a visit's sessions or pages, as a list by ordinal. */
import { z } from '@hono/zod-openapi'
import type { Span } from '../store/contract.ts'
import type { Listing } from './listing.ts'
import { findFirst } from './search.ts'

/** What sessions and pages have in common. */
export interface OrdinalRow {
  readonly number: number
  readonly visit: number
  readonly ordinal: number
  readonly position: number
}

export type ReadOrdinals<Row extends OrdinalRow> = (span: Span) => readonly Row[]

const ordinalSchema = z.number().int().min(1)

/** Its places are ordinals. `read` is one of the store's lists within one visitor or visit. */
export function ordinalListing<Row extends Pick<OrdinalRow, 'ordinal'>>(
  read: (span: Span) => readonly Row[],
  reverse: boolean,
): Listing<Row, number> {
  return {
    placeSchema: ordinalSchema,
    read: (place, limit) => {
      const from = place === null ? {} : { from: reverse ? place - 1 : place + 1 }
      const rows = read({ ...from, limit, reverse })
      return {
        seen: rows.map((row) => ({ row, place: row.ordinal })),
        place: rows.at(-1)?.ordinal ?? place,
        looked: rows.length,
        done: rows.length < limit,
      }
    },
  }
}

/** The ordinal to read on from (null = none) for rows after a position, or before it where `reverse`. */
export function ordinalBeyond<Row extends OrdinalRow>(
  read: ReadOrdinals<Row>,
  position: number,
  reverse: boolean,
): { readonly ordinal: number | null; readonly looked: number } {
  const [first] = read({ limit: 1 })
  const [last] = read({ limit: 1, reverse: true })
  if (first === undefined || last === undefined) return { ordinal: null, looked: 1 }
  const { key, looked } = findFirst({
    low: first.ordinal,
    high: last.ordinal,
    firstFrom: (ordinal) => {
      const [row] = read({ from: ordinal, limit: 1 })
      return row === undefined ? null : { key: row.ordinal, row }
    },
    holds: (row) => (reverse ? row.position >= position : row.position > position),
  })
  const ordinal = reverse ? key - 1 : key
  const exists = ordinal >= first.ordinal && ordinal <= last.ordinal
  return { ordinal: exists ? ordinal : null, looked: looked + 2 }
}
