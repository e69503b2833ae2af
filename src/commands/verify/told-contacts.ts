/** The contact rows that an entry made: one for each link, saying who, where and how. */
import type { Fact } from '../../../machines/facts.ts'
import type { Store } from '../../store/contract.ts'
import type { ContactRow, StoredEntry } from '../../store/rows.ts'
import type { Checks } from './findings.ts'

/** Where rows of one visitor are looked for. */
export interface Looking {
  readonly store: Store
  readonly number: number
  readonly checks: Checks
}

/** Proves the rows of one entry, and says how many there must be. */
export function proveContacts(looking: Looking, stored: StoredEntry, facts: readonly Fact[]): number {
  const added = facts.filter((fact) => fact.type === 'contact.added')
  if (added.length === 0) return 0
  const { position } = stored
  const rows = looking.store.contacts({ from: position, to: position, limit: added.length + 1 })
  looking.checks.same(`contact rows of entry ${stored.seq}`, rows.length, added.length)
  added.forEach((fact, index) => {
    const row = rows[index]
    if (row !== undefined) proveContact(looking, { stored, fact, row })
  })
  return added.length
}

interface Compared {
  readonly stored: StoredEntry
  readonly fact: Extract<Fact, { type: 'contact.added' }>
  readonly row: ContactRow
}

function proveContact({ store, number, checks }: Looking, { stored, fact, row }: Compared): void {
  const what = `contact row ${row.n} of entry ${stored.seq}`
  checks.same(`${what}: visitor`, row.number, number)
  checks.same(`${what}: seq`, row.seq, stored.seq)
  checks.same(`${what}: time`, row.at, stored.at)
  checks.same(`${what}: visit`, row.visit, fact.visit)
  checks.same(`${what}: scope`, row.scope, fact.scope)
  checks.same(`${what}: how`, row.how, fact.how)
  checks.holds(`${what}: identity`, store.identity(row.identity)?.identityId === fact.identityId)
  const session = store.session(number, row.visit, row.session)
  checks.holds(`${what}: session`, (session?.sessionId ?? null) === fact.sessionId)
}
