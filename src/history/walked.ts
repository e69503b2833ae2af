/** A list of which each row is decided by a walk over others: walked a part at a time, and gone on with (H7, H8). */
import { z } from '@hono/zod-openapi'
import type { Listing, Seen } from './listing.ts'

/** How far a walk came: `belongs` is null where it is not decided yet, and goes on `at`. */
export interface Walk {
  readonly belongs: boolean | null
  readonly at: number
  readonly looked: number
}

export interface WalkedPlace {
  /** The last row that was decided; null = none yet. */
  readonly decided: number | null
  /** Where the walk of the next one goes on; null = it has not begun. */
  readonly at: number | null
}

const whole = z.number().int().min(0).nullable()
const placeSchema = z.object({ decided: whole, at: whole })
const ROWS_AT_ONCE = 32

/** The rows of a list that belong. `walk` looks at up to `limit` others from `at` (null = from the beginning). */
export function walkedListing<Row>(
  rows: Listing<Row, number>,
  walk: (row: Row, at: number | null, limit: number) => Walk,
): Listing<Row, WalkedPlace> {
  return {
    placeSchema,
    read: (place, limit) => {
      const found = rows.read(place?.decided ?? null, Math.min(limit, ROWS_AT_ONCE))
      const seen: Seen<Row, WalkedPlace>[] = []
      let { looked } = found
      let here: WalkedPlace = place ?? { decided: null, at: null }
      for (const { row, place: decided } of found.seen) {
        for (;;) {
          if (looked >= limit + found.looked) return { seen, place: here, looked, done: false }
          const { belongs, at, looked: more } = walk(row, here.at, limit)
          looked += more
          here = belongs === null ? { ...here, at } : { decided, at: null }
          if (belongs === true) seen.push({ row, place: here })
          if (belongs !== null) break
        }
      }
      return { seen, place: here, looked, done: found.done }
    },
  }
}
