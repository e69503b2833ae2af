/** An erasure as small steps: each is one transaction, changes only what it names, and can be done again (Q12). */
import type { Draft } from '../store/contract.ts'
import type { EraseStep } from '../store/erased.ts'

/** How many rows of each kind went, or were changed. */
export type Counts = Readonly<Record<string, number>>

/** One that has neither has only looked. */
export interface Step {
  /** Rows that nobody else writes any more. */
  readonly erase?: EraseStep
  /** Rows that an actor may write too: changed in their turn among the commits. */
  readonly change?: (draft: Draft) => void
  readonly counts: Counts
}

/** Rows changed in one step. */
export const STEP_ROWS = 200
/** Entries of the stream read in one step. */
export const STEP_ENTRIES = 500

/** Both together. */
export function sum(one: Counts, other: Counts): Counts {
  const total: Record<string, number> = { ...one }
  for (const [name, count] of Object.entries(other)) total[name] = (total[name] ?? 0) + count
  return total
}

/** A list in parts of at most `size`. */
export function* inParts<T>(list: readonly T[], size = STEP_ROWS): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size)
}
