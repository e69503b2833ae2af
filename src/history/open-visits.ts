/**
 * The visits that are open now. Each has a deadline (its inactivity, at least), so that the deadlines' index holds
 * every visitor with one: it is read whole, up to a bound (some 10 ms of reading), past which the visitors are walked.
 */
import { z } from '@hono/zod-openapi'
import type { VisitRow } from '../store/rows.ts'
import type { Listing, Window } from './listing.ts'
import type { Reading } from './reading.ts'

/** Visitors whose numbers are read from the index at once. */
export const OPEN_VISITS_MAX = 20_000
/** So many numbers of an index cost about as much as a row. */
const NUMBERS_A_ROW = 16

const numberSchema = z.number().int().min(1)

interface OpenVisits {
  /** By the number of their visitor, which is their order of coming here first. */
  readonly listing: (window: Window) => Listing<number, number>
  readonly visitOf: (number: number) => VisitRow | null
}

export function openVisits(reading: Reading): OpenVisits {
  const { store, names, viewVisitor } = reading
  let last: { readonly number: number; readonly visit: VisitRow | null } = { number: 0, visit: null }
  return {
    listing: ({ reverse }) => {
      const armed = store.due(Number.MAX_SAFE_INTEGER, OPEN_VISITS_MAX + 1)
      reading.budget.spend(Math.ceil(armed.length / NUMBERS_A_ROW))
      return armed.length > OPEN_VISITS_MAX
        ? walked(reading, reverse)
        : indexed(
            armed.map(({ number }) => number),
            reverse,
          )
    },
    visitOf: (number) => {
      // Asked several times in a row for one row of the list.
      if (last.number !== number) {
        const open = viewVisitor(names.globalVisitID(number))?.visit ?? null
        last = { number, visit: open === null ? null : store.visit(number, open.ordinal) }
      }
      return last.visit
    },
  }
}

function indexed(numbers: readonly number[], reverse: boolean): Listing<number, number> {
  const order = reverse ? -1 : 1
  const sorted = [...numbers].sort((a, b) => order * (a - b))
  return {
    placeSchema: numberSchema,
    read: (place, limit) => {
      const rest = place === null ? sorted : sorted.filter((number) => order * (number - place) > 0)
      return stretchOf(rest.slice(0, limit), place, rest.length <= limit)
    },
  }
}

function walked({ store }: Reading, reverse: boolean): Listing<number, number> {
  return {
    placeSchema: numberSchema,
    read: (place, limit) => {
      const from = place === null ? {} : { from: reverse ? place - 1 : place + 1 }
      const numbers = store.visitors({ ...from, limit, reverse }).map(({ number }) => number)
      return stretchOf(numbers, place, numbers.length < limit)
    },
  }
}

function stretchOf(numbers: readonly number[], place: number | null, done: boolean) {
  return {
    seen: numbers.map((number) => ({ row: number, place: number })),
    place: numbers.at(-1) ?? place,
    looked: numbers.length,
    done,
  }
}
