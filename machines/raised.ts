/** What the visit region raises for the identity region to hear: nothing else reaches that region. */
import type { EndedVisit, Visit } from './context.ts'
import type {
  AssumeEntry,
  Entry,
  EventEntry,
  PersonErasedEntry,
  RetractEntry,
  RuleAnsweredEntry,
  VerdictEntry,
  VisitEndReason,
} from './entries.ts'

export interface VisitEndedRaised {
  readonly type: 'visit.ended'
  readonly visit: Visit
  readonly endedAt: number
  readonly reason: VisitEndReason
  readonly entry: Entry
}

export interface VisitReopenedRaised {
  readonly type: 'visit.reopened'
  readonly ended: EndedVisit
  readonly entry: EventEntry
}

/** SignIn, SignOut or UserInfo of the open visit; `identityId` null = it names nobody. */
export interface SaidRaised {
  readonly type: 'identity.SignIn' | 'identity.SignOut' | 'identity.UserInfo'
  readonly identityId: string | null
  readonly confidence: number
  readonly entry: EventEntry
}

export interface AssumeRaised {
  readonly type: 'identity.assume'
  readonly identityId: string
  readonly confidence: number
  readonly halfLifeMs: number | null
  readonly rule: string
  readonly entry: AssumeEntry | RuleAnsweredEntry
}

export interface VerdictRaised {
  readonly type: 'identity.confirm' | 'identity.reject'
  readonly identityId: string
  readonly entry: VerdictEntry
}

export interface RetractRaised {
  readonly type: 'identity.retract'
  readonly identityId: null
  readonly entry: RetractEntry
}

export interface ErasedRaised {
  readonly type: 'identity.erased'
  readonly identityId: string
  readonly entry: PersonErasedEntry
}

/** What may decide who is there. */
export type IdentityRaised = SaidRaised | AssumeRaised | VerdictRaised | RetractRaised | ErasedRaised

export type Raised = VisitEndedRaised | VisitReopenedRaised | IdentityRaised
