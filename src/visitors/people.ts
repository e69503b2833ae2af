/** Rows about people: identities, their links to visits, contact rows, profiles. */

import type { VisitorContext } from '../../machines/context.ts'
import type { Fact } from '../../machines/facts.ts'
import type { Draft } from '../store/contract.ts'
import { closeRange, openRange } from '../store/ranges.ts'
import type { IdentityRow, LinkRow, ProfileValue } from '../store/rows.ts'
import { ADDRESS_KINDS, normalAddress } from './addresses.ts'
import type { Putting } from './putting.ts'

/** Characters of all of one person's profile values as JSON; past it the oldest unproven values go, then the oldest. */
const PROFILE_LENGTH_MAX = 64 * 1024

/** What in `data` says who it is, and is no property of the person. */
const NO_PROFILE = new Set(['identityId', 'userID', 'userId', 'visitID', 'proof', 'expiresAt', 'consent'])

/** The identity's number, remembered while it is the visitor's current one; it is made where it is new. */
export function numberOfIdentity({ awake, draft, applied }: Putting, identityId: string | null): number {
  if (identityId === null) return 0
  if (awake.identity?.identityId === identityId) return awake.identity.number
  const known = draft.identityNumber(identityId)
  const number = known === 0 ? draft.numberIdentity(identityId) : known
  if (known === 0) {
    const { position, at } = applied.entry
    draft.putIdentity({
      identity: number,
      identityId,
      position,
      firstSeen: at,
      lastSeen: at,
      profile: {},
      contactId: null,
      contact: null,
    })
  }
  awake.identity = { identityId, number }
  return number
}

/** The link of that identity to that visit now says this; the visit remembers who last signed in or was recognised. */
export function changeLink(putting: Putting, fact: Extract<Fact, { type: 'link.changed' }>): void {
  const { draft, awake, applied } = putting
  const { number } = awake
  const { visit, identityId, association } = fact
  const identity = numberOfIdentity(putting, identityId)
  const row: LinkRow = draft.link(number, visit, identity) ?? {
    number,
    visit,
    identity,
    association,
    position: applied.entry.position,
    ranges: [],
  }
  draft.putLink({ ...row, association })
  const visitRow = draft.visit(number, visit)
  if (visitRow === null) return
  if (association === 'Authenticated') draft.putVisit({ ...visitRow, authenticated: identity })
  if (association === 'Recognized') draft.putVisit({ ...visitRow, recognized: identity })
  const isTakenBack = association === null && visitRow.recognized === identity
  if (isTakenBack) draft.putVisit({ ...visitRow, recognized: 0 })
}

/** When the current identity of a visit changes, its stretch there ends and the next one's begins (E10). */
export function turnLinks(putting: Putting): void {
  const { before, after, entry } = putting.applied
  const from = currentLink(before)
  const to = currentLink(after)
  if (from?.visit === to?.visit && from?.identityId === to?.identityId) return
  if (from !== null) moveLink(putting, from, (row) => ({ ...row, ranges: closeRange(row.ranges, entry.seq) }))
  if (to !== null) moveLink(putting, to, (row) => ({ ...row, ranges: openRange(row.ranges, entry.seq) }))
}

interface CurrentLink {
  readonly visit: number
  readonly identityId: string
}

function currentLink({ visit, who }: VisitorContext): CurrentLink | null {
  return visit === null || who.identityId === null
    ? null
    : { visit: visit.ordinal, identityId: who.identityId }
}

function moveLink(
  putting: Putting,
  { visit, identityId }: CurrentLink,
  change: (row: LinkRow) => LinkRow,
): void {
  const { draft, awake } = putting
  const identity = numberOfIdentity(putting, identityId)
  const row = draft.link(awake.number, visit, identity)
  if (row !== null) draft.putLink(change(row))
  const person = draft.identity(identity)
  if (person !== null) draft.putIdentity({ ...person, lastSeen: putting.applied.entry.at })
}

/** One row of the contacts collection. */
export function addContact(putting: Putting, fact: Extract<Fact, { type: 'contact.added' }>): void {
  const { draft, awake, applied } = putting
  const { entry, facts } = applied
  const { sessionId } = fact
  draft.putContact({
    position: entry.position,
    n: facts.filter((other) => other.type === 'contact.added').indexOf(fact) + 1,
    number: awake.number,
    seq: entry.seq,
    identity: numberOfIdentity(putting, fact.identityId),
    visit: fact.visit,
    session: sessionId === null ? 0 : (draft.name('session', sessionId)?.ordinal ?? 0),
    scope: fact.scope,
    how: fact.how,
    at: entry.at,
    retractedAt: 0,
  })
}

/** Who the person is for the contact server; somebody who was erased meanwhile gets no row again. */
export function keepContact(
  { draft, applied }: Putting,
  { identityId, contactId }: Extract<Fact, { type: 'contact.resolved' }>,
): void {
  const { entry } = applied
  const person = draft.identity(draft.identityNumber(identityId))
  if (person === null || entry.type !== 'contact.linked') return
  draft.putIdentity({ ...person, contactId, contact: entry.attributes })
}

/** I17: the rows that a verdict made say that it was retracted. */
export function retractContacts(
  { draft, awake, applied }: Putting,
  fact: Extract<Fact, { type: 'contact.retracted' }>,
): void {
  for (const row of draft.contactsOfEntry(awake.number, fact.verdictSeq)) {
    draft.putContact({ ...row, retractedAt: applied.entry.at })
  }
}

/** What an event's data say of a person, key by key: the highest position wins, what is proven is not replaced by what is not. */
export function learnProfile(putting: Putting, fact: Extract<Fact, { type: 'profile.learned' }>): void {
  const { draft, awake, applied } = putting
  const { entry } = applied
  const person = draft.identity(numberOfIdentity(putting, fact.identityId))
  if (person === null || entry.type !== 'event') return
  const { globalVisitID } = awake
  const profile: Record<string, ProfileValue> = { ...person.profile }
  for (const [key, value] of Object.entries(entry.event.data)) {
    if (NO_PROFILE.has(key) || (profile[key]?.proven === true && !fact.proven)) continue
    profile[key] = { value, globalVisitID, position: entry.position, proven: fact.proven }
  }
  const bounded = withinLimits(profile, putting.profileKeys)
  draft.putIdentity({ ...person, lastSeen: entry.at, profile: bounded })
  moveAddresses(draft, person, bounded)
}

/** A person is found by the addresses that their profile has now. */
function moveAddresses(draft: Draft, { identity, profile }: IdentityRow, next: IdentityRow['profile']): void {
  for (const kind of ADDRESS_KINDS) {
    const before = normalAddress(kind, profile[kind]?.value)
    const after = normalAddress(kind, next[kind]?.value)
    if (before === after) continue
    if (before !== null) draft.removeAddress({ kind, value: before, identity })
    if (after !== null) draft.putAddress({ kind, value: after, identity })
  }
}

function withinLimits(profile: IdentityRow['profile'], keysMax: number): IdentityRow['profile'] {
  // What is not proven must not push out what is, no more than it may replace it.
  const dearestFirst = Object.entries(profile).sort(
    ([, one], [, other]) => Number(other.proven) - Number(one.proven) || other.position - one.position,
  )
  let length = 0
  const fitting = dearestFirst.slice(0, keysMax).filter(([key, { value }]) => {
    length += key.length + JSON.stringify(value).length
    return length <= PROFILE_LENGTH_MAX
  })
  return Object.fromEntries(fitting)
}
