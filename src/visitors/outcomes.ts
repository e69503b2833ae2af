/** What whoever said something is told of it. */
import type { Fact } from '../../machines/facts.ts'
import type { EventRejection, LeaseAnswer, Outcome } from './contract.ts'

const MESSAGES: Readonly<Record<EventRejection, string>> = {
  wrong_visitor: 'its visitID belongs to another visitor',
  erased: 'it belongs to what was erased',
  withdrawn: 'consent was withdrawn; a VisitStarted with data.consent true gives it again',
  internal: 'it could not be applied; it is kept, and changed nothing',
}

/** Refused, and why. */
export function rejected(code: EventRejection): Outcome {
  return { is: 'rejected', code, message: MESSAGES[code] }
}

/** L1, L2: what became of the lease that was asked for; null where none was. */
export function leaseOf(facts: readonly Fact[]): LeaseAnswer | null {
  for (const fact of facts) {
    if (fact.type === 'lease.refused') return { is: 'held', holder: fact.holder }
    if (fact.type !== 'lease.granted') continue
    const { type: _type, ...lease } = fact
    return { is: 'granted', ...lease }
  }
  return null
}
