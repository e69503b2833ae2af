/** Every entry is within the ranges of the rows that it says it belongs to: so every list that has it finds it. */
import type { Store } from '../../store/contract.ts'
import type { Ranges, StoredEntry } from '../../store/rows.ts'
import type { Checks } from './findings.ts'

/** Rows remembered at a time; entries that follow one another belong to the same ones. */
const ROWS_MAX = 256

/** Looks at one entry after another of a visitor. */
export function createCoverage(store: Store, number: number, checks: Checks): (stored: StoredEntry) => void {
  const known = new Map<string, Ranges | null>()

  const rangesOf = (kind: string, ordinal: number, read: () => { readonly ranges: Ranges } | null) => {
    const place = `${kind} ${ordinal}`
    const remembered = known.get(place)
    if (remembered !== undefined) return remembered
    if (known.size >= ROWS_MAX) known.clear()
    const ranges = read()?.ranges ?? null
    known.set(place, ranges)
    return ranges
  }

  return ({ seq, visit, session, page, identity }) => {
    const covered = (what: string, ordinal: number, read: () => { readonly ranges: Ranges } | null): void => {
      if (ordinal === 0) return
      const ranges = rangesOf(what, ordinal, read)
      if (ranges === null) checks.same(`${what} ${ordinal} that entry ${seq} belongs to`, 'no row', 'a row')
      else checks.holds(`the ranges of ${what} ${ordinal} cover entry ${seq}`, covers(ranges, seq))
    }
    covered('visit', visit, () => store.visit(number, visit))
    covered(`visit ${visit}, session`, session, () => store.session(number, visit, session))
    covered(`visit ${visit}, page`, page, () => store.page(number, visit, page))
    covered(`visit ${visit}, link to identity`, identity, () => store.link(number, visit, identity))
  }
}

function covers(ranges: Ranges, seq: number): boolean {
  return ranges.some(([from, to]) => seq >= from && (to === 0 || seq <= to))
}
