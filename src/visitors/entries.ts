/** Entries on their way in and out: what is new becomes an entry of the machine, and what was stored becomes one again. */

import type { Visit } from '../../machines/context.ts'
import type { Entry, EventEntry, NamedVisit, Stamp } from '../../machines/entries.ts'
import type { Fact } from '../../machines/facts.ts'
import { isStoredEvent, type StoredEntry, type StoredEvent, type StoredOther } from '../store/rows.ts'
import type { NewEvent } from './contract.ts'
import { aliasOf, idsFor, toEndReason } from './lookups.ts'

/** What was found out about an event before its step. */
export interface Found {
  readonly globalVisitID: string
  readonly named: NamedVisit | null
  readonly looked: EventEntry['looked']
}

/** A new event with its stamp and its lookups: an entry. */
export function eventEntry(
  event: NewEvent,
  stamp: Stamp,
  { globalVisitID, named, looked }: Found,
): EventEntry {
  const { words, ageMs, via, final, proven, identityId, userAgent } = event
  return {
    type: 'event',
    seq: stamp.seq,
    position: stamp.position,
    at: stamp.at,
    event: words,
    occurredAt: stamp.at - ageMs,
    via,
    final,
    proven,
    identityId,
    consent: givesConsent(words),
    userAgentId: userAgent?.id ?? null,
    named,
    ids: idsFor(globalVisitID, words, named),
    looked,
  }
}

/** V11: a VisitStarted that says `consent: true` takes a withdrawal back. */
export function givesConsent({ eventName, eventType, data }: NewEvent['words']): boolean {
  return eventType === 'SYSTEM' && eventName === 'VisitStarted' && data.consent === true
}

/** What the stream must keep of an event beside its words, so that a replay decides the same; null = nothing. */
interface Given {
  /** The identity it names, normalised. */
  readonly i?: string
  readonly proven?: true
  /** Only where it opened a visit: there it was used. */
  readonly ua?: string
  /** The ordinal of the open visit it means by an alias, or what was known of an ended one. */
  readonly named?: number | NamedVisit
  readonly looked?: EventEntry['looked']
}

/** The part of an event entry that `StoredEvent.given` holds. */
export function givenOf(entry: EventEntry, openedVisit: boolean): Given | null {
  const { identityId, proven, userAgentId, named, looked } = entry
  const opensWith = openedVisit ? userAgentId : null
  // Of most events.
  if (identityId === null && !proven && opensWith === null && named === null && looked === null) return null
  return {
    ...(identityId === null ? {} : { i: identityId }),
    ...(proven ? { proven } : {}),
    ...(opensWith === null ? {} : { ua: opensWith }),
    ...(named === null ? {} : { named: named.endedAt === 0 ? named.ordinal : named }),
    ...(looked === null ? {} : { looked }),
  }
}

/** The payload of an entry that is no event: itself without its stamp and type. */
export function payloadOf(entry: Exclude<Entry, EventEntry>): Readonly<Record<string, unknown>> {
  const { type, seq: _seq, position: _position, at: _at, ...payload } = entry
  // Q12: the id of one who is erased is not written down again.
  return type === 'person.erased' ? { ...payload, identityId: entry.pseudonym } : payload
}

/** What followed from an entry, as it is kept: without facts about pages. */
export function factsOf({ outcome }: StoredEntry): readonly Fact[] {
  // The boundary where the opaque outcome becomes the facts that were kept.
  return Array.isArray(outcome) ? (outcome as readonly Fact[]) : []
}

/** The entry that a stored one was; `open` is the visit open before it. */
export function storedAsEntry(stored: StoredEntry, globalVisitID: string, open: Visit | null): Entry {
  return isStoredEvent(stored) ? storedAsEvent(stored, globalVisitID, open) : storedAsOther(stored)
}

function storedAsEvent(stored: StoredEvent, globalVisitID: string, open: Visit | null): EventEntry {
  const { seq, position, at, words, occurredAt, via, final } = stored
  // The boundary where the opaque `given` becomes what `givenOf` made.
  const given = (stored.given ?? {}) as Given
  const named =
    typeof given.named === 'number' ? (open === null ? null : aliasOf(open)) : (given.named ?? null)
  return {
    type: 'event',
    seq,
    position,
    at,
    event: words,
    occurredAt,
    via,
    final,
    proven: given.proven === true,
    identityId: given.i ?? null,
    consent: givesConsent(words),
    userAgentId: given.ua ?? null,
    named: named && { ...named, reason: toEndReason(named.reason) },
    ids: idsFor(globalVisitID, words, named),
    looked: given.looked ?? null,
  }
}

/** The boundary where a stored payload becomes the entry it was: written by `payloadOf`, of the same kind. */
function storedAsOther({ kind, seq, position, at, payload }: StoredOther): Entry {
  return { ...payload, type: kind, seq, position, at } as unknown as Entry
}

/** The visitIDs that an entry made known, and the visits they led to: what it opened, and other names of one (V7b, V13). */
export function visitIDsIn(
  stored: StoredEntry,
): readonly { readonly name: string; readonly visit: number }[] {
  return factsOf(stored).flatMap((fact) => {
    if (fact.type === 'visit.opened') return [{ name: fact.visitId, visit: fact.ordinal }]
    return fact.type === 'visit.aliased' ? [{ name: fact.name, visit: fact.ordinal }] : []
  })
}
