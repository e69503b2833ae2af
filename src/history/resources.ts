/** Rows become resources: GWE's names and casing, relations null until they are asked for (H1, H6). */
import type { Store } from '../store/contract.ts'
import {
  type ContactRow,
  type IdentityRow,
  isStoredEvent,
  type PageRow,
  type SessionRow,
  type StoredEntry,
  type StoredEvent,
  type VisitRow,
} from '../store/rows.ts'
import { encodeHistoryId } from './history-id.ts'
import type { Names } from './names.ts'
import type {
  ContactResource,
  EventResource,
  IdentityResource,
  PageResource,
  SessionResource,
  StreamEntryResource,
  VisitResource,
} from './schemas.ts'

/** How GWE spells "no session". */
export const NO_SESSION = '00000000-0000-1000-8000-000000000000'

export interface Looks {
  readonly store: Store
  readonly names: Names
}

export const NO_EVENTS = { eventIds: null, events: null } as const
export const NO_PAGES = { pageIds: null, pages: null } as const
export const NO_SESSIONS = { sessionIds: null, sessions: null } as const
export const NO_VISITS = { visitIds: null, visits: null } as const
export const NO_IDENTITIES = { identityIds: null, identities: null } as const

export function visitResource({ store, names }: Looks, row: VisitRow) {
  const [latest] = store.sessions(row.number, row.ordinal, { limit: 1, reverse: true })
  // Q12: that of one who is being erased is over.
  const isOpen = latest?.endDate === 0 && store.identity(latest.identity) !== null
  return {
    visitId: row.visitId,
    startDate: row.startDate,
    endDate: row.endDate,
    activeSessionId: isOpen ? latest.sessionId : NO_SESSION,
    globalVisitID: names.globalVisitID(row.number),
    userAgentId: row.userAgentId,
    userAgent: row.userAgentId === null ? null : store.userAgent(row.userAgentId),
    reason: row.reason,
    implicit: row.implicit,
    ...NO_EVENTS,
    ...NO_PAGES,
    ...NO_SESSIONS,
    ...NO_IDENTITIES,
  } satisfies VisitResource
}

export function sessionResource({ names }: Looks, row: SessionRow) {
  return {
    sessionId: row.sessionId,
    identityId: names.identityId(row.identity) ?? '',
    startDate: row.startDate,
    endDate: row.endDate,
    duration: wholeSeconds(row),
    visitId: names.visit(row.number, row.visit)?.visitId ?? '',
    globalVisitID: names.globalVisitID(row.number),
    reason: row.reason,
    ...NO_EVENTS,
    ...NO_PAGES,
  } satisfies SessionResource
}

export function pageResource({ names }: Looks, row: PageRow) {
  return {
    pageID: row.pageId,
    browserPageID: row.browserPageID,
    visitID: names.visit(row.number, row.visit)?.visitId ?? '',
    globalVisitID: names.globalVisitID(row.number),
    sessionId: names.session(row.number, row.visit, row.session)?.sessionId ?? null,
    identityId: names.identityId(row.identity),
    url: row.url,
    title: row.title ?? null,
    category: row.category ?? '',
    referrer: row.referrer ?? null,
    startDate: row.startDate,
    endDate: row.endDate,
    duration: wholeSeconds(row),
    ...NO_EVENTS,
  } satisfies PageResource
}

export function identityResource(row: IdentityRow, visitScope: IdentityResource['visitScope']) {
  const profile = Object.fromEntries(Object.entries(row.profile).map(([key, { value }]) => [key, value]))
  return {
    identityId: row.identityId,
    name: textOf(profile, 'name'),
    location: textOf(profile, 'location'),
    entityInCS: row.contactId,
    visitScope,
    profile,
    contact: row.contact,
    firstSeen: row.firstSeen,
    lastSeen: row.lastSeen,
    ...NO_EVENTS,
    ...NO_PAGES,
    ...NO_SESSIONS,
    ...NO_VISITS,
  } satisfies IdentityResource
}

export function eventResource({ names }: Looks, number: number, entry: StoredEvent): EventResource {
  const { words, visit: ordinal } = entry
  const visit = names.visit(number, ordinal)
  // V2: the event that opened its visit in place of a lost VisitStarted.
  const implicit = visit?.implicit === true && visit.ranges[0]?.[0] === entry.seq
  return {
    eventID: words.eventID,
    category: words.category ?? '',
    eventType: words.eventType,
    eventName: words.eventName,
    serverTimestamp: entry.at,
    occurredAt: entry.occurredAt,
    browserPageID: words.pageID,
    globalVisitID: names.globalVisitID(number),
    url: words.url,
    timestamp: words.timestamp,
    visitID: visit?.visitId ?? words.visitID,
    pageID: names.page(number, ordinal, entry.page)?.pageId ?? null,
    sessionId: names.session(number, ordinal, entry.session)?.sessionId ?? null,
    identityId: names.identityId(entry.identity),
    languageCode: words.languageCode ?? null,
    title: words.title ?? null,
    referrer: words.referrer ?? null,
    data: words.data,
    historyId: encodeHistoryId({ number, seq: entry.seq }),
    seq: entry.seq,
    position: entry.position,
    ...(entry.late ? { late: true } : {}),
    ...(implicit ? { implicit: true } : {}),
  }
}

export function streamEntryResource(looks: Looks, number: number, entry: StoredEntry): StreamEntryResource {
  const { names } = looks
  return {
    seq: entry.seq,
    position: entry.position,
    at: entry.at,
    kind: entry.kind,
    visitId: names.visit(number, entry.visit)?.visitId ?? null,
    sessionId: names.session(number, entry.visit, entry.session)?.sessionId ?? null,
    identityId: names.identityId(entry.identity),
    event: isStoredEvent(entry) ? eventResource(looks, number, entry) : null,
    payload: isStoredEvent(entry) ? null : entry.payload,
    outcome: entry.outcome ?? null,
    ...(entry.faulted ? { faulted: true } : {}),
  }
}

export function contactResource({ store, names }: Looks, row: ContactRow): ContactResource {
  const identity = store.identity(row.identity)
  return {
    identityId: identity?.identityId ?? '',
    contactId: identity?.contactId ?? null,
    sessionId: names.session(row.number, row.visit, row.session)?.sessionId ?? null,
    visitId: names.visit(row.number, row.visit)?.visitId ?? '',
    globalVisitId: names.globalVisitID(row.number),
    scope: row.scope,
    how: row.how,
    at: row.at,
    ...(row.retractedAt === 0 ? {} : { retractedAt: row.retractedAt }),
  }
}

function wholeSeconds({
  startDate,
  endDate,
}: {
  readonly startDate: number
  readonly endDate: number
}): number {
  return endDate === 0 ? 0 : Math.trunc((endDate - startDate) / 1_000)
}

function textOf(profile: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = Object.hasOwn(profile, key) ? profile[key] : undefined
  return typeof value === 'string' ? value : null
}
