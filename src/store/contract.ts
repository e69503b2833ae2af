/** What the store can do: rows go in by one commit, and are found again. `openStore` makes it, over LMDB. */
import type { ErasedReads, ErasingPuts, ErasureStore, RetentionStore } from './erased.ts'
import type {
  AddressKind,
  AddressRow,
  BaseRow,
  ChangeRow,
  CommitRow,
  ContactRow,
  DeadRow,
  IdentityRow,
  LinkRow,
  NameKind,
  NameRow,
  PageRow,
  RelayPlaceRow,
  ScoreRow,
  SentPlace,
  SentRow,
  SessionRow,
  StoredEntry,
  TokenRow,
  VisitorRow,
  VisitRow,
} from './rows.ts'

/** A part of a list: at most `limit` rows after (or before) a place. */
export interface Span {
  /** The first place wanted, included; the default is the list's beginning (its end when `reverse`). */
  readonly from?: number
  /** The last place wanted, included. */
  readonly to?: number
  readonly limit: number
  readonly reverse?: boolean
}

/** Single rows: answered from a draft where it has them, else from disk. */
export interface RowReads extends ErasedReads {
  /** The visitor's number, or 0. */
  visitorNumber(globalVisitID: string): number
  visitor(number: number): VisitorRow | null
  visit(number: number, ordinal: number): VisitRow | null
  session(number: number, visit: number, ordinal: number): SessionRow | null
  page(number: number, visit: number, ordinal: number): PageRow | null
  name(kind: NameKind, name: string): NameRow | null
  /** The identity's number, or 0. */
  identityNumber(identityId: string): number
  identity(identity: number): IdentityRow | null
  link(number: number, visit: number, identity: number): LinkRow | null
  token(globalVisitID: string): TokenRow | null
  /** The `seq` of the entry that holds this eventID, or 0 (E1). */
  seenSeq(number: number, eventID: string): number
  userAgent(userAgentId: string): string | null
  /** The contact rows that entry `seq` of this visitor made. */
  contactsOfEntry(number: number, seq: number): readonly ContactRow[]
  score(rule: string, version: number): ScoreRow | null
}

/** A visit that has not ended. */
export interface OpenVisit {
  readonly number: number
  readonly visit: number
}

/** What one visitor said without another in between. */
export interface Stretch {
  readonly number: number
  readonly entries: readonly StoredEntry[]
}

/**
 * The rows of one commit, readable before they are on disk. A draft made behind another reads through it, so the
 * next batch can be applied while this one is written.
 */
export interface Draft extends RowReads, ErasingPuts {
  /** Allots the next number to a new visitor, or gives the one it has. */
  numberVisitor(globalVisitID: string): number
  /** Allots the next number to a new identity, or gives the one it has. */
  numberIdentity(identityId: string): number
  /**
   * The visitor's new row with the entries that led to it, contiguous by seq and position.
   * `previousSeq` is the fence: the commit fails if the disk says otherwise. Twice in one draft: the entries add up.
   */
  putVisitor(row: VisitorRow, entries: readonly StoredEntry[], previousSeq: number): void
  putBase(row: BaseRow): void
  putVisit(row: VisitRow): void
  putSession(row: SessionRow): void
  putPage(row: PageRow): void
  putName(row: NameRow): void
  putIdentity(row: IdentityRow): void
  putLink(row: LinkRow): void
  putContact(row: ContactRow): void
  putChange(row: ChangeRow): void
  putToken(row: TokenRow): void
  putUserAgent(userAgentId: string, text: string): void
  putAddress(row: AddressRow): void
  removeAddress(row: AddressRow): void
  putScore(row: ScoreRow): void
  /** All changes put, in order: what listeners are told after the commit. */
  readonly changes: readonly ChangeRow[]
  /** All entries put, in order. */
  readonly stretches: readonly Stretch[]
  readonly isEmpty: boolean
  /** Lets go of its rows, which must be on disk: what a collector has not come to yet would hold all of them. */
  release(): void
}

export interface StoreStats {
  /** What rows take, the data file, and the address space that LMDB maps it to. */
  readonly bytes: number
  readonly fileBytes: number
  readonly mapBytes: number
  readonly quotaBytes: number
  readonly lastPosition: number
  readonly lastAt: number
}

/** The store's reads of lists see what is committed, never a draft. None keeps an iterator over an await. */
export interface Store extends RowReads, ErasureStore, RetentionStore {
  readonly path: string
  /** Where the last commit ended: the committer goes on from here (E4). */
  lastPosition(): number
  lastAt(): number
  /** Counts this node's starts, written at open. */
  readonly boot: number

  createDraft(behind?: Draft): Draft
  /**
   * Writes a draft in one transaction and resolves when it is flushed to disk. Rejects with `StoreUnavailable`
   * (nothing of it is visible then) or `StaleCommit` (the fence).
   */
  commit(draft: Draft, stamp: { readonly at: number }): Promise<void>

  /** The visitor's entries in seq order, in part of a chunk or many. */
  entries(number: number, span: Span): StoredEntry[]
  /** The state at or before `seq` to replay from. */
  baseAtOrBefore(number: number, seq: number): BaseRow | null
  visitors(span: Span): VisitorRow[]
  visits(number: number, span: Span): VisitRow[]
  sessions(number: number, visit: number, span: Span): SessionRow[]
  pages(number: number, visit: number, span: Span): PageRow[]
  identities(span: Span): IdentityRow[]
  /** By identity; without a span all of them. */
  linksOfVisit(number: number, visit: number, span?: Span): LinkRow[]
  /** By position. */
  linksOfIdentity(identity: number, span: Span): LinkRow[]
  /** By position; `from` and `to` are positions, a row of that position is included. */
  contacts(span: Span): ContactRow[]
  contactsOfIdentity(identity: number, span: Span): ContactRow[]
  contactsOfVisitor(number: number, span: Span): ContactRow[]
  /** The identities whose profile says so, by number; `value` as `AddressRow` holds it. */
  identitiesAt(kind: AddressKind, value: string, limit: number): number[]
  scores(): ScoreRow[]
  commits(span: Span): CommitRow[]
  /** By position; all changes of one position come together even past `limit`. */
  changes(span: Span): ChangeRow[]

  /** Visitors whose armed deadline is due by `at`, earliest first. */
  due(at: number, limit: number): { readonly number: number; readonly at: number }[]
  /** The earliest armed deadline, or 0. */
  firstDue(): number
  /** Visitors whose open visit has a socket, as last committed. */
  connected(span: Span): number[]
  /** Visits without an end, by the number of their visitor, which is what `from` and `to` are. */
  openVisits(span: Span): OpenVisit[]

  /** How many rows a table of docs/store.md has: a proof of the folder knows how many there may be. */
  rowCount(table: string): number
  /** How many eventIDs are remembered. */
  seenCount(): number
  /** Whether the deadlines index has this visitor at this time. */
  isArmed(number: number, at: number): boolean

  /** Removes changes before `at` that the relay has published (all of them where it is off). */
  dropChanges(before: { readonly at: number; readonly position: number }, limit: number): Promise<number>
  /** Forgets tokens bound before `at` whose visitor never said anything. */
  dropUnusedTokens(before: number, limit: number): Promise<number>

  relayMark(): number
  relayPlaces(): RelayPlaceRow[]
  /** Keeps the relay's places, and what was sent since; a place of position 0 is removed. */
  saveRelay(mark: number, places: readonly RelayPlaceRow[], sent?: readonly SentRow[]): Promise<void>
  /**
   * Messages sent that are somebody's, among the next `rows` after a place; `next` is null at the end. The ids of people
   * are kept hashed.
   */
  sentOf(
    whose: SentBy,
    span: { readonly after: SentPlace | null; readonly rows: number },
  ): { readonly found: readonly Omit<SentRow, 'identityIds'>[]; readonly next: SentPlace | null }
  /** Forgets what was sent before `at`. */
  dropSent(at: number, limit: number): Promise<number>
  /** Changes that were given up, by position; all of one position come together even past `limit`. */
  dead(span: Span): DeadRow[]
  putDead(rows: readonly DeadRow[]): Promise<void>
  /** Forgets changes committed before `at` that were given up. */
  dropDead(at: number, limit: number): Promise<number>
  /** Small things a room wants to remember, by a fixed name: what JetStream was decided to be (B3)... */
  note(name: string): unknown
  saveNote(name: string, value: unknown): Promise<void>

  /** Null when it can write, else why not ("disk full", "read-only"...): what `/readyz` says. */
  unavailable(): string | null
  /** Resolves when writing works again. */
  recovered(): Promise<void>
  stats(): StoreStats
  close(): Promise<void>
}

/** Messages that name an identity (null = none is meant), and those whose id says that they are meant too. */
export interface SentBy {
  readonly identityId: string | null
  readonly isTheirs?: (messageId: string) => boolean
}

/** Ranges past this many are made coarser by joining the nearest two. */
export const RANGES_MAX = 32
