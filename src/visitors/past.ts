/** What was known of a visitor after one of its entries: the state kept nearest before it, and the outcomes since. */
import { interactionOf } from '../../machines/belief-steps.ts'
import { NOBODY } from '../../machines/context.ts'
import type { Settings } from '../../machines/entries.ts'
import { SnapshotDamaged } from '../../machines/versions.ts'
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { fold, type Known, knownAtBirth } from './folding.ts'
import type { Hidden } from './hiding.ts'
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

export interface PastParts {
  /** As who reads may see it. */
  readonly store: Store
  readonly book: SettingsBook
  /** Who is being erased, by id. */
  readonly hidden: ReadonlyMap<string, Hidden>
}

/** Entries folded between two breaths. */
const STRIDE = 64

/**
 * Makes the function. Every thousandth state is kept, so that no more than a thousand outcomes are folded; where an
 * erasure took the states away, all from the beginning are, in turns with others.
 */
export function createPast({ store, book, hidden }: PastParts): ViewPast {
  return async ({ globalVisitID, seq, breathe }) => {
    const row = store.visitor(store.visitorNumber(globalVisitID))
    const from = row === null || seq > row.seq ? null : beginning(store, book, { row, seq })
    if (row === null || from === null) return null
    const { number, firstAt } = row
    const lookUpPage = (visit: number, ordinal: number) => store.page(number, visit, ordinal)
    let { known } = from
    for (let next = from.seq + 1; next <= seq; next += STRIDE) {
      const to = Math.min(next + STRIDE - 1, seq)
      for (const entry of store.entries(number, { from: next, to, limit: STRIDE })) {
        known = fold(known, entry, lookUpPage)
      }
      await breathe()
    }
    const [entry] = store.entries(number, { from: seq, to: seq, limit: 1 })
    const { interaction, ...viewed } = withoutHidden(known, { store, hidden, at: entry?.at ?? row.at })
    const view = viewOf(viewed, firstAt, interaction)
    return { number, globalVisitID, seq, position: entry?.position ?? row.position, ...view }
  }
}

interface Then extends Pick<PastParts, 'store' | 'hidden'> {
  /** The moment, epoch ms. */
  readonly at: number
}

/** Q12: who is being erased, or was, is nobody here, also where a kept state names them still. */
function withoutHidden(known: Known, { store, hidden, at }: Then): Known {
  // Who came back by the same id is somebody new, from then on.
  const isHidden = (identityId: string): boolean => at <= (hidden.get(identityId)?.hiddenAt ?? 0)
  const { who, settings, visit } = known
  const rejected = known.rejected.filter((identityId) => !isHidden(identityId))
  const { identityId } = who
  const isKnown = identityId !== null && !isHidden(identityId) && store.identityNumber(identityId) !== 0
  if (identityId === null || isKnown) return { ...known, rejected }
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
