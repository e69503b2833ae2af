/** Which facts engines and agents are told of, each by one row of `changes`. */
import type { Fact } from '../../../machines/facts.ts'

const TOLD: readonly Fact['type'][] = [
  'identity.changed',
  'visit.opened',
  'visit.ended',
  'visit.reopened',
  'lease.granted',
  'lease.ended',
  'notify.came',
]

export function isTold({ type }: Fact): boolean {
  return TOLD.includes(type)
}
