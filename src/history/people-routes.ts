/** Rows of the table for the collections `contacts` and `useridentifications`. */
import { z } from '@hono/zod-openapi'
import type { Span } from '../store/contract.ts'
import { type ContactRow, isStoredEvent, type Ranges, type StoredEntry } from '../store/rows.ts'
import { eventsAmong } from './collections.ts'
import { commitListing, HOLDS_IDENTIFICATION, HOLDS_SYSTEM } from './commit-list.ts'
import { contactListing } from './contact-list.ts'
import type { Listing, Window } from './listing.ts'
import { mergedListing } from './merged.ts'
import { findIdentity, findSession, findVisit, findVisitor } from './named.ts'
import { FILTERS } from './parameters.ts'
import type { Reading } from './reading.ts'
import { contactResource } from './resources.ts'
import { list, type Route } from './route.ts'
import { ContactSchema, EventSchema } from './schemas.ts'
import { eventStrand } from './strands.ts'
import { type PlacedEntry, streamListing, WHOLE_STREAM } from './streams.ts'

const { identityId, globalVisitID, visitId, sessionId, age, all } = FILTERS

const contacts = list({
  path: '/contacts',
  scope: 'history:read',
  summary: 'How people were linked to visits: a row whenever a link was made',
  params: z.object({}),
  filters: z.object({ identityId, globalVisitID, visitId, sessionId, age }),
  item: ContactSchema,
  read: (reading, { filters }, page) => {
    const subject = subjectOf(reading, filters)
    return page({
      listing: (window) => contactListing(reading.store, contactsOf(reading, subject), window),
      belongs: (row: ContactRow) =>
        subject !== null &&
        // Q12: of one who is being erased.
        reading.store.identity(row.identity) !== null &&
        fits(subject.number, row.number) &&
        fits(subject.visit, row.visit) &&
        fits(subject.session, row.session) &&
        fits(subject.identity, row.identity),
      time: (row: ContactRow) => row.at,
      compose: (row: ContactRow) => contactResource(reading, row),
    })
  },
})

const IDENTIFICATIONS: readonly string[] = ['SignIn', 'SignOut', 'UserInfo']

const userIdentifications = list({
  path: '/useridentifications',
  scope: 'history:read',
  summary: 'The events that say who somebody is; with `all=true` every SYSTEM event',
  params: z.object({}),
  filters: z.object({ identityId, globalVisitID, visitId, sessionId, age, all }),
  item: EventSchema,
  read: (reading, { filters }, page) => {
    const subject = subjectOf(reading, filters)
    const isWanted = filters.all === 'true' ? isSystem : isIdentification
    const among = eventsAmong(
      reading,
      (entry) =>
        subject !== null &&
        isWanted(entry) &&
        fits(subject.visit, entry.visit) &&
        fits(subject.session, entry.session) &&
        fits(subject.identity, entry.identity),
    )
    const contents = filters.all === 'true' ? HOLDS_SYSTEM : HOLDS_IDENTIFICATION
    const compose = among.alone
    // Each way to find the entries has places of its own; a query always takes the same way.
    if (subject === null) return page({ ...among, compose, listing: () => EMPTY })
    const { store } = reading
    const { number, ranges, identity } = subject
    if (number !== null) {
      return page({
        ...among,
        compose,
        listing: (window) => streamListing(store, { number, ranges, window }),
      })
    }
    if (identity !== null) {
      const listing = (window: Window) =>
        mergedListing(store, {
          identity,
          reverse: window.reverse,
          strand: eventStrand(store, window, among.belongs),
        })
      return page({ ...among, compose, listing })
    }
    return page({ ...among, compose, listing: (window) => commitListing(store, contents, window) })
  },
})

function isSystem(entry: StoredEntry): boolean {
  return isStoredEvent(entry) && entry.words.eventType === 'SYSTEM'
}

function isIdentification(entry: StoredEntry): boolean {
  return isStoredEvent(entry) && isSystem(entry) && IDENTIFICATIONS.includes(entry.words.eventName)
}

/** Whom or what the filters name; null for each that they leave open. */
interface Subject {
  readonly number: number | null
  readonly visit: number | null
  readonly session: number | null
  readonly identity: number | null
  readonly ranges: Ranges
}

interface SubjectFilters {
  readonly identityId?: string | undefined
  readonly globalVisitID?: string | undefined
  readonly visitId?: string | undefined
  readonly sessionId?: string | undefined
}

/** Null where a filter names what does not exist, or two name what is not together: nothing matches then. */
function subjectOf(reading: Reading, filters: SubjectFilters): Subject | null {
  let subject: Subject = { number: null, visit: null, session: null, identity: null, ranges: WHOLE_STREAM }
  if (filters.globalVisitID !== undefined) {
    const number = findVisitor(reading, filters.globalVisitID)
    if (number === 0) return null
    subject = { ...subject, number }
  }
  if (filters.visitId !== undefined) {
    const visit = findVisit(reading, filters.visitId)
    if (visit === null || !fits(subject.number, visit.number)) return null
    subject = { ...subject, number: visit.number, visit: visit.ordinal, ranges: visit.ranges }
  }
  if (filters.sessionId !== undefined) {
    const session = findSession(reading, filters.sessionId)
    if (session === null || !fits(subject.number, session.number) || !fits(subject.visit, session.visit)) {
      return null
    }
    const { number, visit, ordinal, ranges } = session
    subject = { ...subject, number, visit, session: ordinal, ranges }
  }
  if (filters.identityId !== undefined) {
    const found = findIdentity(reading, filters.identityId)
    if (found === null) return null
    subject = { ...subject, identity: found.identity }
  }
  return subject
}

function fits(wanted: number | null, value: number): boolean {
  return wanted === null || wanted === value
}

function contactsOf({ store }: Reading, subject: Subject | null): (span: Span) => readonly ContactRow[] {
  if (subject === null) return () => []
  const { number, identity } = subject
  if (identity !== null) return (span) => store.contactsOfIdentity(identity, span)
  if (number !== null) return (span) => store.contactsOfVisitor(number, span)
  return (span) => store.contacts(span)
}

const EMPTY: Listing<PlacedEntry, number> = {
  placeSchema: z.number(),
  read: (place) => ({ seen: [], place, looked: 0, done: true }),
}

export const PEOPLE_ROUTES: readonly Route[] = [contacts, userIdentifications]
