/** One visitor's story, told step by step: the pure machine, a clock, the names of visits, and deadlines in time. */
import { deadlinesOf } from '../../machines/deadlines.ts'
import { DEFAULT_SETTINGS, type Entry, type Settings, type Stamp } from '../../machines/entries.ts'
import type { Fact } from '../../machines/facts.ts'
import { birth, keep, step, type VisitorSnapshot } from '../../machines/visitor.ts'
import { type Book, bookFact, emptyBook, namedIn } from './visitor-book.ts'
import { assume, type EventWords, eventEntry, type OtherEntry, verdict } from './visitor-entries.ts'

/** One entry, and what followed from it. */
export interface Told {
  readonly entry: Entry
  readonly before: VisitorSnapshot
  readonly after: VisitorSnapshot
  readonly facts: readonly Fact[]
}

/** A Monday morning; what it is does not matter. */
export const MORNING = 1_760_000_000_000
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export type Story = ReturnType<typeof startStory>

/** Begins with a visitor nobody has heard of. Every verb returns the facts that followed from it. */
export function startStory(changed: Partial<Settings> = {}) {
  const told = newTelling({ ...DEFAULT_SETTINGS, ...changed })
  const other = (entry: OtherEntry) => told.apply((stamp) => toEntry(entry, stamp))

  return {
    /** An event, of `visit` v1 unless it says otherwise. */
    says: (eventName: string, words: Partial<EventWords> = {}) => told.says(eventName, words),
    signsIn: (identityId: string, words: Partial<EventWords> = {}) =>
      told.says('SignIn', { identityId, ...words }),
    comes: (visitId = 'v1') => other({ type: 'presence.came', visitId }),
    goes: (visitId = 'v1') => other({ type: 'presence.went', visitId }),
    assumes: (identityId: string, confidence: number, halfLifeMs: number | null = null) =>
      other(assume(identityId, confidence, halfLifeMs)),
    confirms: (identityId: string, ifSeq: number | null = null) =>
      other(verdict('confirm', identityId, ifSeq)),
    rejects: (identityId: string, ifSeq: number | null = null) => other(verdict('reject', identityId, ifSeq)),
    retracts: (verdictSeq: number) => other({ type: 'retract', verdictSeq, agentId: 'agent-1' }),
    engages: (engine: string, { ttlMs = MINUTE, purpose = 'chat' } = {}) =>
      other({ type: 'engage', engine, ttlMs, purpose }),
    releases: (leaseId: number) => other({ type: 'release', leaseId }),
    erases: (identityId: string, pseudonym: string) =>
      other({ type: 'person.erased', identityId, pseudonym }),
    /** Any other entry. */
    hears: other,
    /** Time goes by, and each deadline is delivered when it is due. */
    passes: (ms: number) => told.passes(ms),
    /** The server is away for a while, and starts again. */
    restarts: ({ awayMs = 0, settings = {} as Partial<Settings>, boot = 2 } = {}) =>
      told.restarts({ awayMs, settings, boot }),
    get now() {
      return told.now()
    },
    /** The number of the last entry. */
    get seq() {
      return told.seq()
    },
    get snapshot() {
      return told.snapshot()
    },
    get context() {
      return told.snapshot().context
    },
    get visit() {
      return told.snapshot().context.visit
    },
    get who() {
      return told.snapshot().context.who
    },
    get states() {
      const { visit, identity } = keep(told.snapshot())
      return { visit, identity }
    },
    book: told.book,
    log: told.log,
  }
}

function newTelling(today: Settings) {
  const book: Book = emptyBook()
  const log: Told[] = []
  let settings = today
  let now = MORNING
  let seq = 0
  let snapshot: VisitorSnapshot = birth({ globalVisitID: 'g1', settings })

  const take = (make: (stamp: Stamp) => Entry): readonly Fact[] => {
    seq += 1
    const entry = make({ seq, position: seq, at: now })
    const before = snapshot
    const [after, facts] = step(before, entry)
    snapshot = after
    log.push({ entry, before, after, facts })
    for (const fact of facts) bookFact(book, fact, seq)
    if (entry.type === 'event') bookEvent(book, entry.event.eventID, { facts, snapshot })
    return facts
  }

  const dueBy = (t: number) => deadlinesOf(snapshot.context).find(({ due }) => due <= t)

  /** Deadlines due by now come before whatever comes now. */
  const deliver = (): Fact[] => {
    const facts: Fact[] = []
    for (let next = dueBy(now); next !== undefined; next = dueBy(now)) {
      const { deadline, due } = next
      facts.push(...take((stamp) => ({ type: 'deadline', ...stamp, deadline, due })))
    }
    return facts
  }

  const apply = (make: (stamp: Stamp) => Entry): readonly Fact[] => [...deliver(), ...take(make)]

  return {
    book,
    log,
    now: () => now,
    seq: () => seq,
    snapshot: () => snapshot,
    apply,
    says(eventName: string, words: Partial<EventWords>): readonly Fact[] {
      const visit = words.visit ?? 'v1'
      return apply((stamp) => {
        return eventEntry(eventName, { ...words, visit }, { stamp, named: namedIn(book, visit) })
      })
    },
    passes(ms: number): readonly Fact[] {
      const until = now + ms
      const facts: Fact[] = []
      for (let next = dueBy(until); next !== undefined; next = dueBy(until)) {
        now = Math.max(now, next.due)
        facts.push(...deliver())
      }
      now = until
      return facts
    },
    restarts(start: { awayMs: number; settings: Partial<Settings>; boot: number }): readonly Fact[] {
      now += start.awayMs
      settings = { ...settings, ...start.settings }
      return take((stamp) => {
        return { type: 'server.started', ...stamp, boot: start.boot, startedAt: now, settings }
      })
    },
  }
}

/** Where the event was recorded: where a fact says, else in the visit that is open after it. */
function bookEvent(
  book: Book,
  eventID: string,
  { facts, snapshot }: { readonly facts: readonly Fact[]; readonly snapshot: VisitorSnapshot },
): void {
  const placed = facts.find((fact) => fact.type === 'event.placed')
  const visit = placed?.ordinal ?? snapshot.context.visit?.ordinal ?? 0
  book.events.push({ eventID, visit, late: placed?.late ?? false })
}

/** The one place where the type of a stamped union is told: a spread of a union loses which member it was. */
function toEntry(entry: OtherEntry, stamp: Stamp): Entry {
  return { ...entry, ...stamp } as Entry
}

/** The facts of one type. */
export function only<T extends Fact['type']>(
  facts: readonly Fact[],
  type: T,
): readonly Extract<Fact, { type: T }>[] {
  return facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type)
}

/** What the caller of assume, confirm, engage... is told: `applied`, or the reason why not. */
export function answer(facts: readonly Fact[]): string {
  const [told, ...more] = only(facts, 'answered')
  if (told === undefined || more.length > 0) return `${more.length === 0 ? 'no' : 'more than one'} answer`
  return told.applied ? 'applied' : String(told.reason)
}
