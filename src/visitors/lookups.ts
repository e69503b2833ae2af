/** What is looked up and put on an entry before the step: the machine decides from its snapshot and the entry alone. */

import type { Visit } from '../../machines/context.ts'
import type { DerivedIds, EventEntry, NamedVisit, Settings, VisitEndReason } from '../../machines/entries.ts'
import type { RowReads } from '../store/contract.ts'
import type { NewEvent } from './contract.ts'
import { derivedId } from './ids.ts'

const NO_IDS: DerivedIds = { visitId: '', sessionId: '', pageId: '' }

/** E7: only what this event may make. */
export function idsFor(
  globalVisitID: string,
  words: NewEvent['words'],
  named: NamedVisit | null,
): DerivedIds {
  const { eventID, eventName, eventType } = words
  const isSystem = eventType === 'SYSTEM'
  const sessionId = isSystem && eventName === 'SignIn' ? derivedId(globalVisitID, eventID, 'session') : ''
  const pageId = isSystem && eventName === 'PageEntered' ? derivedId(globalVisitID, eventID, 'page') : ''
  const visitId = named !== null && named.endedAt !== 0 ? derivedId(globalVisitID, eventID, 'visit') : ''
  return sessionId === '' && pageId === '' && visitId === '' ? NO_IDS : { visitId, sessionId, pageId }
}

/** What an event's visitID means. `foreign`: it belongs to another visitor (E9). */
export function namedVisit(
  reads: RowReads,
  {
    number,
    open,
    visitID,
  }: { readonly number: number; readonly open: Visit | null; readonly visitID: string },
): NamedVisit | null | 'foreign' {
  if (open !== null && open.visitId === visitID) return null
  const name = reads.name('visit', visitID)
  if (name === null) return null
  if (name.number !== number) return 'foreign'
  if (open !== null && open.ordinal === name.visit) return aliasOf(open)
  const visit = reads.visit(number, name.visit)
  if (visit === null) return null
  const { ordinal, visitId, startDate, endDate } = visit
  return { ordinal, visitId, startedAt: startDate, endedAt: endDate, reason: toEndReason(visit.reason) }
}

/** An alias of the open visit, as the machine sees it. */
export function aliasOf({ ordinal, visitId, startedAt }: Visit): NamedVisit {
  return { ordinal, visitId, startedAt, endedAt: 0, reason: null }
}

/** I9: the visit named is unknown, another visitor's, or nobody's. */
const NOBODY_LOOKED = { identityId: null, confidence: 0 } as const

const END_REASONS: readonly VisitEndReason[] = [
  'closed',
  'expired',
  'superseded',
  'withdrawn',
  'late',
  'erased',
]

export function toEndReason(reason: string | null): VisitEndReason | null {
  return END_REASONS.find((known) => known === reason) ?? null
}

/**
 * I9: the identity of the visit that a UserInfo names: its last authenticated one, else its last recognized one;
 * null = it names no visit.
 */
export function lookedIdentity(
  reads: RowReads,
  number: number,
  { namesVisit, settings }: { readonly namesVisit: NewEvent['namesVisit']; readonly settings: Settings },
): EventEntry['looked'] {
  if (namesVisit === null) return null
  const name = reads.name('visit', namesVisit.visitID)
  if (name === null || (name.number !== number && !namesVisit.anyVisitor)) return NOBODY_LOOKED
  const visit = reads.visit(name.number, name.visit)
  const identity = reads.identity(visit?.authenticated || visit?.recognized || 0)
  if (visit === null || identity === null) return NOBODY_LOOKED
  const { signedOut, userInfo } = settings.confidence
  return { identityId: identity.identityId, confidence: visit.authenticated !== 0 ? signedOut : userInfo }
}
