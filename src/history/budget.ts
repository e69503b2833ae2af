/** How much one request may look at, and when it lets others work (H8). */

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

/** `elapsedMs` is a clock that only runs forward. */
export function createBudget(limits: BudgetLimits, elapsedMs: () => number): Budget {
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
      await new Promise<void>((resolve) => setImmediate(resolve))
      sliceSpent = 0
      sliceFrom = elapsedMs()
    },
  }
}
