/** What others may read of a visitor: the last committed snapshot, in the words users see. */

import { interactionOf } from '../../machines/belief-steps.ts'
import type { Lease, OpenPage, VisitorContext } from '../../machines/context.ts'
import { SnapshotDamaged } from '../../machines/versions.ts'
import type { VisitorSnapshot } from '../../machines/visitor.ts'
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { SPELLED } from './changes.ts'
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
export function createViews(store: Store, book: SettingsBook): ViewVisitor {
  return (globalVisitID) => {
    const row = store.visitor(store.visitorNumber(globalVisitID))
    if (row === null) return null
    const { number, seq, position, firstAt } = row
    const { context } = snapshotOf({ store, book }, row)
    return { number, globalVisitID, seq, position, ...viewOf(context, firstAt) }
  }
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

/** What a context says. `firstAt`: of the visitor's first entry, epoch ms. */
export function viewOf(
  context: VisitorContext,
  firstAt: number,
): Omit<VisitorView, 'number' | 'globalVisitID' | 'seq' | 'position'> {
  const { visit, latest, who, settings, rejected, leases, withdrawnAt } = context
  const { confidence, asOf, halfLifeMs } = who
  const session = visit?.session ?? null
  return {
    state: SPELLED[who.state],
    identityId: who.identityId,
    confidence: confidence === null ? null : { confidence, asOf, halfLifeMs },
    interaction: interactionOf(who, settings),
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
