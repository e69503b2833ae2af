/** What is looked up for a rule: all from committed rows, bounded. */
import type { Store } from '../store/contract.ts'
import type { AddressKind, ContactRow, StoredEvent } from '../store/rows.ts'
import { normalAddress } from '../visitors/addresses.ts'
import {
  type FoundIdentity,
  type GivenEvent,
  IDENTITIES_MAX,
  type LinkedVisit,
  type Lookups,
  type Need,
  PAST_LINKS_MAX,
  type PastLink,
} from './contract.ts'

/** Contact rows of a device that are looked at for its past links. */
const CONTACTS_LOOKED = 200

export const NO_LOOKUPS: Lookups = {
  pastLinks: [],
  identitiesByEmail: [],
  identitiesByPhone: [],
  linkedVisit: null,
}

export interface LookupOptions {
  readonly store: Pick<
    Store,
    'contactsOfVisitor' | 'identity' | 'identitiesAt' | 'name' | 'visit' | 'visitor'
  >
  /** Proofs are on: what was not proven finds nobody. */
  readonly provenOnly: boolean
}

/** What somebody's words may be looked up by. */
export interface Asking {
  readonly number: number
  readonly event: GivenEvent | null
}

/** The lookups that are needed; the others stay empty. */
export function lookUp(options: LookupOptions, asking: Asking, needs: readonly Need[]): Lookups {
  const found: { -readonly [N in keyof Lookups]: Lookups[N] } = { ...NO_LOOKUPS }
  for (const need of needs) {
    switch (need) {
      case 'pastLinks':
        found.pastLinks = pastLinks(options, asking.number)
        break
      case 'identitiesByEmail':
        found.identitiesByEmail = identitiesBy(options, 'email', asking.event)
        break
      case 'identitiesByPhone':
        found.identitiesByPhone = identitiesBy(options, 'phone', asking.event)
        break
      case 'linkedVisit':
        found.linkedVisit = linkedVisit(options, asking.event)
        break
    }
  }
  return found
}

/** True where a rule needs something, and all of it is empty: it has nothing to reason from. */
export function findsNothing(lookups: Lookups, needs: readonly Need[]): boolean {
  return needs.length > 0 && needs.every((need) => isEmpty(lookups[need]))
}

/** Whether a look-up could find anything, seen by the event alone: most events are no occasion for rules that live on it. */
export function mayFind(event: GivenEvent | null, needs: readonly Need[]): boolean {
  return needs.length === 0 || needs.some((need) => hasWhatFor(event, need))
}

/** The part of the lookups that a rule declared. */
export function onlyNeeded(lookups: Lookups, needs: readonly Need[]): Lookups {
  const names = (Object.keys(NO_LOOKUPS) as Need[]).filter((need) => needs.includes(need))
  return { ...NO_LOOKUPS, ...Object.fromEntries(names.map((need) => [need, lookups[need]])) }
}

/** An event as rules see it. */
export function toGivenEvent({ words }: Pick<StoredEvent, 'words'>): GivenEvent {
  const { eventType, eventName, url, title, referrer, category, languageCode, data } = words
  return {
    eventType,
    eventName,
    url,
    ...(title === undefined ? {} : { title }),
    ...(referrer === undefined ? {} : { referrer }),
    ...(category === undefined ? {} : { category }),
    ...(languageCode === undefined ? {} : { languageCode }),
    data,
  }
}

/** How a contact row counts as a past link; null = it does not. */
export function linkHow({
  how,
  retractedAt,
}: Pick<ContactRow, 'how' | 'retractedAt'>): PastLink['how'] | null {
  return retractedAt === 0 && (how === 'SignIn' || how === 'agent') ? how : null
}

function hasWhatFor(event: GivenEvent | null, need: Need): boolean {
  switch (need) {
    case 'pastLinks':
      return true
    case 'identitiesByEmail':
      return event?.data.email !== undefined
    case 'identitiesByPhone':
      return event?.data.phone !== undefined
    case 'linkedVisit':
      return event !== null && linkedVisitID(event) !== null
  }
}

function isEmpty(found: Lookups[Need]): boolean {
  return found === null || ('length' in found && found.length === 0)
}

function pastLinks({ store }: LookupOptions, number: number): readonly PastLink[] {
  const rows = store.contactsOfVisitor(number, { limit: CONTACTS_LOOKED, reverse: true })
  const links: PastLink[] = []
  for (const row of rows) {
    const how = linkHow(row)
    if (how === null) continue
    const identityId = store.identity(row.identity)?.identityId
    if (identityId !== undefined) links.push({ identityId, how, at: row.at })
    if (links.length === PAST_LINKS_MAX) break
  }
  return links
}

function identitiesBy(
  { store, provenOnly }: LookupOptions,
  kind: AddressKind,
  event: GivenEvent | null,
): readonly FoundIdentity[] {
  const value = normalAddress(kind, event?.data[kind])
  if (value === null) return []
  return store.identitiesAt(kind, value, IDENTITIES_MAX).flatMap((identity) => {
    const person = store.identity(identity)
    const proven = person?.profile[kind]?.proven === true
    return person === null || (provenOnly && !proven) ? [] : [{ identityId: person.identityId, proven }]
  })
}

function linkedVisit({ store }: LookupOptions, event: GivenEvent | null): LinkedVisit | null {
  const visitID = event && linkedVisitID(event)
  const name = visitID === null ? null : store.name('visit', visitID)
  const visit = name && store.visit(name.number, name.visit)
  if (visit === null) return null
  const { visitId, startDate, endDate } = visit
  const person = store.identity(visit.authenticated || visit.recognized)
  const device = store.visitor(visit.number)
  if (person === null || device === null) return null
  const { identityId } = person
  const signedIn = visit.authenticated !== 0
  return { visitId, globalVisitID: device.globalVisitID, identityId, signedIn, startDate, endDate }
}

function linkedVisitID({ data, url }: GivenEvent): string | null {
  if (typeof data.linkedVisitID === 'string') return data.linkedVisitID
  return url.includes(LINKED_VISIT) && URL.canParse(url) ? new URL(url).searchParams.get(LINKED_VISIT) : null
}

const LINKED_VISIT = 'linkedVisitID'
