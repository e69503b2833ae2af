/** Visitors without machine and disk: enough of their rules for the gateway, and faults at will. */
import type {
  Committed,
  NewEntry,
  NewEvent,
  Outcome,
  Recorded,
  Visitors,
} from '../../src/visitors/contract.ts'

interface FakeVisitor {
  tokenHash: string | null
  visitId: string | null
  withdrawn: boolean
  readonly seen: Map<string, number>
  seq: number
}

export interface FakeVisitors extends Visitors {
  /** Everything recorded, in order, by visitor. */
  readonly entries: { readonly globalVisitID: string; readonly entry: NewEntry }[]
  events(): NewEvent[]
  presence(): string[]
  /** Known without a token, as one made over REST. */
  make(globalVisitID: string, visitId?: string): void
  /** From now on `record` and `admit` wait until `release`. */
  hold(): void
  release(): void
  /** How many wait so. */
  waiting(): number
  /** The next records and admissions fail as a full disk makes them. */
  failing: boolean
  full: boolean
  /** Tells that there is room again. */
  makeRoom(): void
  emit(committed: Committed): void
}

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

export function fakeVisitors(): FakeVisitors {
  const known = new Map<string, FakeVisitor>()
  const listeners = new Set<(committed: Committed) => void>()
  const entries: { readonly globalVisitID: string; readonly entry: NewEntry }[] = []
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | null = null
  let room: { readonly made: Promise<void>; readonly make: () => void } | null = null

  let waiting = 0

  async function pass(): Promise<void> {
    if (gate === null) return
    waiting += 1
    await gate.opened
    waiting -= 1
  }

  function visitorOf(id: string): FakeVisitor {
    const visitor = known.get(id) ?? {
      tokenHash: null,
      visitId: null,
      withdrawn: false,
      seen: new Map<string, number>(),
      seq: 0,
    }
    known.set(id, visitor)
    return visitor
  }

  function apply(id: string, visitor: FakeVisitor, entry: NewEntry): Outcome {
    if (entry.type === 'event') {
      const before = visitor.seen.get(entry.words.eventID)
      if (before !== undefined) return { is: 'duplicate', seq: before }
      if (visitor.withdrawn && entry.words.data.consent !== true) {
        return { is: 'rejected', code: 'withdrawn', message: 'consent was withdrawn' }
      }
      if (entry.words.visitID === 'of-another') {
        return { is: 'rejected', code: 'wrong_visitor', message: 'visitID is of another visitor' }
      }
    }
    entries.push({ globalVisitID: id, entry })
    visitor.seq += 1
    const kept = {
      is: 'kept',
      seq: visitor.seq,
      position: entries.length,
      at: 0,
      answer: null,
      lease: null,
    } as const
    if (entry.type !== 'event') return { ...kept, recordedIn: visitor.visitId, late: false }
    visitor.seen.set(entry.words.eventID, visitor.seq)
    if (entry.words.eventName === 'ConsentWithdrawn') {
      visitor.visitId = null
      visitor.withdrawn = true
      emit({ changes: [], visits: [{ globalVisitID: id, visitId: null, reason: 'withdrawn' }] })
      return { ...kept, recordedIn: entry.words.visitID, late: false }
    }
    visitor.withdrawn = false
    const opens = visitor.visitId === null || entry.words.eventName === 'VisitStarted'
    if (opens) {
      const reason = visitor.visitId === null ? null : 'superseded'
      visitor.visitId = entry.words.visitID
      emit({ changes: [], visits: [{ globalVisitID: id, visitId: visitor.visitId, reason }] })
    }
    return { ...kept, recordedIn: visitor.visitId, late: false }
  }

  function emit(committed: Committed): void {
    for (const listener of listeners) listener(committed)
  }

  const fake: FakeVisitors = {
    entries,
    failing: false,
    full: false,
    events: () => entries.flatMap(({ entry }) => (entry.type === 'event' ? [entry] : [])),
    presence: () =>
      entries.flatMap(({ entry }) =>
        entry.type === 'presence.came' || entry.type === 'presence.went'
          ? [`${entry.type} ${entry.visitId}`]
          : [],
      ),
    make(id, visitId) {
      visitorOf(id).visitId = visitId ?? null
    },
    hold() {
      let open = () => {}
      const opened = new Promise<void>((resolve) => {
        open = resolve
      })
      gate = { opened, open }
    },
    release() {
      gate?.open()
      gate = null
    },
    waiting: () => waiting,
    makeRoom() {
      fake.full = false
      room?.make()
      room = null
    },
    emit,
    async record(id, newEntries): Promise<Recorded> {
      await pass()
      if (fake.failing) throw new StoreUnavailable('the disk is full')
      const visitor = visitorOf(id)
      const outcomes = newEntries.map((entry) => apply(id, visitor, entry))
      return { outcomes, visitId: visitor.visitId, withdrawn: visitor.withdrawn }
    },
    async admit(id, tokenHash) {
      await pass()
      if (fake.failing) throw new StoreUnavailable('the disk is full')
      const isNew = !known.has(id)
      const visitor = visitorOf(id)
      const hash = tokenHash === null ? null : Buffer.from(tokenHash).toString('hex')
      if (visitor.tokenHash !== null && visitor.tokenHash !== hash) return { is: 'unauthorized' }
      visitor.tokenHash = hash
      return { is: 'admitted', isNew, standing: { visitId: visitor.visitId, state: 'Anonymous' } }
    },
    isKnown: (id) => known.has(id),
    isFull: () => fake.full,
    whenRoom() {
      if (room === null) {
        let make = () => {}
        const made = new Promise<void>((resolve) => {
          make = resolve
        })
        room = { made, make }
      }
      return room.made
    },
    onCommitted(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stats: () => ({ awake: known.size, waiting: 0 }),
    close: async () => {},
  }
  return fake
}
