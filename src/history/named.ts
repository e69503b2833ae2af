/** From the ids of a path to rows: aliases resolve, what does not exist is a 404, what cannot exist is not asked for. */
import type { NameRow, PageRow, SessionRow, VisitRow } from '../store/rows.ts'
import type { IdentityRef } from './collections.ts'
import { notFound } from './problem.ts'
import type { Reading } from './reading.ts'

const BROWSER_ID = /^[A-Za-z0-9_-]{1,64}$/
const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const IDENTITY_LENGTH_MAX = 256

export function findVisit(reading: Reading, visitId: string): VisitRow | null {
  const name = BROWSER_ID.test(visitId) ? reading.store.name('visit', visitId) : null
  return name === null || !isKept(reading, name) ? null : reading.store.visit(name.number, name.visit)
}

export function findSession(reading: Reading, sessionId: string): SessionRow | null {
  const name = SERVER_ID.test(sessionId) ? reading.store.name('session', sessionId) : null
  if (name === null || !isKept(reading, name)) return null
  const session = reading.store.session(name.number, name.visit, name.ordinal)
  // Q12: of one who is being erased.
  return session === null || reading.store.identity(session.identity) === null ? null : session
}

function findPage(reading: Reading, pageId: string): PageRow | null {
  const name = SERVER_ID.test(pageId) ? reading.store.name('page', pageId) : null
  return name === null || !isKept(reading, name)
    ? null
    : reading.store.page(name.number, name.visit, name.ordinal)
}

/** Q12: a visitor that is being erased is nobody's parent any more. */
function isKept({ store }: Reading, { number }: NameRow): boolean {
  return store.visitor(number) !== null
}

/** The id as it is kept (E8). */
export function normalIdentityId(identityId: string): string {
  return identityId.normalize('NFC').trim()
}

/** The identity by its id, compared as E8 keeps it: composed, without spaces around it. */
export function findIdentity({ store }: Reading, identityId: string): IdentityRef | null {
  const kept = normalIdentityId(identityId)
  if (kept === '' || kept.length > IDENTITY_LENGTH_MAX) return null
  const identity = store.identityNumber(kept)
  // A number without a row was only allotted.
  if (identity === 0 || store.identity(identity) === null) return null
  return { identity, identityId: kept }
}

/** The visitor's number, or 0. */
export function findVisitor({ store }: Reading, globalVisitID: string): number {
  return BROWSER_ID.test(globalVisitID) ? store.visitorNumber(globalVisitID) : 0
}

export function visitNamed(reading: Reading, visitId: string): VisitRow {
  return findVisit(reading, visitId) ?? refuse('visit')
}

export function sessionNamed(reading: Reading, sessionId: string): SessionRow {
  return findSession(reading, sessionId) ?? refuse('session')
}

export function pageNamed(reading: Reading, pageId: string): PageRow {
  return findPage(reading, pageId) ?? refuse('page')
}

export function identityNamed(reading: Reading, identityId: string): IdentityRef {
  return findIdentity(reading, identityId) ?? refuse('identity')
}

function refuse(what: string): never {
  throw notFound(what)
}
