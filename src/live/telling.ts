/** What of a window a reader is told: changes as they were committed, events from the streams of whom it follows. */
import type { Store } from '../store/contract.ts'
import { type ChangeRow, type CommitStretch, isStoredEvent, type StoredEvent } from '../store/rows.ts'
import type { Filters, LiveKind } from './filters.ts'
import type { Window } from './windows.ts'

export interface Message {
  readonly position: number
  readonly kind: LiveKind
  readonly data: unknown
}

export type TellingStore = Pick<
  Store,
  'entries' | 'visitorNumber' | 'identityNumber' | 'linksOfIdentity' | 'name' | 'link'
>

export interface TellingParts {
  readonly store: TellingStore
  /** An event as History shows it. */
  readonly describeEvent: (number: number, event: StoredEvent) => unknown
}

/** The messages of the next window after `after`, by position; an event before the changes that it brought. */
export type Tell = (window: Window, after: number) => readonly Message[]

/** Of a person's visits the newest so many are followed from the start; a visitor they appear on later is added. */
const LINKS_MAX = 1_000
/** Bits of a stretch's contents that stand for events. */
const EVENTS = 0b111

export function createTelling({ store, describeEvent }: TellingParts, filters: Filters): Tell {
  const { kinds, globalVisitID, identityId, state } = filters
  const followed = new Set<number>()
  let areLinksRead = false

  /** The person's devices, from when the person is first known. */
  function follow(window: Window): void {
    if (identityId === null || !kinds.includes('event')) return
    const identity = store.identityNumber(identityId)
    if (identity === 0) return
    if (!areLinksRead) {
      areLinksRead = true
      const links = store.linksOfIdentity(identity, { limit: LINKS_MAX, reverse: true })
      for (const { number } of links) followed.add(number)
    }
    for (const change of window.changes) if (names(change, identityId)) followed.add(change.number)
  }

  function isWanted(change: ChangeRow): boolean {
    if (globalVisitID !== null && change.globalVisitID !== globalVisitID) return false
    switch (change.kind) {
      case 'identity':
        if (state !== null && change.data.state !== state) return false
        return kinds.includes('identity') && (identityId === null || names(change, identityId))
      case 'visit':
        return kinds.includes('visit') && (identityId === null || isLinked(store, change, identityId))
      case 'event':
      case 'lease':
      case 'notify':
        return false
    }
  }

  function mayHold({ number, contents }: CommitStretch): boolean {
    if ((contents & EVENTS) === 0) return false
    if (globalVisitID !== null) return number === store.visitorNumber(globalVisitID)
    return identityId === null || followed.has(number)
  }

  function eventsIn({ number, firstSeq, count }: CommitStretch, after: number): readonly Message[] {
    const identity = identityId === null ? null : store.identityNumber(identityId)
    // Nobody is called so, any more: what nobody in particular does is not theirs.
    if (identity === 0) return []
    return store
      .entries(number, { from: firstSeq, to: firstSeq + count - 1, limit: count })
      .filter(isStoredEvent)
      .filter((entry) => entry.position > after && (identity === null || entry.identity === identity))
      .map((entry) => ({ position: entry.position, kind: 'event', data: describeEvent(number, entry) }))
  }

  return (window, after) => {
    follow(window)
    const events = kinds.includes('event')
      ? window.stretches.filter(mayHold).flatMap((stretch) => eventsIn(stretch, after))
      : []
    const changes = window.changes.filter(isWanted).map(({ position, kind, data }): Message => {
      return { position, kind: kind === 'visit' ? 'visit' : 'identity', data }
    })
    // Sorting keeps what has the same position in this order.
    return [...events, ...changes].sort((one, other) => one.position - other.position)
  }
}

/** A change of identity tells of whom it leads to, and of whom it leaves. */
function names({ kind, data }: ChangeRow, identityId: string): boolean {
  if (kind !== 'identity') return false
  const { previous } = data
  const isBefore = typeof previous === 'object' && previous !== null && 'identityId' in previous
  return data.identityId === identityId || (isBefore && previous.identityId === identityId)
}

/** Whether the person is linked to the visit that a change is about. */
function isLinked(store: TellingStore, { data }: ChangeRow, identityId: string): boolean {
  const name = typeof data.visitId === 'string' ? store.name('visit', data.visitId) : null
  const identity = store.identityNumber(identityId)
  if (name === null || identity === 0) return false
  const link = store.link(name.number, name.visit, identity)
  return link !== null && link.association !== null
}
