/** What a visitor's facts add up to: the rows that a store would keep, as plain arrays; and what a name means. */
import type { NamedVisit, VisitEndReason } from '../../machines/entries.ts'
import type { Association, ContactAdded, Fact } from '../../machines/facts.ts'

export interface BookedVisit {
  ordinal: number
  visitId: string
  startedAt: number
  /** 0 = open. */
  endedAt: number
  reason: VisitEndReason | null
  implicit: boolean
  names: string[]
}

export interface BookedSession {
  ordinal: number
  visit: number
  sessionId: string
  identityId: string
  startedAt: number
  endedAt: number
  reason: string | null
}

export interface BookedPage {
  ordinal: number
  visit: number
  browserPageID: string
  enteredAt: number
  exitedAt: number
}

export interface BookedEvent {
  readonly eventID: string
  readonly visit: number
  readonly late: boolean
}

export interface Book {
  readonly visits: BookedVisit[]
  readonly sessions: BookedSession[]
  readonly pages: BookedPage[]
  readonly events: BookedEvent[]
  readonly contacts: (ContactAdded & { readonly seq: number; retracted: boolean })[]
  /** By `visit ordinal/identityId`. */
  readonly links: Map<string, Association | null>
  readonly rejected: Set<string>
}

export function emptyBook(): Book {
  return {
    visits: [],
    sessions: [],
    pages: [],
    events: [],
    contacts: [],
    links: new Map(),
    rejected: new Set(),
  }
}

/** What an event's visitID means, as the committer looks it up. */
export function namedIn({ visits }: Book, visitID: string): NamedVisit | null {
  const visit = visits.find(({ visitId, names }) => visitId === visitID || names.includes(visitID))
  if (visit === undefined || (visit.endedAt === 0 && visit.visitId === visitID)) return null
  const { ordinal, visitId, startedAt, endedAt, reason } = visit
  return { ordinal, visitId, startedAt, endedAt, reason }
}

/** Writes one fact into the book. */
export function bookFact(book: Book, fact: Fact, seq: number): void {
  bookVisit(book, fact)
  bookPart(book, fact)
  switch (fact.type) {
    case 'link.changed':
      book.links.set(`${fact.visit}/${fact.identityId}`, fact.association)
      break
    case 'contact.added':
      book.contacts.push({ ...fact, seq, retracted: false })
      break
    case 'contact.retracted':
      for (const row of book.contacts) if (row.seq === fact.verdictSeq) row.retracted = true
      break
    case 'rejection.kept':
      book.rejected.add(fact.identityId)
      break
    case 'rejection.lifted':
      book.rejected.delete(fact.identityId)
      break
  }
}

function bookVisit({ visits }: Book, fact: Fact): void {
  const visit = 'ordinal' in fact ? visits.find(({ ordinal }) => ordinal === fact.ordinal) : undefined
  switch (fact.type) {
    case 'visit.opened': {
      const { ordinal, visitId, startedAt, implicit } = fact
      visits.push({ ordinal, visitId, startedAt, implicit, endedAt: 0, reason: null, names: [] })
      break
    }
    case 'visit.ended':
      if (visit) Object.assign(visit, { endedAt: fact.endedAt, reason: fact.reason })
      break
    case 'visit.extended':
      if (visit) visit.endedAt = fact.endedAt
      break
    case 'visit.reopened':
      if (visit) Object.assign(visit, { endedAt: 0, reason: null })
      break
    case 'visit.aliased':
      visit?.names.push(fact.name)
      break
  }
}

function bookPart({ sessions, pages }: Book, fact: Fact): void {
  switch (fact.type) {
    case 'session.opened': {
      const { type: _type, ...session } = fact
      sessions.push({ ...session, endedAt: 0, reason: null })
      break
    }
    case 'session.closed':
    case 'session.reopened': {
      const session = sessions.find(({ ordinal }) => ordinal === fact.ordinal)
      const ended = fact.type === 'session.closed'
      if (session)
        Object.assign(session, { endedAt: ended ? fact.endedAt : 0, reason: ended ? fact.reason : null })
      break
    }
    case 'page.opened': {
      const { ordinal, visit, browserPageID, enteredAt } = fact
      pages.push({ ordinal, visit, browserPageID, enteredAt, exitedAt: 0 })
      break
    }
    case 'page.closed':
    case 'page.reopened': {
      const page = pages.find(({ ordinal }) => ordinal === fact.ordinal)
      if (page) page.exitedAt = fact.type === 'page.closed' ? fact.exitedAt : 0
      break
    }
  }
}
