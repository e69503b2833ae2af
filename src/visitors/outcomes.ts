/** What whoever said something is told of it. */
import type { Fact } from '../../machines/facts.ts'
import type { EventRejection, LeaseAnswer, Outcome } from './contract.ts'
import type { Applied } from './putting.ts'

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

/** What became of an entry that was applied; `visitIdOf` gives a visit's id by its ordinal. */
export function keptAs(
  { entry, facts, after }: Applied,
  visitIdOf: (ordinal: number) => string | null,
): Extract<Outcome, { is: 'kept' }> {
  const placed = facts.find((fact) => fact.type === 'event.placed')
  const answer = facts.find((fact) => fact.type === 'answered')
  return {
    is: 'kept',
    seq: entry.seq,
    position: entry.position,
    at: entry.at,
    recordedIn: placed === undefined ? (after.visit?.visitId ?? null) : visitIdOf(placed.ordinal),
    late: placed?.late === true,
    answer: answer === undefined ? null : { applied: answer.applied, reason: answer.reason },
    lease: leaseOf(facts),
  }
}

/** L1, L2: what became of the lease that was asked for; null where none was. */
function leaseOf(facts: readonly Fact[]): LeaseAnswer | null {
  for (const fact of facts) {
    if (fact.type === 'lease.refused') return { is: 'held', holder: fact.holder }
    if (fact.type !== 'lease.granted') continue
    const { type: _type, ...lease } = fact
    return { is: 'granted', ...lease }
  }
  return null
}
