/** What was known of a visitor after one of its entries: the state kept nearest before it, and the entries since. */
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { replayStretch } from './replay.ts'
import type { SettingsBook } from './snapshots.ts'
import { fromSnapshotRow } from './snapshots.ts'
import { type VisitorView, viewOf } from './views.ts'

/** A moment of a visitor's stream. */
export interface Moment {
  readonly globalVisitID: string
  /** The entry after which it is asked for. */
  readonly seq: number
  /** Awaited every few entries, so that others work. */
  readonly breathe: () => Promise<void>
}

/** Null where the stream is not kept so far back, or nobody has heard of the visitor. */
export type ViewPast = (moment: Moment) => Promise<VisitorView | null>

/** Entries applied between two breaths. */
const STRIDE = 64

/**
 * Makes the function. Every thousandth state is kept, so that no more than a thousand entries are applied again; that
 * this gives what was decided then is what `verify` proves.
 */
export function createPast(store: Store, book: SettingsBook): ViewPast {
  return async ({ globalVisitID, seq, breathe }) => {
    const row = store.visitor(store.visitorNumber(globalVisitID))
    const from = row === null ? null : baseOf(store, row, seq)
    if (row === null || from === null || seq > row.seq) return null
    const { number, firstAt } = row
    let { snapshot } = fromSnapshotRow({ globalVisitID, ...from }, book)
    let position = 0
    let applied = 0
    for (const replayed of replayStretch(store, book, { row, from, to: seq })) {
      snapshot = replayed.snapshot
      position = replayed.stored.position
      applied += 1
      if (applied % STRIDE === 0) await breathe()
    }
    const [entry] = position === 0 ? store.entries(number, { from: seq, to: seq, limit: 1 }) : []
    const view = viewOf(snapshot.context, firstAt)
    return { number, globalVisitID, seq, position: entry?.position ?? position, ...view }
  }
}

/** The state to begin from, at or before `seq`; null where none is kept. */
function baseOf(
  store: Store,
  { number, replayFrom }: VisitorRow,
  seq: number,
): VisitorRow['replayFrom'] | null {
  const base = store.baseAtOrBefore(number, seq)
  if (base !== null && base.seq >= replayFrom.seq) return base
  return replayFrom.seq <= seq ? replayFrom : null
}
