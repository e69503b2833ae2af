/** What others may read of a visitor: the last committed snapshot, in the words users see. */

import { interactionOf } from '../../machines/belief-steps.ts'
import type { Lease, OpenPage, Visit, VisitorContext } from '../../machines/context.ts'
import { NOBODY } from '../../machines/context.ts'
import type { Interaction } from '../../machines/entries.ts'
import { SnapshotDamaged } from '../../machines/versions.ts'
import type { VisitorSnapshot } from '../../machines/visitor.ts'
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { SPELLED } from './changes.ts'
import { type Forgetting, wasTold } from './forgetting.ts'
import { rebuild } from './replay.ts'
import type { SettingsBook } from './snapshots.ts'
import { fromSnapshotRow } from './snapshots.ts'

export interface VisitorView {
  readonly number: number
  readonly globalVisitID: string
  readonly seq: number
  readonly position: number
  /** `Anonymous`, `Authenticated`, `Recognized` or `WM-Recognized`. */
  readonly state: string
  readonly identityId: string | null
  readonly confidence: {
    readonly confidence: number
    readonly asOf: number
    readonly halfLifeMs: number | null
  } | null
  readonly interaction: string
  readonly since: number
  readonly visit: {
    readonly ordinal: number
    readonly visitId: string
    readonly startDate: number
    readonly implicit: boolean
  } | null
  readonly session: { readonly sessionId: string; readonly startDate: number } | null
  readonly pages: readonly OpenPage[]
  /** Of the open visit, else of the latest; null where there was none. */
  readonly lastActivity: number | null
  readonly rejected: readonly string[]
  /** The first of them, or null. */
  readonly lease: Lease | null
  readonly leases: readonly Lease[]
  readonly withdrawn: boolean
}

/** The visitor as last committed, or null where nobody has heard of it. */
export type ViewVisitor = (globalVisitID: string) => VisitorView | null

/** Makes the function that reads a visitor. */
export function createViews(
  store: Store,
  book: SettingsBook,
  forgetting: ReadonlyMap<string, Forgetting> = NOBODY_ERASED,
): ViewVisitor {
  return (globalVisitID) => {
    const row = store.visitor(store.visitorNumber(globalVisitID))
    if (row === null) return null
    const { number, seq, position, firstAt } = row
    const { context } = snapshotOf({ store, book }, row)
    const known = forgetting.size === 0 ? context : withoutErased(context, { store, row, forgetting })
    return { number, globalVisitID, seq, position, ...viewOf(known, firstAt) }
  }
}

const NOBODY_ERASED: ReadonlyMap<string, Forgetting> = new Map()

/** Q12: who is being erased is nobody to who reads, also where the visitor was not told yet. */
function withoutErased(
  context: VisitorContext,
  { store, row, forgetting }: Forgetful & { readonly row: VisitorRow },
): VisitorContext {
  const isErased = (identityId: string): boolean => {
    const person = forgetting.get(identityId)
    // The pseudonym leads to them once it is on disk that they are hidden; told, it knows only who came back.
    return (
      person !== undefined && store.identityNumber(person.pseudonym) !== 0 && !wasTold(store, row, person)
    )
  }
  const { who, visit, rejected } = context
  const known = { ...context, rejected: rejected.filter((id) => !isErased(id)) }
  if (who.identityId === null || !isErased(who.identityId)) return known
  const { asOf, since, changedSeq } = who
  return {
    ...known,
    who: { ...NOBODY, asOf, since, changedSeq },
    visit: visit && { ...visit, session: null },
  }
}

interface Forgetful {
  readonly store: Store
  readonly forgetting: ReadonlyMap<string, Forgetting>
}

/** Q5: a damaged snapshot is rebuilt for the reader too; it is written with the visitor's next entry. */
function snapshotOf(
  room: { readonly store: Store; readonly book: SettingsBook },
  row: VisitorRow,
): VisitorSnapshot {
  try {
    return fromSnapshotRow(row, room.book).snapshot
  } catch (cause) {
    if (cause instanceof SnapshotDamaged) return rebuild(room, row).snapshot
    throw cause
  }
}

/** What a view needs of a visit, and of a context. */
export type ViewedVisit = Pick<
  Visit,
  'ordinal' | 'visitId' | 'startedAt' | 'implicit' | 'lastActivityAt' | 'pages' | 'session'
>
export interface Viewed
  extends Pick<VisitorContext, 'who' | 'settings' | 'rejected' | 'leases' | 'withdrawnAt'> {
  readonly visit: ViewedVisit | null
  readonly latest: { readonly visit: ViewedVisit } | null
}

/** What a context says. `firstAt`: of the visitor's first entry, epoch ms. */
export function viewOf(
  { visit, latest, who, settings, rejected, leases, withdrawnAt }: Viewed,
  firstAt: number,
  interaction: Interaction = interactionOf(who, settings),
): Omit<VisitorView, 'number' | 'globalVisitID' | 'seq' | 'position'> {
  const { confidence, asOf, halfLifeMs } = who
  const session = visit?.session ?? null
  return {
    state: SPELLED[who.state],
    identityId: who.identityId,
    confidence: confidence === null ? null : { confidence, asOf, halfLifeMs },
    interaction,
    since: who.since === 0 ? firstAt : who.since,
    visit: visit && {
      ordinal: visit.ordinal,
      visitId: visit.visitId,
      startDate: visit.startedAt,
      implicit: visit.implicit,
    },
    session: session && { sessionId: session.sessionId, startDate: session.startedAt },
    pages: visit?.pages ?? [],
    lastActivity: (visit ?? latest?.visit)?.lastActivityAt ?? null,
    rejected,
    lease: leases[0] ?? null,
    leases,
    withdrawn: withdrawnAt !== null,
  }
}
