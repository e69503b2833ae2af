/** Keeps each tab's queue in localStorage, and takes over what a closed tab left there, one tab for each (T3). */
import type { WireEvent } from '../../protocol/events.ts'
import { attempt } from './attempt.ts'
import { filter, map, parse, toText } from './own.ts'
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
  /** Hands over the queues of pages that are gone; one that is not received (false) stays for another time. */
  takeOver(receive: (shelved: Shelved) => boolean): Promise<unknown>
  /** Removes every queue of this browser. */
  clearAll(): void
}

export const QUEUE_KEY = '_gt.q.'
const PROOF_KEY = '_gt.proof.'
/** Without Web Locks: a queue untouched for so long is a crashed tab's. Living ones touch theirs once a minute at least. */
export const ABANDONED_MS = 2 * 60_000
/** Without Web Locks: by then all tabs see the last of the claims that they made in the same moment. */
export const CLAIM_MS = 500

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

  async function take(key: string, receive: (shelved: Shelved) => boolean): Promise<void> {
    const shelved = readShelved(local.read(key))
    if (!locks && shelved) {
      if (Date.now() - shelved.touchedAt < ABANDONED_MS) return
      // Claimed as a living page's: the last to do so has it, and if that one crashes too, it is abandoned again.
      const claimed = toText({ ...shelved, touchedAt: Date.now() + Math.random() })
      local.write(key, claimed)
      await new Promise((resolve) => setTimeout(resolve, CLAIM_MS))
      if (local.read(key) !== claimed) return
    }
    // Received first, removed then: a crash between the two doubles events, which their ids make harmless.
    if (!shelved || receive({ ...shelved, events: map(shelved.events, withProof) })) local.drop(key)
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
      if (shelved.events.length + shelved.dropped === 0) return local.drop(own)
      let events: readonly WireEvent[] = map(shelved.events, withoutProof)
      // Where the site has left less room than that, the newer half, or the newest.
      while (!local.write(own, toText({ ...shelved, events })) && events[0])
        events = filter(events, (_, index) => index * 2 >= events.length)
    },
    forgetProof: (eventID) => session.drop(PROOF_KEY + eventID),
    hold() {
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      locks?.request(own, () => held).catch(() => undefined)
    },
    release: () => release(),
    async takeOver(receive) {
      for (const key of local.keysOf(QUEUE_KEY)) {
        // Its own is a living page's, as others are.
        await (locks
          ? locks.request(key, { ifAvailable: true }, (lock) => lock && take(key, receive))
          : take(key, receive))
      }
    },
    clearAll() {
      map(local.keysOf(QUEUE_KEY), local.drop)
      map(session.keysOf(PROOF_KEY), session.drop)
    },
  }
}

const readShelved = (text: string | null | undefined): Shelved | undefined =>
  attempt(() => {
    // A boundary: a tracker of ours wrote it, or it is dropped; the server checks every event again.
    const shelved = parse(text || '') as Shelved
    for (const { eventID } of shelved.events) if (!eventID) return
    return shelved
  })
