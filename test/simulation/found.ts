/** Histories that failed once, at their shortest: what they found was decided or mended, and they stay. */
import type { Operation } from './operations.ts'

export interface Found {
  /** What was wrong, or not clear. */
  readonly what: string
  readonly history: readonly Operation[]
}

export const FOUND: readonly Found[] = [
  {
    what: 'consent that is given at the very time at which it was withdrawn is not given again (V8 before V11)',
    history: [
      {
        ...{ does: 'says', browser: 0, tab: 1, name: 'ConsentWithdrawn', agoMs: 0, person: null },
        ...{ page: 'p3', consent: true, visitOf: null, namesVisit: false },
      },
    ],
  },
  {
    what: 'a wall clock set back makes time stand still after a start, and no deadline fires until it agrees (E4)',
    history: [
      { does: 'wallJumps', ms: -3_600_000 },
      { does: 'crashes', awayMs: 60_000 },
    ],
  },
]
