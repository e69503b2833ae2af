/** What one visitor's actor remembers: plain data only, so that a snapshot is a value. */
import type { Settings, VisitEndReason } from './entries.ts'
import type { Who } from './facts.ts'

export interface OpenPage {
  readonly ordinal: number
  readonly pageId: string
  readonly browserPageID: string
  readonly enteredAt: number
}

export interface OpenSession {
  readonly ordinal: number
  readonly sessionId: string
  readonly identityId: string
  readonly startedAt: number
}

export interface Visit {
  readonly ordinal: number
  readonly visitId: string
  readonly startedAt: number
  readonly implicit: boolean
  /** The latest occurred time of an applied browser event (E5). */
  readonly lastActivityAt: number
  readonly idleAt: number
  readonly maxAt: number
  /** Not null only in `leaving`. */
  readonly leaveAt: number | null
  readonly departedAt: number | null
  readonly hasSocket: boolean
  readonly pages: readonly OpenPage[]
  readonly session: OpenSession | null
  /** The identities that signed in during this visit: their link stays when a rejection takes others back. */
  readonly signedIn: readonly string[]
  /** The identity that an agent confirmed in this visit (I6). */
  readonly confirmed: string | null
}

/** The visitor's latest visit after its end, as it was: what a wrong end is undone from (V10). */
export interface EndedVisit {
  readonly visit: Visit
  readonly who: Who
  readonly endedAt: number
  readonly reason: VisitEndReason
  /** False once a verdict or an erasure came after the end. */
  readonly mayReopen: boolean
}

export interface Lease {
  readonly leaseId: number
  readonly engine: string
  readonly purpose: string
  readonly until: number
}

/** An assumption that nobody has decided yet (see assumption-steps.ts). */
export interface Assumption {
  readonly rule: string
  /** 0 where the rule has none: an external engine's. */
  readonly version: number
  readonly identityId: string
  readonly seq: number
  readonly at: number
}

/** A verdict that can still be retracted (I17): what was before it, and what it did. */
export interface Verdict {
  readonly seq: number
  readonly kind: 'confirm' | 'reject'
  readonly identityId: string
  readonly visitId: string | null
  readonly before: Who
  readonly confirmedBefore: string | null
  /** It made or lifted the rejection, which is undone with it; else the person was rejected, or not, before it too. */
  readonly changedRejection: boolean
  /** `changedSeq` of the belief that it decided; the same for all that decided the same. */
  readonly decides: number
  /** The assumption that it decided, and how. */
  readonly decision: { readonly assumption: Assumption; readonly hit: boolean } | null
  readonly retracted: boolean
}

export interface VisitorContext {
  readonly globalVisitID: string
  readonly settings: Settings
  readonly visit: Visit | null
  readonly latest: EndedVisit | null
  readonly who: Who
  readonly rejected: readonly string[]
  readonly verdicts: readonly Verdict[]
  readonly assumption: Assumption | null
  readonly leases: readonly Lease[]
  /** When consent was withdrawn (it occurred then), and not given since (V11); null = it is not withdrawn. */
  readonly withdrawnAt: number | null
  /** How many of each this visitor has had: the next ordinal is one more. */
  readonly counts: {
    readonly visits: number
    readonly sessions: number
    readonly pages: number
    readonly leases: number
  }
}

/** Bounds of what a context holds; the oldest goes when one is full. */
export const OPEN_PAGES_MAX = 64
export const VERDICTS_MAX = 16
export const REJECTED_MAX = 64
export const SIGNED_IN_MAX = 64

export const NOBODY: Who = {
  state: 'anonymous',
  identityId: null,
  confidence: null,
  asOf: 0,
  halfLifeMs: null,
  how: null,
  since: 0,
  changedSeq: 0,
}

export interface VisitorInput {
  readonly globalVisitID: string
  readonly settings: Settings
}

/** A visitor at birth: nobody, nowhere. */
export function newVisitor({ globalVisitID, settings }: VisitorInput): VisitorContext {
  return {
    globalVisitID,
    settings,
    visit: null,
    latest: null,
    who: NOBODY,
    rejected: [],
    verdicts: [],
    assumption: null,
    leases: [],
    withdrawnAt: null,
    counts: { visits: 0, sessions: 0, pages: 0, leases: 0 },
  }
}
