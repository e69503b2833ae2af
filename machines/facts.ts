/** What can follow from an entry. The machine emits facts; the shell keeps them and tells others. */
import type { Interaction, VisitEndReason } from './entries.ts'
import type { LeaseEnded, LeaseGranted, LeaseRefused, NotifyCame } from './lease-facts.ts'

export type IdentityState = 'anonymous' | 'authenticated' | 'recognized' | 'wmRecognized'
export type Association = 'Authenticated' | 'Recognized' | 'WM-Recognized'
export type LinkHow = 'SignIn' | 'SignOut' | 'UserInfo' | 'rule' | 'agent'
export type SessionEndReason = 'signedOut' | 'switched' | VisitEndReason

/** Why an identity changed. */
export interface Cause {
  readonly kind: 'event' | 'rule' | 'agent' | 'deadline' | 'reopened' | 'erased'
  readonly eventID?: string
  readonly eventName?: string
  readonly rule?: string
  readonly agentId?: string
  readonly deadline?: string
  /** The visit's end that took the identity away. */
  readonly ended?: VisitEndReason
}

/** Who is believed to be there, how sure, since when and why. Confidence decays by its half-life. */
export interface Who {
  readonly state: IdentityState
  readonly identityId: string | null
  readonly confidence: number | null
  readonly asOf: number
  readonly halfLifeMs: number | null
  /** How the current identity came about; null when anonymous. */
  readonly how: LinkHow | null
  /** `at` of the entry that brought this state. */
  readonly since: number
  /** `seq` of the entry that brought this state, or 0 at birth: what verdicts and rules are checked against. */
  readonly changedSeq: number
}

export interface VisitOpened {
  readonly type: 'visit.opened'
  readonly ordinal: number
  readonly visitId: string
  readonly startedAt: number
  readonly implicit: boolean
  /** A late visit (V12) is opened and ended by one entry. */
  readonly late: boolean
  readonly userAgentId: string | null
}

export interface VisitEnded {
  readonly type: 'visit.ended'
  readonly ordinal: number
  readonly visitId: string
  readonly endedAt: number
  readonly reason: VisitEndReason
}

/** A later event of a late visit (V12) moved its end. */
export interface VisitExtended {
  readonly type: 'visit.extended'
  readonly ordinal: number
  readonly endedAt: number
}

export interface VisitReopened {
  readonly type: 'visit.reopened'
  readonly ordinal: number
  readonly visitId: string
}

/** From now on `name` means that visit (V7b, V13). */
export interface VisitAliased {
  readonly type: 'visit.aliased'
  readonly ordinal: number
  readonly name: string
}

/** The event was recorded elsewhere than in the visit that is open after it; ordinal 0 = in no visit. */
export interface EventPlaced {
  readonly type: 'event.placed'
  readonly ordinal: number
  readonly late: boolean
}

export interface PageOpened {
  readonly type: 'page.opened'
  readonly ordinal: number
  readonly visit: number
  readonly pageId: string
  readonly browserPageID: string
  readonly enteredAt: number
}

export interface PageClosed {
  readonly type: 'page.closed'
  readonly ordinal: number
  readonly visit: number
  readonly exitedAt: number
}

/** V10: the visit's end had closed it; the end was wrong. */
export interface PageReopened {
  readonly type: 'page.reopened'
  readonly ordinal: number
  readonly visit: number
}

export interface SessionOpened {
  readonly type: 'session.opened'
  readonly ordinal: number
  readonly visit: number
  readonly sessionId: string
  readonly identityId: string
  readonly startedAt: number
}

export interface SessionClosed {
  readonly type: 'session.closed'
  readonly ordinal: number
  readonly visit: number
  readonly endedAt: number
  readonly reason: SessionEndReason
}

export interface SessionReopened {
  readonly type: 'session.reopened'
  readonly ordinal: number
  readonly visit: number
}

/** The link between a visit and an identity now has this association; null = taken back. */
export interface LinkChanged {
  readonly type: 'link.changed'
  readonly visit: number
  readonly visitId: string
  readonly identityId: string
  readonly association: Association | null
}

/** One row of the contacts collection. */
export interface ContactAdded {
  readonly type: 'contact.added'
  readonly visit: number
  readonly visitId: string
  readonly sessionId: string | null
  readonly identityId: string
  readonly scope: Association
  readonly how: LinkHow
}

/** The contact rows that the verdict of that entry made are retracted (I17). */
export interface ContactRetracted {
  readonly type: 'contact.retracted'
  readonly verdictSeq: number
}

/** The event's data say something about this person. */
export interface ProfileLearned {
  readonly type: 'profile.learned'
  readonly identityId: string
  readonly proven: boolean
}

/** Each change of state, identity or interaction: what engines live on. */
export interface IdentityChanged {
  readonly type: 'identity.changed'
  readonly visitId: string | null
  readonly sessionId: string | null
  readonly state: IdentityState
  readonly identityId: string | null
  readonly confidence: number | null
  readonly asOf: number
  readonly halfLifeMs: number | null
  readonly previous: { readonly state: IdentityState; readonly identityId: string | null }
  readonly cause: Cause
  readonly interaction: Interaction
}

/** The guards of the identity region that held when it had something to decide, as bits (see guards.ts). */
export interface Considered {
  readonly type: 'considered'
  readonly guards: number
}

export type RefusalReason =
  | 'noVisit'
  | 'conflict'
  | 'outranked'
  | 'rejectedHere'
  | 'lessConfident'
  | 'stale'
  | 'noAnswer'
  | 'held'
  | 'unknownLease'

/** What the caller of assume, confirm, reject, retract, engage or release is told. */
export interface Answered {
  readonly type: 'answered'
  readonly applied: boolean
  readonly reason: RefusalReason | null
}

/** A rule's assumption was taken: it waits to be decided. */
export interface AssumptionMade {
  readonly type: 'assumption.made'
  readonly rule: string
  readonly version: number
}

/** A sign-in or a verdict says whether the rule was right; `undone`: that verdict was retracted (I17). */
export interface AssumptionDecided {
  readonly type: 'assumption.decided'
  readonly rule: string
  readonly version: number
  readonly hit: boolean
  readonly undone: boolean
}

export interface RejectionKept {
  readonly type: 'rejection.kept'
  readonly identityId: string
}

export interface RejectionLifted {
  readonly type: 'rejection.lifted'
  readonly identityId: string
}

export interface ContactResolved {
  readonly type: 'contact.resolved'
  readonly identityId: string
  readonly contactId: string
}

/** The visitor withdrew consent (V11), or gave it again. */
export interface ConsentChanged {
  readonly type: 'consent.changed'
  readonly withdrawn: boolean
}

export type Fact =
  | VisitOpened
  | VisitEnded
  | VisitExtended
  | VisitReopened
  | VisitAliased
  | EventPlaced
  | PageOpened
  | PageClosed
  | PageReopened
  | SessionOpened
  | SessionClosed
  | SessionReopened
  | LinkChanged
  | ContactAdded
  | ContactRetracted
  | ProfileLearned
  | IdentityChanged
  | Considered
  | Answered
  | AssumptionMade
  | AssumptionDecided
  | RejectionKept
  | RejectionLifted
  | LeaseGranted
  | LeaseRefused
  | LeaseEnded
  | NotifyCame
  | ContactResolved
  | ConsentChanged
