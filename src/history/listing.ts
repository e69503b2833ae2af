/** A list that can be read on from any place in it, and how a page is taken from one within a budget (H3, H7, H8). */
import type { z } from '@hono/zod-openapi'
import type { Budget } from './budget.ts'

/** What of a list is wanted: its direction, and the ms of server time it is kept to, both ends included. */
export interface Window {
  readonly reverse: boolean
  readonly since: number
  readonly until: number
}

/** All that there is, from the beginning. */
export const WHOLE_TIME: Window = { reverse: false, since: 0, until: Number.MAX_SAFE_INTEGER }

export interface Seen<Row, Place> {
  readonly row: Row
  readonly place: Place
}

export interface Stretch<Row, Place> {
  readonly seen: readonly Seen<Row, Place>[]
  /** Where to read on; the same as came in where nothing was seen. */
  readonly place: Place | null
  /** Rows that were looked at for it, wanted or not. */
  readonly looked: number
  /** Nothing comes after it now. */
  readonly done: boolean
}

/** A list in a fixed order. `read` looks at about `limit` rows after `place` (null = from the beginning). */
export interface Listing<Row, Place> {
  /** What a place looks like in a cursor. */
  readonly placeSchema: z.ZodType<Place>
  read(place: Place | null, limit: number): Stretch<Row, Place>
  /** A place made short enough for a cursor, where it is not. */
  shorten?(place: Place): Place
}

export interface PageOrder<Row, Item> {
  readonly size: number
  readonly budget: Budget
  readonly matches: (row: Row) => boolean
  readonly compose: (row: Row) => Item | Promise<Item>
}

export interface Page<Item, Place> {
  readonly items: readonly Item[]
  /** True where there is, or may be, more: `place` is where (null = the beginning). */
  readonly more: boolean
  readonly place: Place | null
}

/** Rows of one read, which nothing interrupts: well under a slice's ms (H8). */
const READ_ROWS_LEAST = 32
const READ_ROWS_MOST = 128

/**
 * The next page of a list: at most `size` rows that match, composed. It is short, or empty, with `more` where the
 * budget is spent before the page is full.
 */
export async function readPage<Row, Place, Item>(
  listing: Listing<Row, Place>,
  after: Place | null,
  order: PageOrder<Row, Item>,
): Promise<Page<Item, Place>> {
  const { size, budget, matches, compose } = order
  const items: Item[] = []
  const end = (more: boolean, at: Place | null): Page<Item, Place> => ({
    items,
    more,
    place: at === null || listing.shorten === undefined ? at : listing.shorten(at),
  })
  let place = after
  // A row more than the page holds tells whether there is a next one; rare matches are looked for in longer reads.
  let wanted = Math.min(READ_ROWS_MOST, Math.max(READ_ROWS_LEAST, size + 1))
  for (;;) {
    const limit = budget.allow(wanted)
    if (limit === 0) return end(true, place)
    const stretch = listing.read(place, limit)
    budget.spend(stretch.looked)
    for (const { row, place: here } of stretch.seen) {
      if (matches(row)) {
        if (items.length === size) return end(true, place)
        const before = budget.spent()
        const item = await compose(row)
        // What a row contains is looked at on the same budget: a row that it no longer covers begins the next page.
        if (budget.spent() > before && budget.isSpent() && items.length > 0) return end(true, place)
        items.push(item)
        if (budget.spent() > before) await budget.breathe()
      }
      place = here
    }
    place = stretch.place
    if (stretch.done) return end(false, place)
    if (items.length === size) return end(true, place)
    await budget.breathe()
    wanted = READ_ROWS_MOST
  }
}
