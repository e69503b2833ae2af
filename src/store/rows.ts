/**
 * What the rows on disk say. The store knows no rules: it keeps rows, and finds them again.
 * `number` is a visitor's number, `identity` an identity's; ordinals count within one visitor from 1; 0 = none.
 */

/** One visitor: the last snapshot, and where the stream stands. */
export interface VisitorRow {
  readonly number: number
  readonly globalVisitID: string
  readonly seq: number
  /** Position and time of the last entry. */
  readonly position: number
  readonly at: number
  /** Time of the first entry. */
  readonly firstAt: number
  readonly machineVersion: number
  /** Whatever the visitors' room makes of a snapshot; plain data. */
  readonly snapshot: unknown
  /** The due time that stands in the deadlines index, never later than the true one; 0 = none (see deadlines). */
  readonly armedAt: number
  /** Deadlines that made the machine throw and are not armed again (E12): `name:due`. */
  readonly disarmed: readonly string[]
  readonly keptFrom: number // Where `seq` begins.
  /** The latest of its eventIDs by `orderOf`: a later one was never said (E1). */
  readonly newest: number
  /** Where `verify` begins to replay: the state after entry `seq` (0 = the birth). */
  readonly replayFrom: { readonly seq: number; readonly machineVersion: number; readonly snapshot: unknown }
  /** The ordinal of the open visit if it has a socket, else 0: kept in the `connected` index too. */
  readonly connected: number
}

/** The state after entry `seq`, every thousandth: bounds the work of replay. */
export interface BaseRow {
  readonly number: number
  readonly seq: number
  readonly machineVersion: number
  readonly snapshot: unknown
}

/** An event's own words, as they came. */
export interface StoredWords {
  readonly eventType: 'SYSTEM' | 'BUSINESS'
  readonly eventName: string
  readonly eventID: string
  readonly visitID: string
  readonly pageID: string
  readonly timestamp: number
  readonly url: string
  readonly title?: string
  readonly referrer?: string
  readonly category?: string
  readonly languageCode?: string
  readonly data: Readonly<Record<string, unknown>>
}

interface Kept {
  readonly seq: number
  readonly position: number
  readonly at: number
  /** Where it belongs (E10): what was open when it was applied; the late visit for a late event. */
  readonly visit: number
  readonly session: number
  readonly page: number
  readonly identity: number
  /** What was looked up before the step, where that was not the default; plain data of the visitors' room. */
  readonly given: unknown
  /** What followed; null = only recorded. */
  readonly outcome: unknown
  readonly faulted: boolean // The machine threw (E12): it changed nothing.
  readonly erased?: true // Q12: what it said was overwritten.
}

export interface StoredEvent extends Kept {
  readonly kind: 'event'
  readonly words: StoredWords
  readonly occurredAt: number
  readonly via: 'socket' | 'http' | 'rest'
  readonly final: boolean
  readonly late: boolean
}

export interface StoredOther extends Kept {
  /** 'presence.came', 'deadline', 'confirm' ... */
  readonly kind: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** One entry of a visitor's stream. */
export type StoredEntry = StoredEvent | StoredOther

/** True for what a browser said, false for everything else that reached the visitor. */
export function isStoredEvent(entry: StoredEntry): entry is StoredEvent {
  return entry.kind === 'event'
}

/**
 * Stretches of `seq`, both ends included, to = 0 while it goes on. A superset: reading filters by the ordinals on
 * the entries, so that a list past `RANGES_MAX` may be made coarser.
 */
export type Ranges = readonly (readonly [from: number, to: number])[]

export interface VisitRow {
  readonly number: number
  readonly ordinal: number
  readonly visitId: string
  readonly position: number
  readonly startDate: number
  /** 0 = open. */
  readonly endDate: number
  readonly reason: string | null
  readonly implicit: boolean
  readonly userAgentId: string | null
  /** The identity that last signed in here, and the one last recognized: what a UserInfo naming the visit means (I9). */
  readonly authenticated: number
  readonly recognized: number
  readonly ranges: Ranges
}

export interface SessionRow {
  readonly number: number
  readonly visit: number
  readonly ordinal: number
  readonly sessionId: string
  readonly identity: number
  readonly position: number
  readonly startDate: number
  readonly endDate: number
  readonly reason: string | null
  readonly ranges: Ranges
}

export interface PageRow {
  readonly number: number
  readonly visit: number
  readonly ordinal: number
  readonly pageId: string
  readonly browserPageID: string
  readonly session: number
  readonly identity: number
  readonly position: number
  readonly startDate: number
  readonly endDate: number
  readonly url: string
  readonly title?: string
  readonly category?: string
  readonly referrer?: string
  readonly ranges: Ranges
}

export type NameKind = 'visit' | 'session' | 'page'

/** What an id means: a visitID (or alias) by hash, a sessionId or pageId by its bytes. */
export interface NameRow {
  readonly kind: NameKind
  readonly name: string
  readonly number: number
  readonly visit: number
  /** The session's or page's ordinal; 0 for a visit. */
  readonly ordinal: number
}

export interface ProfileValue {
  readonly value: unknown
  readonly globalVisitID: string
  readonly position: number
  readonly proven: boolean
}

export interface IdentityRow {
  readonly identity: number
  readonly identityId: string
  readonly position: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly profile: Readonly<Record<string, ProfileValue>>
  /** The linked contact's id (entityInCS). */
  readonly contactId: string | null
  readonly contact: Readonly<Record<string, unknown>> | null
}

/** The link of a visit and an identity; it is found from either side. */
export interface LinkRow {
  readonly number: number
  readonly visit: number
  readonly identity: number
  /** Null = taken back: kept, but no list shows it. */
  readonly association: string | null
  /** Position of the entry that first made it: where it stands among the identity's visits. */
  readonly position: number
  /** When this identity was the current one in this visit. */
  readonly ranges: Ranges
}

export interface ContactRow {
  readonly position: number
  /** Counts the rows of one entry from 1. */
  readonly n: number
  readonly number: number
  readonly seq: number
  readonly identity: number
  readonly visit: number
  readonly session: number
  readonly scope: string
  readonly how: string
  readonly at: number
  /** 0 = it stands. */
  readonly retractedAt: number
}

/** What an address book is searched by. */
export type AddressKind = 'email' | 'phone'

/** Somebody's profile says that this is their e-mail address or phone number; the value is normalised by who writes it. */
export interface AddressRow {
  readonly kind: AddressKind
  readonly value: string
  readonly identity: number
}

/** How often a rule's assumptions were right; what was neither hit nor missed is undecided. */
export interface ScoreRow {
  readonly rule: string
  readonly version: number
  /** Position of the entry that last changed it. */
  readonly position: number
  readonly made: number
  readonly hits: number
  readonly misses: number
}

export type ChangeKind = 'identity' | 'visit' | 'event' | 'lease' | 'notify'

/** What engines and agents are told; ordered by position, then n. */
export interface ChangeRow {
  readonly position: number
  /** Counts all changes of one entry from 1, in the order raised. */
  readonly n: number
  readonly number: number
  readonly globalVisitID: string
  readonly seq: number
  readonly at: number
  readonly kind: ChangeKind
  /** The subject's second word: a state, `opened`, an event's name... */
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
}

/** One transaction's place on the node: which stretch of which stream it wrote. Positions run through it. */
export interface CommitRow {
  readonly position: number
  readonly at: number
  readonly stretches: readonly CommitStretch[]
}

export interface CommitStretch {
  readonly number: number
  readonly firstSeq: number
  readonly count: number
  /** What is in it: bit 0 a BUSINESS event, 1 a SYSTEM event, 2 SignIn, SignOut or UserInfo, 3 anything else. */
  readonly contents: number
}

export interface TokenRow {
  readonly globalVisitID: string
  /** SHA-256 of the device token (P6). */
  readonly hash: Uint8Array
  readonly boundAt: number
}

/** How far the relay has published: all up to `position`, and per visitor what went ahead of it. */
export interface RelayPlaceRow {
  readonly number: number
  readonly position: number
  readonly n: number
}

/** A change that NATS refused for good (B6): it is kept here instead of there. */
export interface DeadRow {
  readonly change: ChangeRow
  readonly reason: string
  /** When it was given up, epoch ms. */
  readonly at: number
  /** A later message of its visitor has said that something is missing before it. */
  readonly told: boolean
}

/** Where the stream holds a message, and the ids of the people it names. */
export interface SentRow {
  readonly seq: number
  readonly messageId: string
  /** When the stream acknowledged it, epoch ms. */
  readonly at: number
  readonly identityIds: readonly string[]
}

/** A place among the rows of sent messages, which stand in the order of their time. */
export interface SentPlace {
  readonly at: number
  readonly seq: number
}
