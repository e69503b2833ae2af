/** Every message of the wire, and the check that makes one of what a client sent. */
import { ProtocolError } from './errors.ts'
import { checkEvent, ID_FORM, isId, isThere, isTime, type WireEvent } from './events.ts'
import { ID_LENGTH_MAX, LANGUAGE_CODE_LENGTH_MAX, type WireLimits } from './limits.ts'
import { isPlainObject } from './plain.ts'
import { received } from './received.ts'

/** Client: who I am. The first message of a connection. */
export interface Hello {
  readonly type: 'hello'
  readonly globalVisitID?: string
  readonly deviceToken?: string
  readonly visitID?: string
  readonly pageID?: string
  readonly sentAt: number
  readonly languageCode?: string
}

/** Client: a batch, as it is sent. */
export interface SentEvents {
  readonly type: 'events'
  /** Rises within the connection. */
  readonly id: number
  readonly sentAt: number
  readonly events: readonly WireEvent[]
}

/** A batch, as it is checked: each event or its rejection, in order. */
export interface EventsMessage {
  readonly type: 'events'
  readonly id: number
  readonly sentAt: number
  readonly events: readonly CheckedEvent[]
}

export type CheckedEvent =
  | { readonly ok: true; readonly event: WireEvent }
  | { readonly ok: false; readonly rejection: Rejection }

/** Client: what became of a `notify`. */
export interface Notified {
  readonly type: 'notified'
  readonly id: string
  readonly outcome: NotifiedOutcome
}

export type NotifiedOutcome = 'handled' | 'noHandler' | 'notThisPage'

/** What a client sends... */
export type SentMessage = Hello | SentEvents | Notified
/** ...and what the check makes of it. */
export type ClientMessage = Hello | EventsMessage | Notified

/** The body of `POST /track` (P2). */
export interface TrackBody {
  readonly hello: Hello
  readonly sentAt: number
  readonly events: readonly CheckedEvent[]
  /** Sent at pagehide. */
  readonly final: boolean
}

/** Server: hello accepted. */
export interface Welcome {
  readonly type: 'welcome'
  readonly globalVisitID: string
  /** Only where the server made it (P6). */
  readonly deviceToken?: string
  readonly visitID: string | null
  /** `Anonymous`, `Authenticated`, `Recognized`, `WM-Recognized`. */
  readonly state: string
  readonly serverTime: number
  readonly limits: Pick<WireLimits, 'frameBytes' | 'batchEvents' | 'inFlight' | 'eventsPerSecond'>
}

/** Server: every accepted event of that batch is on disk. Over `POST /track` its id is 0. */
export interface Ack {
  readonly type: 'ack'
  readonly id: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: readonly Rejection[]
  readonly visitID: string | null
}

/** One event that was not kept, and why; `eventID` is null where it had none. */
export interface Rejection {
  readonly eventID: string | null
  readonly code: RejectionCode
  readonly message: string
}

export type RejectionCode =
  | 'bad_event'
  | 'unknown_event'
  | 'too_large'
  | 'identity_unproven'
  | 'wrong_visitor'
  | 'erased'
  | 'withdrawn'
  | 'internal'

/** Server: the open visit changed or ended. */
export interface VisitMessage {
  readonly type: 'visit'
  readonly visitID: string | null
  readonly reason?: string
}

/** Server: the identity state changed; only where the site turned it on. */
export interface IdentityMessage {
  readonly type: 'identity'
  readonly state: string
  readonly identityId?: string
}

/** Server: pushed by an engagement engine or over REST. */
export interface Notify {
  readonly type: 'notify'
  readonly id: string
  readonly page?: string
  readonly channel: string
  readonly data: unknown
}

/** Server: something was wrong; a close may follow. */
export interface ErrorMessage {
  readonly type: 'error'
  readonly code: ErrorCode
  readonly message: string
  /** The batch it is about. */
  readonly id?: number
}

/** The close that follows, by the name of its reason. */
export type ErrorCode =
  | 'bad_frame'
  | 'hello_first'
  | 'hello_timeout'
  | 'unauthorized'
  | 'origin_not_allowed'
  | 'over_rate'
  | 'too_many_connections'
  | 'storage_unavailable'

export type ServerMessage = Welcome | Ack | VisitMessage | IdentityMessage | Notify | ErrorMessage

/** The answer of `POST /track` (P2). */
export interface TrackAnswer {
  readonly welcome: Welcome
  readonly ack: Ack
}

/**
 * Makes a message of a decoded value, in fresh objects, or throws `ProtocolError` naming the field and what came.
 * One bad event does not spoil its batch (P4). Fields that are not in the table are ignored.
 */
export function checkClientMessage(
  value: unknown,
  limits: WireLimits,
  moreNobodies: readonly string[] = [],
): ClientMessage {
  if (!isPlainObject(value)) throw wrong('a message', 'an object', value)
  switch (value.type) {
    case 'events':
      return {
        type: 'events',
        id: readNumber(value.id, 'events.id'),
        sentAt: readTime(value.sentAt, 'events.sentAt'),
        events: readEvents(value.events, limits, moreNobodies),
      }
    case 'hello':
      return readHello(value)
    case 'notified':
      return {
        type: 'notified',
        id: readId(value.id, 'notified.id'),
        outcome: readOutcome(value.outcome),
      }
    default:
      throw wrong('type', 'hello, events or notified', value.type)
  }
}

/** Makes the work of a decoded `POST /track` body (P2), or throws `ProtocolError`. */
export function checkTrackBody(
  value: unknown,
  limits: WireLimits,
  moreNobodies: readonly string[] = [],
): TrackBody {
  if (!isPlainObject(value)) throw wrong('the body', 'an object', value)
  const { final } = value
  if (isThere(final) && typeof final !== 'boolean') throw wrong('final', 'true or false', final)
  const hello = readHello(value)
  return {
    hello,
    sentAt: hello.sentAt,
    events: readEvents(value.events, limits, moreNobodies),
    final: final === true,
  }
}

function readHello(value: Readonly<Record<string, unknown>>): Hello {
  const { globalVisitID, deviceToken, visitID, pageID, languageCode } = value
  return {
    type: 'hello',
    sentAt: readTime(value.sentAt, 'sentAt'),
    ...(isThere(globalVisitID) && { globalVisitID: readId(globalVisitID, 'globalVisitID') }),
    ...(isThere(deviceToken) && { deviceToken: readToken(deviceToken) }),
    ...(isThere(visitID) && { visitID: readId(visitID, 'visitID') }),
    ...(isThere(pageID) && { pageID: readId(pageID, 'pageID') }),
    ...(isThere(languageCode) && { languageCode: readLanguage(languageCode) }),
  }
}

function readEvents(
  value: unknown,
  limits: WireLimits,
  moreNobodies: readonly string[],
): readonly CheckedEvent[] {
  if (!Array.isArray(value)) throw wrong('events', `a list of 1..${limits.batchEvents} events`, value)
  if (value.length === 0 || value.length > limits.batchEvents) {
    throw new ProtocolError(`events must be 1..${limits.batchEvents} events, got ${value.length}`)
  }
  return value.map((event) => checkEvent(event, limits, moreNobodies))
}

function readNumber(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(field, 'a whole number, 0 or more', value)
}

function readTime(value: unknown, field: string): number {
  if (isTime(value)) return value
  throw wrong(field, 'a whole number of ms', value)
}

function readId(value: unknown, field: string): string {
  if (isId(value)) return value
  throw wrong(field, ID_FORM, value)
}

/** P6. 128 random bits are 22 characters of base64url, or 32 hex digits. */
const TOKEN_LENGTH_MIN = 22

function readToken(value: unknown): string {
  if (isId(value) && value.length >= TOKEN_LENGTH_MIN) return value
  throw wrong('deviceToken', `${TOKEN_LENGTH_MIN}..${ID_LENGTH_MAX} characters of A-Z a-z 0-9 _ -`, value)
}

function readLanguage(value: unknown): string {
  if (typeof value === 'string' && value.length <= LANGUAGE_CODE_LENGTH_MAX) return value
  throw wrong('languageCode', `a text of 0..${LANGUAGE_CODE_LENGTH_MAX} characters`, value)
}

function readOutcome(value: unknown): NotifiedOutcome {
  if (value === 'handled' || value === 'noHandler' || value === 'notThisPage') return value
  throw wrong('notified.outcome', 'handled, noHandler or notThisPage', value)
}

function wrong(field: string, expected: string, value: unknown): ProtocolError {
  return new ProtocolError(`${field} must be ${expected}, got ${received(value)}`)
}
