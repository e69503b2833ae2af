/** What a rule is, what it is given and what it may answer: for whoever writes one. `docs/rules.md` explains it. */
import type { VisitorView } from '../visitors/views.ts'

/** A pure function that may assume who a visitor is, and when it is asked. */
export interface Rule {
  /** 1..64 characters of `A-Z a-z 0-9 _ . -`; scores are kept by name and version. */
  readonly name: string
  /** A whole number from 1; raise it when the rule answers otherwise than before. */
  readonly version: number
  /** `visit.opened`, names of events, or `*` for every event. */
  readonly on: readonly string[]
  /** What is looked up for it. Where all of it turns out to be empty, the rule is not asked. */
  readonly needs: readonly Need[]
  /** The answer, or nothing. It may not wait: a promise is no answer. */
  readonly assume: (given: Given) => RuleAnswer | null | undefined
}

/** A rule without its function: what a thread can tell another of it. */
export type RuleHead = Omit<Rule, 'assume'>

export const NEEDS = ['pastLinks', 'identitiesByEmail', 'identitiesByPhone', 'linkedVisit'] as const
export type Need = (typeof NEEDS)[number]

/** A copy of what is committed. Lookups that the rule does not need are empty. */
export interface Given extends Lookups {
  /** When it is asked, epoch ms; a pure rule has no other clock. */
  readonly at: number
  /** `visit.opened`, or the event's name. */
  readonly on: string
  readonly visitor: GivenVisitor
  /** Null for `visit.opened`. */
  readonly event: GivenEvent | null
}

export type GivenVisitor = Omit<VisitorView, 'number' | 'position'>

export interface GivenEvent {
  readonly eventType: 'SYSTEM' | 'BUSINESS'
  readonly eventName: string
  readonly url: string
  readonly title?: string
  readonly referrer?: string
  readonly category?: string
  readonly languageCode?: string
  /** What the site said: nobody checked it. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface Lookups {
  /** Who signed in or was confirmed on this device, the latest first; at most `PAST_LINKS_MAX`. */
  readonly pastLinks: readonly PastLink[]
  /** Whose profile has the e-mail address in `data.email`; at most `IDENTITIES_MAX`. */
  readonly identitiesByEmail: readonly FoundIdentity[]
  /** Whose profile has the phone number in `data.phone`. */
  readonly identitiesByPhone: readonly FoundIdentity[]
  /** The visit that `data.linkedVisitID`, or `linkedVisitID` in the url's query, names; null where it names none. */
  readonly linkedVisit: LinkedVisit | null
}

export interface PastLink {
  readonly identityId: string
  readonly how: 'SignIn' | 'agent'
  /** Epoch ms. */
  readonly at: number
}

export interface FoundIdentity {
  readonly identityId: string
  /** The value came with a proof, or with a key. Where proofs are on, no other is found. */
  readonly proven: boolean
}

/** A visit of any device, and who was last known in it. */
export interface LinkedVisit {
  readonly visitId: string
  readonly globalVisitID: string
  readonly identityId: string
  /** They signed in there; else they were only recognised. */
  readonly signedIn: boolean
  readonly startDate: number
  /** 0 = it goes on. */
  readonly endDate: number
}

export interface RuleAnswer {
  readonly identityId: string
  /** 0..1. */
  readonly confidence: number
  /** The confidence halves in this time, ms; none = it stays. */
  readonly halfLifeMs?: number | null
  /** Plain data that says why; at most `EVIDENCE_LENGTH_MAX` characters as JSON. */
  readonly evidence?: unknown
}

export const VISIT_OPENED = 'visit.opened'
export const ANY_EVENT = '*'
/** All of them are kept with each answer: more would make an answer larger than the visit it is about. */
export const PAST_LINKS_MAX = 20
export const IDENTITIES_MAX = 10
export const EVIDENCE_LENGTH_MAX = 4_096
