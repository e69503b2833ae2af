/** Keeps each tab's queue in localStorage, and takes over what a closed tab left there, one tab for each (T3). */
import type { WireEvent } from '../../protocol/events.ts'
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
const CLAIM_KEY = '_gt.claim.'
/** Without Web Locks: a queue untouched for so long is a crashed tab's. Timers of hidden tabs run once a minute. */
const ABANDONED_MS = 5 * 60_000
/** How long a claim must stand before it counts. */
const CLAIM_MS = 200

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
    const shelved = parse(local.read(key))
    // Received first, removed then: a crash between the two doubles events, which their ids make harmless.
    if (shelved) receive({ ...shelved, events: shelved.events.map(withProof) })
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

  /** Two tabs may claim at once: the later claim stands, and the earlier one sees that it does. */
  async function claim(key: string): Promise<boolean> {
    const shelved = parse(local.read(key))
    if (shelved && Date.now() - shelved.touchedAt < ABANDONED_MS) return false
    const name = CLAIM_KEY + key
    local.write(name, pageKey)
    await new Promise((resolve) => setTimeout(resolve, CLAIM_MS))
    if (local.read(name) !== pageKey) return false
    local.remove(name)
    return true
  }

  return {
    keep(shelved) {
      if (shelved.events.length + shelved.dropped === 0) local.remove(own)
      else local.write(own, JSON.stringify({ ...shelved, events: shelved.events.map(withoutProof) }))
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
      for (const key of local.keys()) {
        if (!key.startsWith(QUEUE_KEY) || key === own) continue
        if (locks) await locks.request(key, { ifAvailable: true }, (lock) => lock && take(key, receive))
        else if (await claim(key)) take(key, receive)
      }
    },
    clear() {
      for (const key of local.keys()) if (key.startsWith(QUEUE_KEY)) local.remove(key)
      for (const key of session.keys()) if (key.startsWith(PROOF_KEY)) session.remove(key)
    },
  }
}

function parse(text: string | null): Shelved | null {
  try {
    // A boundary: a tracker of ours wrote it, or it is dropped; the server checks every event again.
    const shelved = JSON.parse(text || '') as Shelved
    return shelved.events.every(({ eventID }) => eventID) ? shelved : null
  } catch {
    return null
  }
}
