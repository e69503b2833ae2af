/** One event of the wire: checked field by field into a fresh object, or named in a rejection (P4). */
import { EventFault } from './errors.ts'
import {
  CATEGORY_LENGTH_MAX,
  EVENT_NAME_LENGTH_MAX,
  ID_LENGTH_MAX,
  IDENTITY_ID_LENGTH_MAX,
  LANGUAGE_CODE_LENGTH_MAX,
  type WireLimits,
} from './limits.ts'
import type { CheckedEvent } from './messages.ts'
import { copyData, isPlainObject, replaceBroken } from './plain.ts'
import { received } from './received.ts'

/** An event as it travels. `timestamp` is the browser's clock in ms. */
export interface WireEvent {
  readonly eventType: 'SYSTEM' | 'BUSINESS'
  readonly eventName: string
  readonly eventID: string
  readonly visitID: string
  readonly pageID: string
  readonly timestamp: number
  readonly url: string
  readonly globalVisitID?: string
  readonly category?: string
  readonly languageCode?: string
  readonly title?: string
  readonly referrer?: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Checks one event. Never throws: what is wrong comes back as a rejection that names the field. `moreNobodies` are
 * identityIds that name nobody, beside those of E8.
 */
export function checkEvent(
  value: unknown,
  limits: WireLimits,
  moreNobodies: readonly string[] = [],
): CheckedEvent {
  try {
    return { ok: true, event: readEvent(value, limits, moreNobodies) }
  } catch (fault) {
    if (!(fault instanceof EventFault)) throw fault
    const eventID = isPlainObject(value) && isId(value.eventID) ? value.eventID : null
    return { ok: false, rejection: { eventID, code: fault.code, message: fault.message } }
  }
}

/** The identity that a SignIn or UserInfo names, normalised; null for any other event, or where it names none. */
export function identityOf(event: WireEvent, moreNobodies: readonly string[] = []): string | null {
  if (!mayNameIdentity(event)) return null
  return normalizeIdentityId(namedIdentity(event.data), moreNobodies)
}

/**
 * E8. NFC, trimmed, 1..256 characters without control characters, and not one of those that name nobody (compared
 * without case); else null. A whole number is taken as its digits.
 */
export function normalizeIdentityId(value: unknown, moreNobodies: readonly string[] = []): string | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string') return null
  const id = text.normalize('NFC').trim()
  if (id.length === 0 || id.length > IDENTITY_ID_LENGTH_MAX || UNPRINTABLE.test(id)) return null
  const folded = id.toLowerCase()
  if (NOBODIES.has(folded) || moreNobodies.some((nobody) => nobody.toLowerCase() === folded)) return null
  return id
}

/** E6. 1..64 characters of `A-Z a-z 0-9 _ -`. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= ID_LENGTH_MAX && isOfCharacters(value, ID_CHARACTERS)
}

/** What E6 asks for, in words. */
export const ID_FORM = `an id of 1..${ID_LENGTH_MAX} characters of A-Z a-z 0-9 _ -`

/** E2. The SYSTEM events there are. */
const SYSTEM_NAMES: ReadonlySet<unknown> = new Set([
  'VisitStarted',
  'PageEntered',
  'PageExited',
  'SignIn',
  'SignOut',
  'UserInfo',
  'ConsentWithdrawn',
])

/** E8. What scripts write where they know nobody. */
const NOBODIES: ReadonlySet<string> = new Set([
  'null',
  'undefined',
  '0',
  'guest',
  'anonymous',
  '[object object]',
  'nan',
])

/** Control characters, and halves of surrogate pairs. */
const UNPRINTABLE = /\p{Cc}|\p{Cs}/u
const BROKEN = /\p{Cs}/u

const ID_CHARACTERS = characterTable('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
const NAME_CHARACTERS = characterTable('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-')

/** The greatest time there is, in ms. */
const TIME_MAX = 8.64e15

function readEvent(value: unknown, limits: WireLimits, moreNobodies: readonly string[]): WireEvent {
  if (!isPlainObject(value)) throw bad('an event', 'an object', value)
  const { eventID, eventType, eventName, visitID, pageID, timestamp } = value
  if (!isId(eventID)) throw bad('eventID', ID_FORM, eventID)
  if (eventType !== 'SYSTEM' && eventType !== 'BUSINESS')
    throw bad('eventType', 'SYSTEM or BUSINESS', eventType)
  if (!isEventName(eventName)) throw bad('eventName', NAME_FORM, eventName)
  if (eventType === 'SYSTEM' && !SYSTEM_NAMES.has(eventName)) {
    throw new EventFault('unknown_event', `eventName of a SYSTEM event is unknown: ${eventName}`)
  }
  if (!isId(visitID)) throw bad('visitID', ID_FORM, visitID)
  if (!isId(pageID)) throw bad('pageID', ID_FORM, pageID)
  if (!isTime(timestamp)) throw bad('timestamp', 'a whole number of ms', timestamp)
  const event: Writable<WireEvent> = {
    eventType,
    eventName,
    eventID,
    visitID,
    pageID,
    timestamp,
    url: readText(value.url, 'url', limits.urlLength),
    data: value.data === undefined || value.data === null ? {} : copyData(value.data, limits),
  }
  readOptional(value, event, limits)
  if (mayNameIdentity(event)) checkIdentity(event, moreNobodies)
  return event
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Fields that may be left out; null says the same. */
function readOptional(
  value: Readonly<Record<string, unknown>>,
  event: Writable<WireEvent>,
  limits: WireLimits,
): void {
  const { globalVisitID, title, referrer, category, languageCode } = value
  if (isThere(globalVisitID)) {
    if (!isId(globalVisitID)) throw bad('globalVisitID', ID_FORM, globalVisitID)
    event.globalVisitID = globalVisitID
  }
  if (isThere(title)) event.title = readText(title, 'title', limits.titleLength, 0)
  if (isThere(referrer)) event.referrer = readText(referrer, 'referrer', limits.urlLength, 0)
  if (isThere(category)) event.category = readText(category, 'category', CATEGORY_LENGTH_MAX, 0)
  if (isThere(languageCode)) {
    event.languageCode = readText(languageCode, 'languageCode', LANGUAGE_CODE_LENGTH_MAX, 0)
  }
}

/** True for a field that says something. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Whole ms since 1970, as browsers count them. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= TIME_MAX
}

function readText(value: unknown, field: string, most: number, least = 1): string {
  if (typeof value !== 'string' || value.length < least)
    throw bad(field, `a text of ${least}..${most} characters`, value)
  if (value.length > most) {
    throw new EventFault('too_large', `${field} must be at most ${most} characters, got ${value.length}`)
  }
  return BROKEN.test(value) ? replaceBroken(value) : value
}

function mayNameIdentity(event: WireEvent): boolean {
  return event.eventType === 'SYSTEM' && (event.eventName === 'SignIn' || event.eventName === 'UserInfo')
}

/** E8, and I9's visitID. A SignIn without an identity is none; a UserInfo may name a visit, or nobody. */
function checkIdentity(event: WireEvent, moreNobodies: readonly string[]): void {
  const named = namedIdentity(event.data)
  if (named !== undefined && normalizeIdentityId(named, moreNobodies) === null) {
    throw bad(
      'data.identityId',
      `1..${IDENTITY_ID_LENGTH_MAX} printable characters that name somebody`,
      named,
    )
  }
  if (named === undefined && event.eventName === 'SignIn') throw bad('data.identityId', 'there', named)
  const visitID = event.data.visitID
  if (event.eventName === 'UserInfo' && isThere(visitID) && !isId(visitID))
    throw bad('data.visitID', ID_FORM, visitID)
}

/** `identityId`, or the first of its aliases that is there. */
function namedIdentity(data: Readonly<Record<string, unknown>>): unknown {
  if (data.identityId !== undefined) return data.identityId
  return data.userID !== undefined ? data.userID : data.userId
}

const NAME_FORM = `1..${EVENT_NAME_LENGTH_MAX} characters of A-Z a-z 0-9 _ . -`

function isEventName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= EVENT_NAME_LENGTH_MAX &&
    isOfCharacters(value, NAME_CHARACTERS)
  )
}

/** Which ASCII codes are allowed. */
function characterTable(allowed: string): Uint8Array {
  const table = new Uint8Array(128)
  for (const character of allowed) table[character.charCodeAt(0)] = 1
  return table
}

/** Not empty, and of nothing but these. */
function isOfCharacters(text: string, table: Uint8Array): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (table[text.charCodeAt(index)] !== 1) return false
  }
  return text.length > 0
}

function bad(field: string, expected: string, value: unknown): EventFault {
  return new EventFault('bad_event', `${field} must be ${expected}, got ${received(value)}`)
}
