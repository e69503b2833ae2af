/** What a proof finds, and how it is said: which visitor, what, what was expected and what is there; nothing personal. */

/** One thing that does not agree with another. */
export interface Finding {
  /** The visitor's number; 0 = the folder as a whole. */
  readonly visitor: number
  readonly what: string
  readonly expected: string
  readonly found: string
}

export type Tell = (finding: Finding) => void

/** What may be shown of a row: numbers, flags, and words of ours; never what a browser or a site said. */
export type Shown = number | boolean | string | null | undefined

export interface Checks {
  /** Finds something unless both are the same. */
  readonly same: (what: string, found: Shown, expected: Shown) => void
  /** Finds something unless it is so; for what must not be shown. */
  readonly holds: (what: string, isSo: boolean) => void
  /** Finds the difference, where there is one. */
  readonly agree: (difference: Omit<Finding, 'visitor'> | null) => void
}

/** Checks about one visitor, or (0) about the folder. */
export function createChecks(visitor: number, tell: Tell): Checks {
  return {
    same: (what, found, expected) => {
      if (found !== expected) tell({ visitor, what, expected: String(expected), found: String(found) })
    },
    holds: (what, isSo) => {
      if (!isSo) tell({ visitor, what, expected: 'so', found: 'not so' })
    },
    agree: (difference) => {
      if (difference !== null) tell({ visitor, ...difference })
    },
  }
}

/** A finding as one line. */
export function findingLine({ visitor, what, expected, found }: Finding): string {
  const where = visitor === 0 ? 'folder' : `visitor ${visitor}`
  return `${where}: ${what}: expected ${expected}, found ${found}`
}
