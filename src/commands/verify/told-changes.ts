/** The changes that an entry made: what engines and agents are told of it, numbered from 1. */
import type { Fact } from '../../../machines/facts.ts'
import type { ChangeRow, StoredEntry } from '../../store/rows.ts'
import type { Looking } from './told-contacts.ts'

const TOLD: readonly Fact['type'][] = [
  'identity.changed',
  'visit.opened',
  'visit.ended',
  'visit.reopened',
  'lease.granted',
  'lease.refused',
  'lease.ended',
  'notify.came',
]

/** Which changes follow from facts; events are told by their names, which a site may choose anew at each start. */
export function isTold(kind: ChangeRow['kind']): boolean {
  return kind !== 'event'
}

/** Proves the changes of one entry, and says how many there must be. */
export function proveChanges(
  { store, number, checks }: Looking,
  { seq, position, at }: StoredEntry,
  facts: readonly Fact[],
): number {
  const told = facts.filter(({ type }) => TOLD.includes(type)).length
  if (told === 0) return 0
  const changes = store
    .changes({ from: position, to: position, limit: told })
    .filter(({ kind }) => isTold(kind))
  checks.same(`changes of entry ${seq}`, changes.length, told)
  changes.forEach((change, index) => {
    const what = `change ${index + 1} of entry ${seq}`
    checks.same(`${what}: number in its entry`, change.n, index + 1)
    checks.same(`${what}: visitor`, change.number, number)
    checks.same(`${what}: seq`, change.seq, seq)
    checks.same(`${what}: time`, change.at, at)
    const isOwn = change.globalVisitID === store.visitor(number)?.globalVisitID
    checks.holds(`${what}: the visitor's globalVisitID`, isOwn)
  })
  return told
}
