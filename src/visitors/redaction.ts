/** What is left of an entry, and of a change, of a person who is erased; and of one that only names them (Q12). */
import type { Fact } from '../../machines/facts.ts'
import {
  type ChangeRow,
  isStoredEvent,
  type PageRow,
  type StoredEntry,
  type StoredEvent,
} from '../store/rows.ts'
import { factsOf } from './entries.ts'
import { holds, replaced } from './replacing.ts'

/** Whose id goes, and what stands in its place. */
export interface Erased {
  readonly identityId: string
  readonly pseudonym: string
}

/** Facts that name nobody: what they tell of stays, and whoever proves the folder must find it told. */
const OF_NOBODY: ReadonlySet<Fact['type']> = new Set([
  'visit.opened',
  'visit.ended',
  'visit.extended',
  'visit.reopened',
  'visit.aliased',
  'event.placed',
  'session.closed',
  'session.reopened',
  'contact.retracted',
  'assumption.made',
  'assumption.decided',
])

/** Facts that tell of somebody's place in a visit. */
const OF_PEOPLE: ReadonlySet<Fact['type']> = new Set([
  'link.changed',
  'contact.added',
  'rejection.kept',
  'rejection.lifted',
])

/** An entry of the person's own: when it was, of which kind, in which visit, what it did to others, and nothing else. */
export function emptied(erased: Erased, entry: StoredEntry): StoredEntry {
  const { seq, position, at, visit, faulted } = entry
  const facts = factsOf(entry).filter((fact) => OF_NOBODY.has(fact.type) || isOfAnother(erased, fact))
  const outcome = facts.length === 0 ? null : facts
  const kept = { seq, position, at, visit, session: 0, page: 0, identity: 0, given: null, outcome, faulted }
  if (!isStoredEvent(entry)) return { ...kept, kind: entry.kind, payload: {}, erased: true }
  const { words, via, late } = entry
  const isSystem = words.eventType === 'SYSTEM'
  return {
    ...kept,
    kind: 'event',
    words: {
      eventType: words.eventType,
      // A site's own names may say what somebody did.
      eventName: isSystem ? words.eventName : '',
      eventID: '',
      visitID: '',
      pageID: '',
      timestamp: at,
      url: '',
      data: {},
    },
    occurredAt: at,
    via,
    final: false,
    late,
    erased: true,
  }
}

function isOfAnother({ identityId, pseudonym }: Erased, fact: Fact): boolean {
  return OF_PEOPLE.has(fact.type) && !isAboutOnly(fact, identityId) && !isAboutOnly(fact, pseudonym)
}

/** Whether an entry that is not the person's own says their id. */
export function names({ identityId }: Erased, entry: StoredEntry): boolean {
  const { given, outcome } = entry
  const said = isStoredEvent(entry) ? entry.words.data : entry.payload
  return holds(given, identityId) || holds(outcome, identityId) || holds(said, identityId)
}

/** The entry of somebody else with the pseudonym in the id's place, and without what it told of the person alone. */
export function pseudonymised(erased: Erased, entry: StoredEntry): StoredEntry {
  const { identityId, pseudonym } = erased
  const facts = factsOf(entry).filter((fact) => !isAboutOnly(fact, identityId))
  const given = replaced(entry.given, identityId, pseudonym)
  const outcome = facts.length === 0 ? null : replaced(facts, identityId, pseudonym)
  if (isStoredEvent(entry)) return { ...entry, given, outcome, words: wordsWithout(erased, entry) }
  return { ...entry, given, outcome, payload: replaced(entry.payload, identityId, pseudonym) }
}

/** The entry by which somebody else was forgotten while the person was there: it stays, or they would be forgotten again. */
export function tellingOfAnother(erased: Erased, entry: StoredEntry): StoredEntry {
  return { ...pseudonymised(erased, entry), session: 0, page: 0, identity: 0 }
}

/** Where the event names the person, all its data are about them. */
function wordsWithout(
  { identityId, pseudonym }: Erased,
  { words, given }: StoredEvent,
): StoredEvent['words'] {
  const isAboutThem = holds(given, identityId)
  const data = isAboutThem ? { identityId: pseudonym } : replaced(words.data, identityId, pseudonym)
  return { ...words, data }
}

/** The entry by which a visitor forgot them: it tells of a link that is no more. */
export function forgotten({ pseudonym }: Erased, entry: StoredEntry): StoredEntry {
  const facts = factsOf(entry)
  const kept = facts.filter((fact) => !isAboutOnly(fact, pseudonym))
  return kept.length === facts.length ? entry : { ...entry, outcome: kept }
}

function isAboutOnly(fact: Fact, identityId: string): boolean {
  return fact.type !== 'identity.changed' && 'identityId' in fact && fact.identityId === identityId
}

/** A change of somebody else's entry, with the pseudonym; null where it does not say the id. */
export function changeWithout({ identityId, pseudonym }: Erased, change: ChangeRow): ChangeRow | null {
  if (!holds(change.data, identityId)) return null
  const data = replaced(change.data, identityId, pseudonym)
  return { ...change, data: change.kind === 'event' ? { ...data, data: {} } : data }
}

/** A page that they were on: it was there, and no more is said of it. */
export function blank({ title: _title, category: _category, referrer: _referrer, ...row }: PageRow): PageRow {
  return { ...row, browserPageID: '', session: 0, identity: 0, url: '' }
}
