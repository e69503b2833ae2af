/** The one place where the words of the wire and those of the visitors meet. */
import { isId, type WireEvent } from '../../protocol/events.ts'
import { EVENT_AGE_MAX_MS } from '../../protocol/limits.ts'
import type { NewEvent } from '../visitors/contract.ts'
import type { UserAgent } from './user-agents.ts'

/** Who says it: what is the same for all events of a connection, or of one `POST /track`. */
export interface Speaker {
  readonly globalVisitID: string
  readonly userAgent: UserAgent
  /** What the hello said, for events that say nothing. */
  readonly languageCode: string | undefined
}

/** How it came: what is the same for all events of a batch. */
export interface Carriage {
  /** The browser's clock when it sent them. */
  readonly sentAt: number
  readonly via: NewEvent['via']
  readonly final: boolean
}

/** Where a batch comes from. */
export interface From {
  readonly speaker: Speaker
  readonly carriage: Carriage
}

/** Who the event says is there, and whether that was proven (P7). */
export interface Claim {
  readonly identityId: string | null
  readonly proven: boolean
}

export const NO_CLAIM: Claim = { identityId: null, proven: false }

/** A checked event as the visitors take it. */
export function translateEvent(event: WireEvent, claim: Claim, { speaker, carriage }: From): NewEvent {
  return {
    type: 'event',
    words: wordsOf(event, speaker.languageCode),
    ageMs: ageMsOf(event, carriage.sentAt),
    via: carriage.via,
    final: carriage.final,
    proven: claim.proven,
    identityId: claim.identityId,
    namesVisit: visitNamedBy(event, claim.identityId, carriage.via),
    userAgent: speaker.userAgent,
  }
}

/** E5. How long before it was sent it occurred, 0..7 days in ms: the browser's clock is only a stopwatch. */
export function ageMsOf({ timestamp }: WireEvent, sentAt: number): number {
  return Math.min(Math.max(sentAt - timestamp, 0), EVENT_AGE_MAX_MS)
}

/** SignIn and UserInfo: the events that may say who is there. */
export function mayClaim({ eventType, eventName }: WireEvent): boolean {
  return eventType === 'SYSTEM' && (eventName === 'SignIn' || eventName === 'UserInfo')
}

/** The check made a fresh object of the event, so it is taken as it is where nothing has to change. */
function wordsOf(event: WireEvent, languageCode: string | undefined): NewEvent['words'] {
  const inherits = event.languageCode === undefined && languageCode !== undefined
  const hasProof = mayClaim(event) && event.data.proof !== undefined
  if (!inherits && !hasProof && event.globalVisitID === undefined) return event
  const { globalVisitID: _, ...words } = event
  return {
    ...words,
    ...(inherits && { languageCode }),
    ...(hasProof && { data: withoutProof(event.data) }),
  }
}

/** P7: a proof is never stored. */
function withoutProof({ proof: _, ...data }: WireEvent['data']): WireEvent['data'] {
  return data
}

/** I9: a UserInfo that names no one but a visit. From a browser it must be one of its own; with a key, anyone's. */
function visitNamedBy(
  { eventType, eventName, data }: WireEvent,
  identityId: string | null,
  via: NewEvent['via'],
) {
  if (identityId !== null || eventType !== 'SYSTEM' || eventName !== 'UserInfo') return null
  return isId(data.visitID) ? { visitID: data.visitID, anyVisitor: via === 'rest' } : null
}
