/** A person who is being erased: every visitor that knows them forgets them before anything else happens there (Q12). */
import type { VisitorContext } from '../../machines/context.ts'
import type { RowReads, Store } from '../store/contract.ts'
import { isStoredEvent } from '../store/rows.ts'
import type { Awake } from './awake.ts'
import type { NewEntry } from './contract.ts'

export interface Forgetting {
  readonly identityId: string
  /** What stands where their id stood. */
  readonly pseudonym: string
  /** The node's position when it began: whoever has forgotten them did so behind it. */
  readonly position: number
}

/** Entries read back at a time. */
const STRIDE = 200

/** Whether the visitor's state names them. They may have come back as somebody new: see `hasForgotten`. */
export function knows(context: VisitorContext, { identityId }: Forgetting): boolean {
  return JSON.stringify({ ...context, settings: null }).includes(JSON.stringify(identityId))
}

/** Whether the visitor was told already; what it says of them since is about somebody new. */
export function hasForgotten(store: Store, awake: Awake, { pseudonym, position }: Forgetting): boolean {
  if (awake.forgotten.has(pseudonym)) return true
  for (let from = awake.row.seq; from > 0; ) {
    const entries = store.entries(awake.number, { from, limit: STRIDE, reverse: true })
    for (const entry of entries) {
      if (entry.position <= position) return false
      if (isStoredEvent(entry) || entry.payload.pseudonym !== pseudonym) continue
      awake.forgotten.add(pseudonym)
      return true
    }
    from = (entries.at(-1)?.seq ?? 1) - 1
  }
  return false
}

/** Whom an entry names, or null. */
export function namedBy(entry: NewEntry): string | null {
  if (entry.type === 'rule.answered') return entry.answer?.identityId ?? null
  return 'identityId' in entry ? entry.identityId : null
}

/** What was found out about somebody before they were erased, and comes only now: it would bring them back. */
export function comesTooLate(reads: RowReads, entry: NewEntry): boolean {
  if (entry.type !== 'rule.answered' && entry.type !== 'contact.linked') return false
  const identityId = namedBy(entry)
  if (identityId === null || reads.identityNumber(identityId) !== 0) return false
  return reads.erasedAt('person', identityId) !== 0
}
