/** What a visitor's rows must say, by the facts of its stream; each is compared once nothing can change it any more. */
import type { Fact } from '../../../machines/facts.ts'
import { visitNameHash } from '../../store/fading.ts'
import type { StoredEntry } from '../../store/rows.ts'
import { type Checks, createChecks } from './findings.ts'
import type { Proof } from './proof.ts'
import { proveChanges } from './told-changes.ts'
import { proveContacts } from './told-contacts.ts'
import { createLinks } from './told-links.ts'
import { createPlaces } from './told-places.ts'

export interface Told {
  readonly take: (stored: StoredEntry, facts: readonly Fact[]) => void
  /** Compares what is left, and counts. */
  readonly finish: () => ToldCounts
}

export interface ToldCounts {
  readonly contacts: number
  readonly changes: number
  readonly aliases: number
  /** When the contact rows that an entry made were retracted. */
  readonly retracted: ReadonlyMap<number, number>
}

/** Listens to one visitor's stream. */
export function createTold(proof: Proof, number: number): Told {
  const { store, tell, changesDropped, scores } = proof
  const checks = createChecks(number, tell)
  const places = createPlaces(store, number, checks)
  const links = createLinks(store, number, checks)
  const names = createNames(proof, number, checks)
  const retracted = new Map<number, number>()
  let [contacts, changes] = [0, 0]

  return {
    take: (stored, facts) => {
      links.begin(stored)
      for (const fact of facts) {
        places.take(stored, fact)
        links.take(stored, fact)
        names.take(fact)
        scores.take(fact)
        if (fact.type === 'contact.retracted') retracted.set(fact.verdictSeq, stored.at)
      }
      contacts += proveContacts({ store, number, checks }, stored, facts)
      // Q12: of what was erased, nothing is told any more.
      const isTold = stored.position > changesDropped && stored.erased !== true
      if (isTold) changes += proveChanges({ store, number, checks }, stored, facts)
      // Only the latest visit can be opened again (V10), and only until another is: what came before is final.
      const opened = facts.find((fact) => fact.type === 'visit.opened')
      if (opened === undefined || opened.late) return
      places.settle(opened.ordinal)
      links.settle(opened.ordinal)
    },
    finish: () => {
      places.settle(Number.POSITIVE_INFINITY)
      links.settle(Number.POSITIVE_INFINITY)
      return { contacts, changes, aliases: names.count(), retracted }
    },
  }
}

/** V7b, E9: other names of a visit, and names that lead to none (a withdrawal before any visit). */
function createNames({ store, aliases }: Proof, number: number, checks: Checks) {
  const told = new Set<string>()
  return {
    take: (fact: Fact): void => {
      if (fact.type === 'visit.opened') told.delete(fact.visitId)
      if (fact.type !== 'visit.aliased') return
      told.add(fact.name)
      const row = store.name('visit', fact.name)
      checks.same('visitor of an alias', row?.number, number)
      if (fact.ordinal !== 0) checks.same('visit of an alias', row?.visit, fact.ordinal)
    },
    count: () => {
      for (const name of told) aliases.add(visitNameHash(name))
      return told.size
    },
  }
}
