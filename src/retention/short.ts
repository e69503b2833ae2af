/** Visitors who left at once and were nobody: one visit, one page at most, nothing done, nobody known in it. */
import type { Store } from '../store/contract.ts'
import { isStoredEvent, type VisitorRow } from '../store/rows.ts'

/** Who has more entries has stayed. */
const ENTRIES_MAX = 50

/** Whether it is one of them. */
export function leftAtOnce(store: Store, { number, seq, keptFrom }: VisitorRow): boolean {
  if (seq > ENTRIES_MAX || keptFrom > 1) return false
  const visits = store.visits(number, { limit: 2 })
  const [visit] = visits
  if (visits.length > 1 || (visit !== undefined && visit.endDate === 0)) return false
  const ordinal = visit?.ordinal ?? 0
  if (store.linksOfVisit(number, ordinal).length > 0) return false
  if (store.pages(number, ordinal, { limit: 2 }).length > 1) return false
  const entries = store.entries(number, { limit: ENTRIES_MAX })
  return entries.every((entry) => !isStoredEvent(entry) || entry.words.eventType === 'SYSTEM')
}
