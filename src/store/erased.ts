/** What erasure and retention keep, and what one step does: rows of their own, rows overwritten, rows that go (Q12). */
import type {
  ChangeRow,
  ContactRow,
  LinkRow,
  NameRow,
  PageRow,
  SentPlace,
  SessionRow,
  StoredEntry,
  VisitRow,
} from './rows.ts'

/** Who can be erased; their id is kept by its hash alone. */
export type ErasedKind = 'person' | 'device'

/** A stretch of a visit that was erased, by when its events occurred, both ends included; epoch ms. */
export interface ErasedSpan {
  readonly visit: number
  readonly from: number
  readonly to: number
}

/** An erasure: while it is under way what it needs to go on, afterwards its receipt. */
export interface ErasureRow {
  readonly id: string
  readonly kind: ErasedKind
  readonly begunAt: number
  /** 0 = under way. */
  readonly finishedAt: number
  /** Whom it erases; null once it is done. */
  readonly subject: ErasureSubject | null
  readonly counts: Readonly<Record<string, number>>
  /** What it could not reach. */
  readonly unreached: readonly string[]
}

export interface ErasureSubject {
  /** The identityId or the globalVisitID. */
  readonly name: string
  /** The identity's or the visitor's number. */
  readonly number: number
  /** What stands where the person's id stood; '' for a device. */
  readonly pseudonym: string
  /** The node's position when it began. */
  readonly position: number
}

/** What one transaction of an erasure does. Every row named is there, and nobody else writes it. */
export interface EraseStep {
  /** Chunks of the stream, overwritten in place. */
  readonly chunks?: readonly { readonly number: number; readonly entries: readonly StoredEntry[] }[]
  readonly changes?: readonly ChangeRow[]
  readonly gone?: GoneRows
  readonly fading?: readonly FadingRow[]
  readonly erasure?: ErasureRow
}

/**
 * A hash that stays for a while behind what went: of a visitID (`name`, which is read back as its hash), or those of
 * the eventIDs of a visitor's entries before one (`stream`).
 */
export interface FadingRow {
  /** When it may go, epoch ms. */
  readonly due: number
  readonly what: 'name' | 'stream'
  readonly number: number
  /** The first `seq` whose eventID is not meant; for a name the visit that it led to. */
  readonly before: number
  /** '' for a stream. */
  readonly name: string
}

/** Rows that go with a commit: no draft behind it finds them. */
export type DroppedRows = Pick<
  GoneRows,
  'chunks' | 'bases' | 'visits' | 'sessions' | 'pages' | 'names' | 'links' | 'contacts' | 'spans' | 'token'
>

/** Rows that are removed, with the rows of their indexes. */
export interface GoneRows {
  readonly chunks?: readonly { readonly number: number; readonly seq: number }[]
  readonly bases?: readonly { readonly number: number; readonly seq: number }[]
  readonly changes?: readonly Pick<ChangeRow, 'position' | 'n'>[]
  readonly visits?: readonly VisitRow[]
  readonly sessions?: readonly SessionRow[]
  readonly pages?: readonly PageRow[]
  readonly names?: readonly Pick<NameRow, 'kind' | 'name'>[]
  readonly links?: readonly LinkRow[]
  readonly contacts?: readonly ContactRow[]
  readonly mentions?: readonly { readonly identityId: string; readonly number: number }[]
  /** Remembered eventIDs: at most `limit` of this visitor. */
  readonly seen?: { readonly number: number; readonly limit: number }
  /** A pseudonym that led to an identity's number. */
  readonly pseudonym?: string
  /** Messages that are in the stream no more. */
  readonly sent?: readonly SentPlace[]
  /** What is remembered of erased stretches of this visitor. */
  readonly spans?: number
  /** The device token of a visitor. */
  readonly token?: string
}

/** A chunk of a visitor's stream as it lies on disk. */
export interface Chunk {
  readonly seq: number
  readonly entries: readonly StoredEntry[]
}

export interface ErasedReads {
  /** When somebody was erased last, epoch ms, or 0. */
  erasedAt(kind: ErasedKind, id: string): number
  erasedSpans(number: number): readonly ErasedSpan[]
}

export interface ErasureStore {
  erasure(id: string): ErasureRow | null
  erasures(): ErasureRow[]
  /** Visitors whose streams name an identity in another way than by a link. */
  mentionsOf(identityId: string, limit: number): number[]
  /** Whether eventIDs of this visitor are remembered. */
  hasSeen(number: number): boolean
  /** Whole chunks from the one that holds `from` on: as many as `entries` entries need, at least one. */
  chunks(number: number, span: { readonly from: number; readonly entries: number }): Chunk[]
  /** One step in one transaction, on disk when it resolves. It is tried also where there is no room. */
  erase(step: EraseStep): Promise<void>
}

/** What grows too old (Q12): each drops a part, a transaction at a time, and says where it goes on or how many went. */
export interface RetentionStore {
  /** What is due before a time, earliest first. */
  fading(before: number, limit: number): FadingRow[]
  /**
   * These fade no more. The names among them go, unless they lead elsewhere by now; those that lead to a visit that is
   * kept, or to none while the visitor's stream goes on, fade `later`.
   */
  dropFading(rows: readonly FadingRow[], later: number): Promise<void>
  /** Where a visit's name leads, by its hash as `fading` gives it; null = there is none. */
  nameOf(hash: string): { readonly number: number; readonly visit: number } | null
  /** Forgets eventIDs of entries before a `seq`, among the next `limit`; the result is where to go on, null at the end. */
  dropSeen(
    number: number,
    part: { readonly before: number; readonly place: string; readonly limit: number },
  ): Promise<string | null>
  /** How many eventIDs of entries before a `seq` are remembered. */
  seenBefore(number: number, seq: number): number
  /** Forgets commits before a position, but for the last of all. */
  dropCommits(position: number, limit: number): Promise<number>
  /** Forgets who was named in streams of which nothing is kept, among the next `limit`; as `dropSeen`. */
  dropMentions(part: { readonly place: string; readonly limit: number }): Promise<string | null>
}

/** What a draft can do beside its other puts; a person or a device is hidden by it, at once for all reads. */
export interface ErasingPuts {
  /** Takes an identity's row and its id away; its number is found by the pseudonym until that goes too. */
  hideIdentity(identity: number, identityId: string, pseudonym: string): void
  /** Takes an identity's row and its id away: nobody is linked to it. */
  dropIdentity(identity: number, identityId: string): void
  /** Takes a visitor's row and its id away. */
  hideVisitor(number: number, globalVisitID: string): void
  putErased(kind: ErasedKind, id: string, at: number): void
  putErasedSpans(number: number, spans: readonly ErasedSpan[]): void
  putMention(identityId: string, number: number): void
  putErasure(row: ErasureRow): void
  dropRows(gone: DroppedRows): void
  putFading(row: FadingRow): void
}
