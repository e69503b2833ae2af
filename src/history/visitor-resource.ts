/** A visitor as a resource: who is believed to be there, how sure that is, on which pages. */
import type { VisitorView } from '../visitors/views.ts'
import { findVisitor } from './named.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import type { VisitorResource } from './schemas.ts'

/** The visitor as last committed. Throws a 404 where nobody has heard of it. */
export function visitorNow(reading: Reading, globalVisitID: string): VisitorResource {
  const known = findVisitor(reading, globalVisitID) !== 0
  const view = known ? reading.viewVisitor(globalVisitID) : null
  if (view === null) throw notFound('visitor')
  return visitorResource(reading, view, {
    at: reading.at,
    connections: reading.connections(globalVisitID),
  })
}

/** What a view says, with the confidence that is left at `at`. */
export function visitorResource(
  { store }: Reading,
  view: VisitorView,
  { at, connections }: { readonly at: number; readonly connections: number | null },
): VisitorResource {
  const { globalVisitID, seq, position, state, identityId, interaction, since, session, lastActivity } = view
  const { number, visit, rejected, lease } = view
  return {
    globalVisitID,
    seq,
    position,
    state,
    identityId,
    confidence: view.confidence && confidenceAt(view.confidence, at),
    interaction,
    since,
    visit: visit && { visitId: visit.visitId, startDate: visit.startDate, implicit: visit.implicit },
    session,
    pages: view.pages.map(({ ordinal, pageId, browserPageID, enteredAt }) => {
      const row = visit && store.page(number, visit.ordinal, ordinal)
      return {
        pageID: pageId,
        browserPageID,
        url: row?.url ?? null,
        title: row?.title ?? null,
        startDate: enteredAt,
      }
    }),
    connections,
    lastActivity,
    rejected: [...rejected],
    lease,
  }
}

/** A confidence halves every `halfLifeMs`; three decimals. */
export function confidenceAt(kept: NonNullable<VisitorView['confidence']>, at: number): number {
  const { confidence, asOf, halfLifeMs } = kept
  const value = halfLifeMs === null ? confidence : confidence * 2 ** (-Math.max(0, at - asOf) / halfLifeMs)
  return Math.round(value * 1_000) / 1_000
}
