/** Where the site wants it so, a device whose consent is withdrawn is erased (V11), also over a crash in between. */
import type { Store, Stretch } from '../store/contract.ts'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import { SYSTEM_TIMING, type Timing } from '../visitors/timing.ts'
import type { ErasureLog, Erasures } from './contract.ts'

const RETRY_MS = 5_000
/** How often it writes down how far it has come: a start looks at what came since. */
const NOTE_EVERY_MS = 60_000
const NOTE = 'erasure.consent'

export interface ConsentParts {
  readonly store: Pick<Store, 'commits' | 'entries' | 'visitor' | 'lastPosition' | 'note' | 'saveNote'>
  readonly onSaid: (listener: (said: readonly Stretch[]) => void) => () => void
  readonly begin: Erasures['begin']
  readonly log: ErasureLog
  readonly retryMs?: number
  /** How it waits: for a simulation. */
  readonly timing?: Timing
}

export interface Consent {
  /** Resolves when every withdrawal from before the start has its erasure begun. */
  readonly caughtUp: Promise<void>
  readonly close: () => Promise<void>
}

/** Looks at what came before, and listens from now on. What was withdrawn before it was first switched on stays. */
export function eraseWithoutConsent(parts: ConsentParts): Consent {
  const { store, onSaid, begin, log, retryMs = RETRY_MS, timing = SYSTEM_TIMING } = parts
  const pending = new Set<string>()
  const retries = new Set<() => void>()
  let isClosed = false

  const erase = async (globalVisitID: string): Promise<void> => {
    pending.add(globalVisitID)
    try {
      await begin('device', globalVisitID)
      pending.delete(globalVisitID)
    } catch (err) {
      log.warn({ err }, 'a device without consent cannot be erased now; it is tried again')
      if (isClosed) return
      const callOff = timing.after(retryMs, () => {
        retries.delete(callOff)
        void erase(globalVisitID)
      })
      retries.add(callOff)
    }
  }

  // By what was said, as after a start: consent that is given again at once does not call it off.
  const stop = onSaid((said) => {
    for (const { number, entries } of said) {
      const row = entries.some(withdraws) ? store.visitor(number) : null
      if (row !== null) void erase(row.globalVisitID)
    }
  })

  const noteProgress = async (): Promise<void> => {
    const position = store.lastPosition()
    // Listeners have been told of it by then.
    await new Promise<void>((resolve) => timing.soon(resolve))
    if (pending.size === 0 && position !== store.note(NOTE)) await store.saveNote(NOTE, position)
  }

  const catchUp = async (): Promise<void> => {
    const to = store.lastPosition()
    const noted = store.note(NOTE)
    if (typeof noted === 'number') {
      for await (const globalVisitID of withdrawnBetween(store, { from: noted + 1, to, timing })) {
        if (isClosed) return
        await erase(globalVisitID)
      }
    }
    await noteProgress()
  }

  const complain = (err: unknown): void =>
    log.warn({ err }, 'how far withdrawn consent was looked for cannot be written down')
  const caughtUp = catchUp().catch(complain)
  let noting = caughtUp
  const endNotes = timing.every(NOTE_EVERY_MS, () => {
    noting = noting.then(noteProgress).catch(complain)
  })

  return {
    caughtUp,
    async close() {
      isClosed = true
      stop()
      endNotes()
      for (const callOff of retries) callOff()
      await noting
    },
  }
}

interface Between {
  readonly from: number
  readonly to: number
  readonly timing: Timing
}

const COMMITS_AT_ONCE = 64
/** `CommitStretch.contents`: a SYSTEM event is in it. */
const HOLDS_SYSTEM = 2

/** Visitors who withdrew consent between two positions, in the order of the commits. */
async function* withdrawnBetween(
  store: ConsentParts['store'],
  { from: first, to, timing }: Between,
): AsyncGenerator<string> {
  for (let from = first; from <= to; ) {
    const commits = store.commits({ from, to, limit: COMMITS_AT_ONCE })
    for (const { stretches } of commits) {
      for (const { number, firstSeq, count, contents } of stretches) {
        if ((contents & HOLDS_SYSTEM) === 0) continue
        const entries = store.entries(number, { from: firstSeq, to: firstSeq + count - 1, limit: count })
        const row = entries.some(withdraws) ? store.visitor(number) : null
        if (row !== null) yield row.globalVisitID
      }
    }
    const last = commits.at(-1)
    if (last === undefined || commits.length < COMMITS_AT_ONCE) return
    from = last.position + last.stretches.reduce((sum, { count }) => sum + count, 0)
    await new Promise<void>((resolve) => timing.soon(resolve))
  }
}

function withdraws(entry: StoredEntry): boolean {
  if (!isStoredEvent(entry) || entry.faulted || entry.erased === true) return false
  const { eventType, eventName } = entry.words
  return eventType === 'SYSTEM' && eventName === 'ConsentWithdrawn'
}
