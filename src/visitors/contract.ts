/** The room of the actors as the others see it: one way in, `record`. */
import type { RefusalReason } from '../../machines/facts.ts'
import type { ChangeRow } from '../store/rows.ts'

/** An event that passed the checks of the edge, not yet an entry: the committer adds time, ids and lookups. */
export interface NewEvent {
  readonly type: 'event'
  readonly words: {
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
    /** Without `proof`: it is never stored (P7). */
    readonly data: Readonly<Record<string, unknown>>
  }
  /** How long before now it occurred, 0..7 days in ms (E5). */
  readonly ageMs: number
  readonly via: 'socket' | 'http' | 'rest'
  readonly final: boolean
  readonly proven: boolean
  /** SignIn, UserInfo: the identity named, normalised (E8); else null. */
  readonly identityId: string | null
  /** I9: a UserInfo without an id that names a visit instead; else null. `anyVisitor`: came with `history:write`. */
  readonly namesVisit: { readonly visitID: string; readonly anyVisitor: boolean } | null
  /** E11, computed once a connection. */
  readonly userAgent: { readonly id: string; readonly text: string } | null
}

/** Everything else that goes in; the fields are those of the machine's entry without its stamp. */
export type NewEntry =
  | NewEvent
  | { readonly type: 'presence.came' | 'presence.went'; readonly visitId: string }
  | {
      readonly type: 'assume'
      readonly identityId: string
      readonly confidence: number
      readonly halfLifeMs: number | null
      readonly rule: string
      /** 0 where the engine gives none. */
      readonly version: number
      readonly evidence: unknown
    }
  | {
      readonly type: 'confirm' | 'reject'
      readonly identityId: string
      readonly agentId: string
      readonly reason?: string
      readonly ifSeq: number | null
    }
  | { readonly type: 'retract'; readonly verdictSeq: number; readonly agentId: string }
  | { readonly type: 'engage'; readonly engine: string; readonly ttlMs: number; readonly purpose: string }
  | { readonly type: 'release'; readonly leaseId: number }
  | {
      readonly type: 'notify.outcome'
      readonly notifyId: string
      readonly leaseId: number | null
      readonly outcome: string
    }
  | {
      readonly type: 'rule.answered'
      readonly rule: string
      readonly version: number
      readonly inputs: unknown
      readonly answer: {
        readonly identityId: string
        readonly confidence: number
        readonly halfLifeMs: number | null
        readonly evidence: unknown
      } | null
      readonly basedOnSeq: number
    }
  | {
      readonly type: 'contact.linked'
      readonly identityId: string
      readonly contactId: string
      readonly attributes: Readonly<Record<string, unknown>> | null
    }
  | { readonly type: 'person.erased'; readonly identityId: string; readonly pseudonym: string }

export type EventRejection = 'wrong_visitor' | 'erased' | 'withdrawn' | 'internal'

/** What became of one entry; it resolves only when it is on disk. */
export type Outcome =
  | {
      readonly is: 'kept'
      readonly seq: number
      readonly position: number
      readonly at: number
      /** The visit the event is recorded in, or null. */
      readonly recordedIn: string | null
      readonly late: boolean
      /** What assume, confirm, reject, retract, engage and release are told; null for the rest. */
      readonly answer: { readonly applied: boolean; readonly reason: RefusalReason | null } | null
      /** What engage is told besides; null for the rest. */
      readonly lease: LeaseAnswer | null
    }
  | { readonly is: 'duplicate'; readonly seq: number }
  | { readonly is: 'rejected'; readonly code: EventRejection; readonly message: string }

/** L1, L2: the lease, or who holds it. */
export type LeaseAnswer =
  | {
      readonly is: 'granted'
      readonly leaseId: number
      readonly visitId: string
      readonly engine: string
      readonly purpose: string
      /** Epoch ms. */
      readonly until: number
      readonly renewed: boolean
    }
  | { readonly is: 'held'; readonly holder: string }

export interface Recorded {
  /** One for each entry, in order. */
  readonly outcomes: readonly Outcome[]
  /** The open visit after the last of them, or null. */
  readonly visitId: string | null
  /** The last one ended because consent was withdrawn (V11). */
  readonly withdrawn: boolean
}

/** What a hello brought and what came of it (P6). */
export type Admission =
  | { readonly is: 'admitted'; readonly isNew: boolean; readonly standing: Standing }
  | { readonly is: 'unauthorized' }

/** What `welcome` says of a visitor. `state` is spelled for users: `Anonymous`, `WM-Recognized`... */
export interface Standing {
  readonly visitId: string | null
  readonly state: string
}

/**
 * Told after a commit is on disk and before its `record` promises resolve; of one that failed at its flush, and is there
 * all the same, when the store can write again.
 */
export interface Committed {
  readonly changes: readonly ChangeRow[]
  /** The open visit changed or ended: for the `visit` message to every socket of the visitor. */
  readonly visits: readonly {
    readonly globalVisitID: string
    readonly visitId: string | null
    /** Why the visit before it ended; null where it only opened. */
    readonly reason: string | null
  }[]
}

export interface Visitors {
  /**
   * The one way in. Entries of one call are applied one after another, in one commit.
   * Rejects with `StoreUnavailable` when they could not be kept: nothing of them was.
   */
  record(globalVisitID: string, entries: readonly NewEntry[]): Promise<Recorded>
  /**
   * Checks a hello's token against the bound one in constant time, and binds it where none is; on disk when it
   * resolves. `tokenHash` null = the client brought none: `unauthorized` where one is bound.
   */
  admit(globalVisitID: string, tokenHash: Uint8Array | null): Promise<Admission>
  /** Whether this id has ever been seen (bound or has said something): new ones are limited by address. */
  isKnown(globalVisitID: string): boolean
  /** True while more waits than the bound: sockets are not read until `whenRoom` resolves. */
  isFull(): boolean
  whenRoom(): Promise<void>
  /** Listens to commits; returns the function that stops listening. */
  onCommitted(listener: (committed: Committed) => void): () => void
  /** How many actors are awake, entries waiting...: for metrics and the log. */
  stats(): { readonly awake: number; readonly waiting: number }
  /** Commits what was taken, puts all actors to sleep. */
  close(): Promise<void>
}
