/** A moment in a visitor's past, as it is asked for: after an entry (`seq`), or at a time (`at`). */
import type { VisitorRow } from '../store/rows.ts'
import type { VisitorView } from '../visitors/views.ts'
import { notFound, Problem, wrongParameter } from './problem.ts'
import type { Reading } from './reading.ts'
import { findFirst } from './search.ts'

export interface MomentAsked {
  readonly at?: number | undefined
  readonly seq?: number | undefined
}

export interface Moment {
  readonly seq: number
  /** For what fades with time, epoch ms. */
  readonly at: number
}

/** True where a moment was asked for. */
export function isPast({ at, seq }: MomentAsked): boolean {
  return at !== undefined || seq !== undefined
}

/** The entry that the visitor stood after. Throws 400, 404 before its first entry, 410 before what is kept. */
export function momentOf(reading: Reading, row: VisitorRow, { at, seq }: MomentAsked): Moment {
  if (at !== undefined && seq !== undefined) throw wrongParameter('seq', 'give at or seq, one of them')
  if (seq !== undefined) {
    if (seq < 1 || seq > row.seq) throw wrongParameter('seq', `seq must be 1..${row.seq}`)
    return { seq, at: entryAt(reading, row, seq).at }
  }
  if (at === undefined) return { seq: row.seq, at: reading.at }
  if (at > reading.at) throw wrongParameter('at', 'at must not be in the future')
  const { store, budget } = reading
  const { key, looked } = findFirst({
    low: row.keptFrom,
    high: row.seq,
    firstFrom: (from) => {
      const [entry] = store.entries(row.number, { from, limit: 1 })
      return entry === undefined ? null : { key: entry.seq, row: entry }
    },
    holds: (entry) => entry.at > at,
  })
  budget.spend(looked)
  if (key > row.keptFrom) return { seq: key - 1, at }
  if (row.keptFrom > 1) throw notKept()
  throw notFound('visitor at that time: it came later')
}

/** What was known then. Throws a 410 where the stream is not kept so far back. */
export async function viewAt(reading: Reading, row: VisitorRow, { seq }: Moment): Promise<VisitorView> {
  const { globalVisitID, keptFrom } = row
  if (seq < keptFrom) throw notKept()
  // The last entry's state is at hand.
  const now = seq === row.seq ? reading.viewVisitor(globalVisitID) : null
  const { breathe } = reading.budget
  const view = now?.seq === seq ? now : await reading.viewPast({ globalVisitID, seq, breathe })
  if (view === null) throw notKept()
  return view
}

function entryAt({ store }: Reading, { number }: VisitorRow, seq: number) {
  const [entry] = store.entries(number, { from: seq, to: seq, limit: 1 })
  if (entry === undefined) throw notKept()
  return entry
}

/** A moment before retention. */
export function notKept(): Problem {
  return new Problem(410, 'what was known then is not kept any more')
}
