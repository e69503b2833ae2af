/** A visit as it was known at a moment: open still, or ended by then. */
import type { StoredEntry, VisitRow } from '../store/rows.ts'
import { momentOf, viewAt } from './moment.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'
import { NO_SESSION, visitResource } from './resources.ts'
import type { VisitResource } from './schemas.ts'

/** Throws a 404 where it was opened later. */
export async function visitThen(reading: Reading, visit: VisitRow, at: number): Promise<VisitResource> {
  const row = reading.store.visitor(visit.number)
  if (row === null) throw notFound('visit')
  const moment = momentOf(reading, row, { at })
  const view = await viewAt(reading, row, moment)
  if (visit.position > view.position) throw notFound('visit at that time: it was opened later')
  const now = visitResource(reading, visit)
  if (view.visit?.ordinal === visit.ordinal) {
    const activeSessionId = view.session?.sessionId ?? NO_SESSION
    return { ...now, endDate: 0, reason: null, activeSessionId }
  }
  const end = await endBefore(reading, visit, moment.seq)
  return { ...now, ...(end ?? { endDate: now.endDate, reason: now.reason }), activeSessionId: NO_SESSION }
}

type End = Pick<VisitResource, 'endDate' | 'reason'>

const ENTRIES_AT_ONCE = 128

/** How it had ended by then: the newest entry of its own stretches that says so. Null = the budget was spent first. */
async function endBefore(reading: Reading, visit: VisitRow, seq: number): Promise<End | null> {
  const { store, budget } = reading
  for (const [first, last] of [...visit.ranges].reverse()) {
    let from = last === 0 ? seq : Math.min(last, seq)
    while (from >= first) {
      const limit = budget.allow(ENTRIES_AT_ONCE)
      if (limit === 0) return null
      const entries = store.entries(visit.number, { from, to: first, limit, reverse: true })
      budget.spend(entries.length)
      for (const entry of entries) {
        const end = endIn(entry, visit.ordinal)
        if (end !== null) return end
      }
      from = (entries.at(-1)?.seq ?? first) - 1
      await budget.breathe()
    }
  }
  return null
}

function endIn({ outcome }: StoredEntry, ordinal: number): End | null {
  if (!Array.isArray(outcome)) return null
  const ended = outcome.findLast(
    (fact) => (fact?.type === 'visit.ended' || fact?.type === 'visit.extended') && fact.ordinal === ordinal,
  )
  if (ended === undefined) return null
  return {
    endDate: Number(ended.endedAt),
    reason: ended.type === 'visit.ended' ? String(ended.reason) : 'late',
  }
}
