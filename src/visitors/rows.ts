/** What follows from an entry, as rows: the stored entry itself, and a put for each fact. */
import type { VisitorContext } from '../../machines/context.ts'
import type { EventEntry } from '../../machines/entries.ts'
import type { EventPlaced, Fact } from '../../machines/facts.ts'
import { closeRange, includeSeq, openRange } from '../store/ranges.ts'
import type { StoredEntry } from '../store/rows.ts'
import { changesOf } from './changes.ts'
import { givenOf, payloadOf } from './entries.ts'
import {
  addContact,
  changeLink,
  keepContact,
  learnProfile,
  numberOfIdentity,
  retractContacts,
  turnLinks,
} from './people.ts'
import { onVisit, openVisit, putPage, putSession } from './places.ts'
import type { Putting } from './putting.ts'
import { bookScore } from './scores.ts'

/** Puts the rows of all facts and changes, and returns the entry as the stream keeps it. */
export function putRows(putting: Putting): StoredEntry {
  const { draft, applied } = putting
  const { facts, before, after } = applied
  for (const fact of facts) putFact(putting, fact)
  for (const change of changesOf(putting)) draft.putChange(change)
  if (before.who !== after.who || before.visit?.ordinal !== after.visit?.ordinal) turnLinks(putting)
  return storedOf(putting)
}

function putFact(putting: Putting, fact: Fact): void {
  const { draft, awake, applied } = putting
  const { seq } = applied.entry
  const { number } = awake
  switch (fact.type) {
    case 'visit.opened':
      return openVisit(putting, fact)
    case 'visit.ended':
      return onVisit(putting, fact.ordinal, (row) => {
        return { ...row, endDate: fact.endedAt, reason: fact.reason, ranges: closeRange(row.ranges, seq) }
      })
    case 'visit.extended':
      return onVisit(putting, fact.ordinal, (row) => ({ ...row, endDate: fact.endedAt }))
    case 'visit.reopened':
      return onVisit(putting, fact.ordinal, (row) => {
        return { ...row, endDate: 0, reason: null, ranges: openRange(row.ranges, seq) }
      })
    case 'visit.aliased':
      return draft.putName({ kind: 'visit', name: fact.name, number, visit: fact.ordinal, ordinal: 0 })
    case 'event.placed':
      return onVisit(putting, fact.ordinal, (row) => ({ ...row, ranges: includeSeq(row.ranges, seq) }))
    case 'page.opened':
    case 'page.closed':
    case 'page.reopened':
      return putPage(putting, fact)
    case 'session.opened':
    case 'session.closed':
    case 'session.reopened':
      return putSession(putting, fact)
    case 'link.changed':
      return changeLink(putting, fact)
    case 'contact.added':
      return addContact(putting, fact)
    case 'contact.retracted':
      return retractContacts(putting, fact)
    case 'profile.learned':
      return learnProfile(putting, fact)
    case 'contact.resolved':
      return keepContact(putting, fact)
    case 'assumption.made':
    case 'assumption.decided':
      return bookScore(putting, fact)
    case 'identity.changed':
    case 'considered':
    case 'answered':
    case 'rejection.kept':
    case 'rejection.lifted':
    case 'lease.granted':
    case 'lease.refused':
    case 'lease.ended':
    case 'notify.came':
    case 'consent.changed':
      return // Told by the outcome, the snapshot or a change: no row of their own.
  }
}

function storedOf(putting: Putting): StoredEntry {
  const { entry, facts, faulted, before, after } = putting.applied
  const { seq, position, at } = entry
  const outcome = outcomeOf(facts)
  if (entry.type !== 'event') {
    const visit = after.visit?.ordinal ?? before.visit?.ordinal ?? 0
    const session = after.visit?.session?.ordinal ?? 0
    const identity = numberOfIdentity(putting, after.who.identityId)
    const payload = payloadOf(entry)
    return {
      kind: entry.type,
      seq,
      position,
      at,
      visit,
      session,
      page: 0,
      identity,
      payload,
      given: null,
      outcome,
      faulted,
    }
  }
  const placed = facts.find((fact) => fact.type === 'event.placed')
  const openedVisit = facts.some((fact) => fact.type === 'visit.opened')
  const { visit, session, page, identity } = placeOf(putting, entry, placed)
  return {
    kind: 'event',
    seq,
    position,
    at,
    visit,
    session,
    page,
    identity,
    words: entry.event,
    occurredAt: entry.occurredAt,
    via: entry.via,
    final: entry.final,
    late: placed?.late === true,
    given: givenOf(entry, openedVisit),
    outcome,
    faulted,
  }
}

/** E10: the session and identity that were current when it was applied; what ended them still belongs to them. */
function placeOf(putting: Putting, { event }: EventEntry, placed: EventPlaced | undefined) {
  const { before, after, facts } = putting.applied
  if (placed?.late === true) return { visit: placed.ordinal, session: 0, page: 0, identity: 0 }
  // One that is placed and not late has ended the visit it is recorded in (V11).
  const sides = placed === undefined ? after : before
  const visit = placed?.ordinal ?? after.visit?.ordinal ?? 0
  const isSignOut = event.eventName === 'SignOut' && event.eventType === 'SYSTEM'
  const signedOut = isSignOut ? facts.find((fact) => fact.type === 'session.closed') : undefined
  return {
    visit,
    session: signedOut?.ordinal ?? sides.visit?.session?.ordinal ?? 0,
    page: pageOf(after, visit, event.pageID) || pageOf(before, visit, event.pageID),
    identity: numberOfIdentity(putting, sides.who.identityId),
  }
}

function pageOf({ visit: open }: VisitorContext, visit: number, browserPageID: string): number {
  if (open?.ordinal !== visit) return 0
  return open.pages.findLast((page) => page.browserPageID === browserPageID)?.ordinal ?? 0
}

/** What `explain` and time travel read again. Page facts are left out: the page's own row says it all. */
function outcomeOf(facts: readonly Fact[]): readonly Fact[] | null {
  if (facts.length === 0) return null
  const told = facts.filter((fact) => !fact.type.startsWith('page.'))
  return told.length === 0 ? null : told
}
