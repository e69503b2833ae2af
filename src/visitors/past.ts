/** What was known of a visitor after one of its entries: the state kept nearest before it, and the outcomes since. */
import { interactionOf } from '../../machines/belief-steps.ts'
import { NOBODY } from '../../machines/context.ts'
import type { Settings } from '../../machines/entries.ts'
import { SnapshotDamaged } from '../../machines/versions.ts'
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { fold, type Known, knownAtBirth } from './folding.ts'
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

/** Entries folded between two breaths. */
const STRIDE = 64

/**
 * Makes the function. Every thousandth state is kept, so that no more than a thousand outcomes are folded; where an
 * erasure took the states away, all from the beginning are, in turns with others.
 */
export function createPast(store: Store, book: SettingsBook): ViewPast {
  return async ({ globalVisitID, seq, breathe }) => {
    const row = store.visitor(store.visitorNumber(globalVisitID))
    const from = row === null || seq > row.seq ? null : beginning(store, book, { row, seq })
    if (row === null || from === null) return null
    const { number, firstAt } = row
    const lookUpPage = (visit: number, ordinal: number) => store.page(number, visit, ordinal)
    let { known } = from
    let position = 0
    for (let next = from.seq + 1; next <= seq; next += STRIDE) {
      const to = Math.min(next + STRIDE - 1, seq)
      for (const entry of store.entries(number, { from: next, to, limit: STRIDE })) {
        known = fold(known, entry, lookUpPage)
        position = entry.position
      }
      await breathe()
    }
    const [entry] = position === 0 ? store.entries(number, { from: seq, to: seq, limit: 1 }) : []
    const { interaction, ...viewed } = withoutHidden(store, known)
    const view = viewOf(viewed, firstAt, interaction)
    return { number, globalVisitID, seq, position: entry?.position ?? position, ...view }
  }
}

/** Q12: who is being erased has no number any more, and was nobody here, also while what was said of them is there still. */
function withoutHidden(store: Store, known: Known): Known {
  const isKnown = (identityId: string): boolean => store.identityNumber(identityId) !== 0
  const rejected = known.rejected.filter(isKnown)
  const { who, settings, visit } = known
  if (who.identityId === null || isKnown(who.identityId)) return { ...known, rejected }
  const nobody = { ...NOBODY, since: who.since, asOf: who.asOf }
  const interaction = interactionOf(nobody, settings)
  return { ...known, rejected, who: nobody, interaction, visit: visit && { ...visit, session: null } }
}

interface Beginning {
  readonly seq: number
  readonly known: Known
}

/** What to fold onto: the state kept nearest before `seq`, else the birth; null where the stream begins later. */
function beginning(
  store: Store,
  book: SettingsBook,
  { row, seq }: { readonly row: VisitorRow; readonly seq: number },
): Beginning | null {
  const { number, globalVisitID, keptFrom, replayFrom } = row
  const base = store.baseAtOrBefore(number, seq)
  const states = [base, replayFrom].flatMap((state) => (state !== null && state.seq <= seq ? [state] : []))
  for (const state of states.sort((a, b) => b.seq - a.seq)) {
    const known = knownOf({ globalVisitID, ...state }, book)
    if (known !== null) return { seq: state.seq, known }
  }
  return keptFrom > 1 ? null : { seq: 0, known: knownAtBirth(settingsBefore(book, row)) }
}

type StateRow = Parameters<typeof fromSnapshotRow>[0]

/** Null where the state is damaged: an older one tells the same with more outcomes. */
function knownOf(state: StateRow, book: SettingsBook): Known | null {
  try {
    const { context } = fromSnapshotRow(state, book).snapshot
    return { ...context, interaction: interactionOf(context.who, context.settings) }
  } catch (cause) {
    if (cause instanceof SnapshotDamaged) return null
    throw cause
  }
}

/** The settings of a birth are not kept when `replayFrom` has moved: those of that state are the nearest. */
function settingsBefore(book: SettingsBook, { globalVisitID, replayFrom }: VisitorRow): Settings {
  return knownOf({ globalVisitID, ...replayFrom }, book)?.settings ?? book.today
}
