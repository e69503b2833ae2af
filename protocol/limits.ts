/** Every limit of the wire: its name, its default, what it bounds. A server may be configured otherwise. */

export interface WireLimits {
  /** Bytes of one WebSocket message, or of one `POST /track` body. */
  readonly frameBytes: number
  /** Events in one batch. */
  readonly batchEvents: number
  /** Bytes of one event's `data` as JSON. */
  readonly dataBytes: number
  /** How deep `data` may nest; the object itself is level 1. */
  readonly dataLevels: number
  /** Characters of `url` and `referrer`. */
  readonly urlLength: number
  readonly titleLength: number
  /** Batches of one connection that are not acknowledged yet. */
  readonly inFlight: number
  readonly eventsPerSecond: number
  /** Events that may come at once before `eventsPerSecond` holds. */
  readonly eventsBurst: number
  /** Over the rate for this long: the connection is closed (4003). */
  readonly overRateMs: number
  readonly connectionsPerVisitor: number
  readonly connectionsPerAddress: number
  /** New visitors a minute from one address; 0 = no limit. */
  readonly newVisitorsPerMinute: number
  readonly helloTimeoutMs: number
  readonly pongTimeoutMs: number
  /** Bytes waiting for a client that does not read (4002). */
  readonly unreadBytes: number
}

export const WIRE_LIMITS: WireLimits = {
  frameBytes: 64 * 1024,
  batchEvents: 100,
  dataBytes: 16 * 1024,
  dataLevels: 8,
  urlLength: 2_048,
  titleLength: 512,
  inFlight: 16,
  eventsPerSecond: 50,
  eventsBurst: 200,
  overRateMs: 30_000,
  connectionsPerVisitor: 20,
  connectionsPerAddress: 1_000,
  newVisitorsPerMinute: 60,
  helloTimeoutMs: 10_000,
  pongTimeoutMs: 30_000,
  unreadBytes: 1024 * 1024,
}

/** A browser's ids (E6): these many characters of `A-Z a-z 0-9 _ -`. */
export const ID_LENGTH_MAX = 64
/** An event's name: these many characters of `A-Z a-z 0-9 _ . -`. */
export const EVENT_NAME_LENGTH_MAX = 64
/** Characters of an `identityId` after NFC and trimming (E8). */
export const IDENTITY_ID_LENGTH_MAX = 256
/** Characters of `category` (names joined by `;`). */
export const CATEGORY_LENGTH_MAX = 512
/** Characters of `languageCode`. */
export const LANGUAGE_CODE_LENGTH_MAX = 35
/** Characters of the User-Agent header that are kept (E11). */
export const USER_AGENT_LENGTH_MAX = 512
/** The oldest an event may claim to be (E5), in ms. */
export const EVENT_AGE_MAX_MS = 7 * 24 * 60 * 60_000
