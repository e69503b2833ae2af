/** Replay: a visitor's state again from its stream. For a damaged snapshot, and for `verify`. */
import type { Entry } from '../../machines/entries.ts'
import type { Fact } from '../../machines/facts.ts'
import { faultOf, startVisitor, type VisitorSnapshot } from '../../machines/visitor.ts'
import type { Store } from '../store/contract.ts'
import { isStoredEvent, type StoredEntry, type VisitorRow } from '../store/rows.ts'
import { storedAsEntry } from './entries.ts'
import { fromSnapshotRow, type SettingsBook } from './snapshots.ts'

/** Entries read at a time. */
const STRIDE = 1_000

export interface Replayed {
  readonly stored: StoredEntry
  readonly snapshot: VisitorSnapshot
  readonly facts: readonly Fact[]
}

/** Every entry from `replayFrom` on, with the state after it and what followed; an entry that faulted changes nothing. */
export function replay(store: Store, book: SettingsBook, row: VisitorRow): Generator<Replayed> {
  return replayStretch(store, book, { row, from: row.replayFrom, to: row.seq })
}

/** A part of a stream: a state that was kept, and the last entry that is to be applied to it. */
export interface ReplayedPart {
  readonly row: VisitorRow
  readonly from: VisitorRow['replayFrom']
  readonly to: number
}

/** The entries after a kept state, up to `to`, like `replay`. */
export function* replayStretch(
  store: Store,
  book: SettingsBook,
  { row, from: kept, to: last }: ReplayedPart,
): Generator<Replayed> {
  const { globalVisitID, number } = row
  // A live actor, as in the room: XState's pure `transition` makes an actor of its own for every step.
  const actor = startVisitor(fromSnapshotRow({ globalVisitID, ...kept }, book).snapshot)
  const facts: Fact[] = []
  actor.on('*', (fact) => void facts.push(fact))
  for (let from = kept.seq + 1; from <= last; from += STRIDE) {
    const to = Math.min(from + STRIDE - 1, last)
    for (const stored of store.entries(number, { from, to, limit: STRIDE })) {
      const open = actor.getSnapshot().context.visit
      if (!stored.faulted) actor.send(inBook(storedAsEntry(stored, globalVisitID, open), book))
      const fault = faultOf(actor)
      if (fault !== null) throw fault
      yield { stored, snapshot: actor.getSnapshot(), facts: facts.splice(0) }
    }
  }
  actor.stop()
}

/** Settings are compared by reference: those that a start brought are the book's own. */
function inBook(entry: Entry, book: SettingsBook): Entry {
  return entry.type === 'server.started' ? { ...entry, settings: book.own(entry.settings) } : entry
}

/** The visitor's state after its last entry, and the last start it heard of, from the stream alone. Throws `SnapshotDamaged` where `replayFrom` is too. */
export function rebuild(
  { store, book }: { readonly store: Store; readonly book: SettingsBook },
  row: VisitorRow,
): { readonly snapshot: VisitorSnapshot; readonly boot: number } {
  const from = fromSnapshotRow({ globalVisitID: row.globalVisitID, ...row.replayFrom }, book)
  let { snapshot, boot } = from
  for (const replayed of replay(store, book, row)) {
    const { stored } = replayed
    snapshot = replayed.snapshot
    boot = bootIn(stored) ?? boot
  }
  return { snapshot, boot }
}

/** The start that a visitor heard of by this entry. */
export function bootIn(stored: StoredEntry): number | null {
  return !isStoredEvent(stored) && typeof stored.payload.boot === 'number' ? stored.payload.boot : null
}
