/** How much one request may look at, and when it lets others work (H8). */
import type { TakeTurn } from './turns.ts'

export interface BudgetLimits {
  /** Rows in all. */
  readonly rows: number
  /** Rows, or ms, at a time. */
  readonly sliceRows: number
  readonly sliceMs: number
}

export interface Budget {
  /** How many rows the next read may look at, at most `wanted`; 0 = none are left. */
  allow(wanted: number): number
  spend(rows: number): void
  isSpent(): boolean
  /** Rows looked at so far. */
  spent(): number
  /** Lets others work if this slice is used up. To be awaited between reads, with no read open. */
  breathe(): Promise<void>
}

/** `elapsedMs` is a clock that only runs forward; `takeTurn` is shared by all who read. */
export function createBudget(limits: BudgetLimits, elapsedMs: () => number, takeTurn: TakeTurn): Budget {
  let spent = 0
  let sliceSpent = 0
  let sliceFrom = elapsedMs()
  const left = (): number => Math.max(0, limits.rows - spent)
  return {
    allow: (wanted) => Math.min(wanted, left(), Math.max(1, limits.sliceRows - sliceSpent)),
    spend: (rows) => {
      spent += rows
      sliceSpent += rows
    },
    isSpent: () => left() === 0,
    spent: () => spent,
    breathe: async () => {
      if (sliceSpent < limits.sliceRows && elapsedMs() - sliceFrom < limits.sliceMs) return
      await takeTurn()
      sliceSpent = 0
      sliceFrom = elapsedMs()
    },
  }
}
