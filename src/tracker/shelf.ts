/** Keeps each tab's queue in localStorage, and takes over what a closed tab left there, one tab for each (T3). */
import type { WireEvent } from '../../protocol/events.ts'
import { attempt } from './attempt.ts'
import { map, parse, toText } from './own.ts'
import type { Place } from './places.ts'

/** A queue at rest. */
export interface Shelved {
  /** Whose events these are. */
  readonly globalVisitID: string
  /** When it was last touched, by the browser's clock; 0 = its tab is gone. */
  readonly touchedAt: number
  readonly dropped: number
  readonly events: readonly WireEvent[]
}

export interface Shelf {
  keep(shelved: Shelved): void
  /** The proof of an event that is settled is no longer needed. */
  forgetProof(eventID: string): void
  /** This page is alive: others keep their hands off its queue. */
  hold(): void
  release(): void
  /** Hands over the queues of pages that are gone. */
  takeOver(receive: (shelved: Shelved) => void): Promise<void>
  /** Removes every queue of this browser. */
  clear(): void
}

export const QUEUE_KEY = '_gt.q.'
const PROOF_KEY = '_gt.proof.'
/** Without Web Locks: a queue untouched for so long is a crashed tab's. Timers of hidden tabs run once a minute. */
const ABANDONED_MS = 5 * 60_000

export interface ShelfOptions {
  readonly local: Place
  readonly session: Place
  /** Names this page's queue. */
  readonly pageKey: string
  readonly locks: LockManager | undefined
}

export function makeShelf({ local, session, pageKey, locks }: ShelfOptions): Shelf {
  const own = QUEUE_KEY + pageKey
  let release: () => void = () => undefined

  function take(key: string, receive: (shelved: Shelved) => void): void {
    const shelved = readShelved(local.read(key))
    // Without Web Locks nobody else may have it; another tab that took it, at its own random time, has removed it.
    if (!locks && shelved && Date.now() - shelved.touchedAt < ABANDONED_MS) return
    // Received first, removed then: a crash between the two doubles events, which their ids make harmless.
    if (shelved) receive({ ...shelved, events: map(shelved.events, withProof) })
    local.remove(key)
  }

  /** Proofs are secrets of one tab: they never reach localStorage. */
  function withoutProof(event: WireEvent): WireEvent {
    const { proof, ...data } = event.data
    if (event.eventType !== 'SYSTEM' || typeof proof !== 'string') return event
    session.write(PROOF_KEY + event.eventID, proof)
    return { ...event, data }
  }

  function withProof(event: WireEvent): WireEvent {
    const proof = session.read(PROOF_KEY + event.eventID)
    return proof ? { ...event, data: { ...event.data, proof } } : event
  }

  return {
    keep(shelved) {
      if (shelved.events.length + shelved.dropped === 0) local.remove(own)
      else local.write(own, toText({ ...shelved, events: map(shelved.events, withoutProof) }))
    },
    forgetProof: (eventID) => session.remove(PROOF_KEY + eventID),
    hold() {
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      locks?.request(own, () => held).catch(() => undefined)
    },
    release: () => release(),
    async takeOver(receive) {
      for (const key of local.keys(QUEUE_KEY)) {
        if (key === own) continue
        if (locks) await locks.request(key, { ifAvailable: true }, (lock) => lock && take(key, receive))
        else take(key, receive)
      }
    },
    clear() {
      for (const key of local.keys(QUEUE_KEY)) local.remove(key)
      for (const key of session.keys(PROOF_KEY)) session.remove(key)
    },
  }
}

function readShelved(text: string | null): Shelved | null {
  return (
    attempt(() => {
      // A boundary: a tracker of ours wrote it, or it is dropped; the server checks every event again.
      const shelved = parse(text || '') as Shelved
      for (const { eventID } of shelved.events) if (!eventID) return null
      return shelved
    }) || null
  )
}
