/** Entries of a visitor's stream for tests: everything has a default, a test says only what matters to it. */
import type { Entry, EventEntry, NamedVisit, Stamp } from '../../machines/entries.ts'

export const SYSTEM_NAMES = [
  'VisitStarted',
  'PageEntered',
  'PageExited',
  'SignIn',
  'SignOut',
  'UserInfo',
  'ConsentWithdrawn',
] as const

/** What a test may say of an event; the rest is made up. */
export interface EventWords {
  readonly visit: string
  readonly page?: string
  /** How long ago it occurred. */
  readonly agoMs?: number
  readonly via?: EventEntry['via']
  readonly final?: boolean
  readonly identityId?: string | null
  readonly proven?: boolean
  readonly consent?: boolean
  readonly looked?: EventEntry['looked']
  readonly data?: Readonly<Record<string, unknown>>
  /** A BUSINESS event may have any name, also one of the SYSTEM names. */
  readonly eventType?: 'SYSTEM' | 'BUSINESS'
}

/** An event as the committer hands it to the machine; `named` is what was found out about the visit it names. */
export function eventEntry(
  eventName: string,
  words: EventWords,
  { stamp, named }: { readonly stamp: Stamp; readonly named: NamedVisit | null },
): EventEntry {
  const isSystem = SYSTEM_NAMES.some((name) => name === eventName)
  const { seq, at } = stamp
  return {
    type: 'event',
    ...stamp,
    event: {
      eventType: words.eventType ?? (isSystem ? 'SYSTEM' : 'BUSINESS'),
      eventName,
      eventID: `e${seq}`,
      visitID: words.visit,
      pageID: words.page ?? 'page',
      timestamp: at - (words.agoMs ?? 0),
      url: 'https://shop.example/',
      data: words.data ?? {},
    },
    occurredAt: at - (words.agoMs ?? 0),
    via: words.via ?? 'socket',
    final: words.final ?? false,
    proven: words.proven ?? false,
    identityId: words.identityId ?? null,
    consent: words.consent ?? false,
    userAgentId: null,
    named,
    ids: { visitId: `derived-${seq}`, sessionId: `session-${seq}`, pageId: `page-${seq}` },
    looked: words.looked ?? null,
  }
}

/** Distributes over the union: an entry without its stamp. */
type Unstamped<E> = E extends Stamp ? Omit<E, keyof Stamp> : never

/** Any entry but an event, without its stamp. */
export type OtherEntry = Unstamped<Exclude<Entry, EventEntry>>

export function assume(
  identityId: string,
  confidence: number,
  halfLifeMs: number | null = null,
): OtherEntry & { readonly type: 'assume' } {
  return {
    type: 'assume',
    identityId,
    confidence,
    halfLifeMs,
    rule: 'same-device',
    version: 0,
    evidence: null,
  }
}

export function verdict(
  type: 'confirm' | 'reject',
  identityId: string,
  ifSeq: number | null = null,
): OtherEntry & { readonly type: 'confirm' | 'reject' } {
  return { type, identityId, agentId: 'agent-1', ifSeq }
}
