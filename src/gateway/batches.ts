/** What becomes of a batch: its events judged and translated, and the ack made of what the visitors answered. */
import { identityOf, type WireEvent } from '../../protocol/events.ts'
import type { Ack, CheckedEvent, Rejection } from '../../protocol/messages.ts'
import type { NewEvent, Recorded } from '../visitors/contract.ts'
import type { Presence } from './presence.ts'
import type { Proofs, Verdict } from './proofs.ts'
import {
  ageMsOf,
  type Claim,
  type From,
  mayClaim,
  NO_CLAIM,
  type Speaker,
  translateEvent,
} from './translate.ts'

/** What of a batch goes in, and what was refused at the edge. */
export interface Prepared {
  readonly entries: readonly NewEvent[]
  readonly rejected: readonly Rejection[]
}

export interface Batches {
  /** Only a batch with a JWT in it takes a promise: nothing else waits for one. `at` is epoch ms. */
  prepare(events: readonly CheckedEvent[], from: From, at: number): Prepared | Promise<Prepared>
}

interface Parts {
  readonly proofs: Proofs
  readonly presence: Pick<Presence, 'stated'>
  /** More identityIds that name nobody (E8). */
  readonly noIdentities: readonly string[]
}

export function createBatches({ proofs, presence, noIdentities }: Parts): Batches {
  /** Who the event says is there; null where that is refused. */
  function claimOf(event: WireEvent, { carriage }: From, at: number): Judged | Promise<Judged> {
    const identityId = identityOf(event, noIdentities)
    if (identityId === null) return NO_CLAIM
    if (!proofs.areAsked) return { identityId, proven: false }
    const verdict = proofs.judge({ identityId, data: event.data, ageMs: ageMsOf(event, carriage.sentAt) }, at)
    return verdict instanceof Promise
      ? verdict.then((known) => judged(identityId, known))
      : judged(identityId, verdict)
  }

  function judged(identityId: string, verdict: Verdict): Judged {
    if (verdict === 'unproven' && proofs.refuses()) return null
    return { identityId, proven: verdict === 'proven' }
  }

  /** `claims` are sparse: most events claim nothing. */
  function assemble(events: readonly CheckedEvent[], claims: readonly Judged[], from: From): Prepared {
    const entries: NewEvent[] = []
    const rejected: Rejection[] = []
    for (let index = 0; index < events.length; index += 1) {
      const checked = events[index]
      if (checked === undefined) continue
      const claim = claims[index]
      const refusal = checked.ok ? refusalOf(checked.event, claim, from.speaker) : checked.rejection
      if (refusal !== null) {
        rejected.push(refusal)
      } else if (checked.ok) {
        if (claim?.identityId) presence.stated(from.speaker.globalVisitID, claim.identityId)
        entries.push(translateEvent(checked.event, claim ?? NO_CLAIM, from))
      }
    }
    return { entries, rejected }
  }

  return {
    prepare(events, from, at) {
      const claims: (Judged | Promise<Judged>)[] = []
      let waits = false
      for (let index = 0; index < events.length; index += 1) {
        const checked = events[index]
        if (!checked?.ok || !mayClaim(checked.event)) continue
        const claim = claimOf(checked.event, from, at)
        waits ||= claim instanceof Promise
        claims[index] = claim
      }
      if (waits) return Promise.all(claims).then((known) => assemble(events, known, from))
      // Nothing waits: all of them are known.
      return assemble(events, claims as Judged[], from)
    },
  }
}

/** The ack of a batch (P4): what was accepted is on disk. `visitId` is the open visit after it. */
export function ackOf(id: number, { entries, rejected }: Prepared, { outcomes, visitId }: Answer): Ack {
  let accepted = 0
  let duplicates = 0
  let refused: Rejection[] | null = null
  for (let index = 0; index < outcomes.length; index += 1) {
    const outcome = outcomes[index]
    switch (outcome?.is) {
      case 'kept':
        accepted += 1
        break
      case 'duplicate':
        duplicates += 1
        break
      case 'rejected':
        refused ??= [...rejected]
        refused.push({
          eventID: entries[index]?.words.eventID ?? null,
          code: outcome.code,
          message: outcome.message,
        })
    }
  }
  return { type: 'ack', id, accepted, duplicates, rejected: refused ?? rejected, visitID: visitId }
}

type Answer = Pick<Recorded, 'outcomes' | 'visitId'>

/** Null = refused as unproven. */
type Judged = Claim | null

function refusalOf(event: WireEvent, claim: Judged | undefined, speaker: Speaker): Rejection | null {
  const { globalVisitID, eventID, eventName } = event
  if (globalVisitID !== undefined && globalVisitID !== speaker.globalVisitID) {
    return { eventID, code: 'wrong_visitor', message: 'globalVisitID must be the one of this connection' }
  }
  if (claim !== null) return null
  return {
    eventID,
    code: 'identity_unproven',
    message: `${eventName} needs data.proof of its identityId and data.expiresAt that is not over`,
  }
}
