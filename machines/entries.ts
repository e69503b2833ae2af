/** What may reach a visitor's actor. Time, ids and lookups are put on an entry before the step (E3, E4). */

/** Where an entry stands: its number in the visitor's stream, on the node, and the server's time in epoch ms. */
export interface Stamp {
  readonly seq: number
  readonly position: number
  readonly at: number
}

/** An event as the rules see it; what the site said in `data` is kept, but only these fields decide. */
export interface VisitorEvent {
  readonly eventType: 'SYSTEM' | 'BUSINESS'
  readonly eventName: string
  readonly eventID: string
  readonly visitID: string
  /** The browser's page id; the server's own is `ids.pageId`. */
  readonly pageID: string
  /** The browser's clock, kept as sent (E5); 0 where the server filled it in. */
  readonly timestamp: number
  readonly url: string
  readonly title?: string
  readonly referrer?: string
  readonly category?: string
  readonly languageCode?: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What the store knows of the visit an event names, when that is not the open visit by its own id. */
export interface NamedVisit {
  readonly ordinal: number
  readonly visitId: string
  readonly startedAt: number
  /** 0 = open: the name is an alias of the open visit. */
  readonly endedAt: number
  readonly reason: VisitEndReason | null
}

export type VisitEndReason = 'closed' | 'expired' | 'superseded' | 'withdrawn' | 'late' | 'erased'

/** Something a browser, or a REST call in its place, said. */
export interface EventEntry extends Stamp {
  readonly type: 'event'
  readonly event: VisitorEvent
  /** When it occurred by the server's clock (E5), epoch ms. */
  readonly occurredAt: number
  /** Who carried it: a browser's socket, its `POST /track`, or a call with a key. */
  readonly via: 'socket' | 'http' | 'rest'
  /** The body was sent at pagehide (V13). */
  readonly final: boolean
  /** The claimed identity was proven (P7), or came with a key. */
  readonly proven: boolean
  /** SignIn and UserInfo: the identity it names, normalised by E8; else null. */
  readonly identityId: string | null
  /** `ConsentWithdrawn` is undone by a VisitStarted that says `consent: true` (V11). */
  readonly consent: boolean
  /** UUIDv5 of the User-Agent header (E11); the text is a row of its own. */
  readonly userAgentId: string | null
  /** Null where the named visit is unknown, or is the open one by its own id. */
  readonly named: NamedVisit | null
  /** Ids derived by the server from (globalVisitID, eventID, kind), E7. */
  readonly ids: DerivedIds
  /**
   * I9: the identity of the visit that a UserInfo names, looked up before the step. Null = it names no visit;
   * `identityId` null = the visit it names is unknown, foreign, or nobody's.
   */
  readonly looked: { readonly identityId: string | null; readonly confidence: number } | null
}

export interface DerivedIds {
  /** The visit to open where the named one has ended (V10). */
  readonly visitId: string
  readonly sessionId: string
  readonly pageId: string
}

/** The visit's first socket came, or its last one went (V4). */
export interface PresenceEntry extends Stamp {
  readonly type: 'presence.came' | 'presence.went'
  readonly visitId: string
}

export type DeadlineName = 'leave' | 'idle' | 'max' | 'lease'

/** A deadline that was due at `due`, delivered at `at`. */
export interface DeadlineEntry extends Stamp {
  readonly type: 'deadline'
  readonly deadline: DeadlineName
  readonly due: number
}

/** The server started again, or with other settings, since this visitor's last entry (Q7). */
export interface ServerStartedEntry extends Stamp {
  readonly type: 'server.started'
  /** Counts the node's starts; a visitor with an open visit hears of each before anything else. */
  readonly boot: number
  /** When the server started, epoch ms. */
  readonly startedAt: number
  readonly settings: Settings
}

/** I10 to I12. A rule of ours or an external engine assumes who this is. */
export interface AssumeEntry extends Stamp {
  readonly type: 'assume'
  readonly identityId: string
  readonly confidence: number
  readonly halfLifeMs: number | null
  readonly rule: string
  /** 0 where the engine gives none. */
  readonly version: number
  readonly evidence: unknown
}

/** The answer of a rule that ran after a commit; stale if the identity changed after `basedOnSeq`. */
export interface RuleAnsweredEntry extends Stamp {
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

/** I13 to I15. An agent's verdict; `ifSeq` is the caller's precondition. */
export interface VerdictEntry extends Stamp {
  readonly type: 'confirm' | 'reject'
  readonly identityId: string
  readonly agentId: string
  readonly reason?: string
  readonly ifSeq: number | null
}

/** I17. Takes the verdict of entry `verdictSeq` back. */
export interface RetractEntry extends Stamp {
  readonly type: 'retract'
  readonly verdictSeq: number
  readonly agentId: string
}

/** L1. An engine asks for the right to engage the open visit. */
export interface EngageEntry extends Stamp {
  readonly type: 'engage'
  readonly engine: string
  readonly ttlMs: number
  readonly purpose: string
}

export interface ReleaseEntry extends Stamp {
  readonly type: 'release'
  readonly leaseId: number
}

/** L5. What became of a notification; recorded and published. */
export interface NotifyOutcomeEntry extends Stamp {
  readonly type: 'notify.outcome'
  readonly notifyId: string
  readonly leaseId: number | null
  readonly outcome: string
}

/** The contact that a resolver found for an identity. */
export interface ContactLinkedEntry extends Stamp {
  readonly type: 'contact.linked'
  readonly identityId: string
  readonly contactId: string
  readonly attributes: Readonly<Record<string, unknown>> | null
}

/** A person was erased: this visitor forgets them; `pseudonym` stands where the id stood. */
export interface PersonErasedEntry extends Stamp {
  readonly type: 'person.erased'
  readonly identityId: string
  readonly pseudonym: string
}

export type Entry =
  | EventEntry
  | PresenceEntry
  | DeadlineEntry
  | ServerStartedEntry
  | AssumeEntry
  | RuleAnsweredEntry
  | VerdictEntry
  | RetractEntry
  | EngageEntry
  | ReleaseEntry
  | NotifyOutcomeEntry
  | ContactLinkedEntry
  | PersonErasedEntry

/** What the machine may be told to do otherwise. Kept with each snapshot, so that a replay decides the same. */
export interface Settings {
  readonly leaveGraceMs: number
  readonly restartGraceMs: number
  readonly visitIdleMs: number
  readonly visitMaxMs: number
  readonly confidence: {
    readonly signedOut: number
    readonly userInfo: number
    readonly confirmed: number
  }
  /** How an engine should treat a visitor, by who they are believed to be. */
  readonly interaction: Readonly<Record<Footing, Interaction>>
  readonly leasesPerVisit: number
}

/** The five ways to be known that a site may give a strategy of its own. */
export type Footing = 'anonymous' | 'authenticated' | 'confirmed' | 'recognized' | 'wmRecognized'
export type Interaction = 'non-identified' | 'identified' | 'verify'

export const DEFAULT_SETTINGS: Settings = {
  leaveGraceMs: 30_000,
  restartGraceMs: 90_000,
  visitIdleMs: 30 * 60_000,
  visitMaxMs: 24 * 60 * 60_000,
  confidence: { signedOut: 0.9, userInfo: 0.8, confirmed: 1 },
  interaction: {
    anonymous: 'non-identified',
    authenticated: 'identified',
    confirmed: 'identified',
    recognized: 'verify',
    wmRecognized: 'verify',
  },
  leasesPerVisit: 1,
}
