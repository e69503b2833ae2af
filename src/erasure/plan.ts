/** Which entries of a visitor's stream are a person's own, read in one pass that lets others work in between (Q12). */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../store/contract.ts'
import type { ErasedSpan } from '../store/erased.ts'
import { isStoredEvent, type StoredEntry, type StoredEvent, type VisitRow } from '../store/rows.ts'
import { factsOf } from '../visitors/entries.ts'
import { type Erased, names } from '../visitors/redaction.ts'

/** Entries read at a time. */
const SLICE_ENTRIES = 500

export interface Planning extends Erased {
  /** The identity's number. */
  readonly identity: number
  /** The visitor's. */
  readonly number: number
  /** Of those who came back by the same id and are erased too. */
  readonly later: readonly string[]
}

/** Whom a visit saw last besides the person, by id: what a UserInfo that names the visit means then (I9). */
export interface SeenBy {
  readonly authenticated: string | null
  readonly recognized: string | null
}

export interface Plan {
  /** The entry is the person's own, or led to them in the same visit. */
  readonly owns: (entry: StoredEntry) => boolean
  /** What is said behind this seq of the same id is about somebody new. */
  readonly toldSeq: number
  /** By when their events occurred; `to` is `Number.MAX_SAFE_INTEGER` while it goes on. */
  readonly spans: readonly ErasedSpan[]
  readonly seenBy: ReadonlyMap<number, SeenBy>
  /** Since the visitor forgot them it named somebody new by the same id. */
  readonly isNamedSince: boolean
  /** Visits with a link to the person, as they were when the stream was read to its end. */
  readonly visits: readonly VisitRow[]
  /** Positions of entries of pages that are erased, also by a run before this one. */
  readonly pagesAt: ReadonlySet<number>
}

/** A stretch of one visit; `to` grows while it is read. */
interface Stretch {
  readonly visit: number
  readonly from: number
  to: number
  isOwn: boolean
  since: number
  until: number
}

/** Reads the whole stream. */
export async function planOf(
  store: Pick<Store, 'entries' | 'link' | 'visits'>,
  planning: Planning,
): Promise<Plan> {
  const { number, identity, identityId, pseudonym, later } = planning
  const told = [pseudonym, ...later]
  const open = new Map<number, Stretch>()
  const own: Stretch[] = []
  const pages: StoredEvent[] = []
  const seenBy = new Map<number, SeenBy>()
  let toldSeq = Number.MAX_SAFE_INTEGER
  let toldAt = Number.MAX_SAFE_INTEGER
  let isNamedSince = false

  const close = (stretch: Stretch | undefined, until: number): void => {
    if (stretch === undefined) return
    open.delete(stretch.visit)
    if (!stretch.isOwn) return
    stretch.until = Math.max(stretch.since, until)
    own.push(stretch)
  }

  const take = (entry: StoredEntry): void => {
    // Since the visitor forgot them the same id is somebody new.
    const isBehind = toldSeq < entry.seq
    isNamedSince ||= isBehind && names({ identityId, pseudonym }, entry)
    const hidden = isBehind ? [pseudonym] : [identityId, pseudonym]
    noteSeen(seenBy, entry, hidden)
    const isTelling = !isStoredEvent(entry) && told.includes(String(entry.payload.pseudonym))
    if (isTelling && entry.kind === 'person.erased' && !isBehind) {
      toldSeq = entry.seq
      toldAt = entry.at
    }
    if (isStoredEvent(entry) && entersPage(entry)) pages.push(entry)
    const { visit, seq } = entry
    if (visit === 0 || (isStoredEvent(entry) && entry.late)) return
    const before = open.get(visit)
    const occurredAt = isStoredEvent(entry) ? entry.occurredAt : entry.at
    const isOwn = entry.identity === identity
    const isAnothers = entry.erased === true || (entry.identity !== 0 && !isOwn)
    const ends = isAnothers || (entry.identity === 0 && before?.isOwn === true)
    if (ends) close(before, isStoredEvent(entry) ? occurredAt - 1 : occurredAt)
    if (isAnothers) return
    const stretch = open.get(visit)
    if (stretch === undefined) {
      open.set(visit, { visit, from: seq, to: seq, isOwn, since: occurredAt, until: 0 })
      return
    }
    stretch.to = seq
    stretch.since = Math.min(stretch.since, occurredAt)
    stretch.isOwn ||= isOwn
  }

  for (let from = 1; ; ) {
    const entries = store.entries(number, { from, limit: SLICE_ENTRIES })
    for (const entry of entries) take(entry)
    const last = entries.at(-1)
    if (last === undefined || entries.length < SLICE_ENTRIES) break
    from = last.seq + 1
    await nextTurn()
  }
  for (const stretch of open.values()) close(stretch, toldAt)
  const visits = store.visits(number, { limit: Number.MAX_SAFE_INTEGER }).filter(({ ordinal }) => {
    return store.link(number, ordinal, identity) !== null
  })
  return planFrom(own, { toldSeq, seenBy, isNamedSince, identity, visits, pages })
}

function planFrom(
  own: readonly Stretch[],
  {
    toldSeq,
    seenBy,
    isNamedSince,
    identity,
    visits,
    pages,
  }: Pick<Plan, 'toldSeq' | 'seenBy' | 'isNamedSince' | 'visits'> & {
    readonly identity: number
    readonly pages: readonly StoredEvent[]
  },
): Plan {
  const spans = own.map(({ visit, since: from, until: to }) => ({ visit, from, to }))
  const covers = (visit: number, seq: number): boolean =>
    own.some((stretch) => stretch.visit === visit && stretch.from <= seq && seq <= stretch.to)
  const owns = (entry: StoredEntry): boolean => {
    if (entry.erased === true) return false
    const { identity: whose, visit, seq } = entry
    if (whose === identity) return true
    if (whose !== 0) return false
    if (!isStoredEvent(entry)) return seq < toldSeq && covers(visit, seq)
    // What came late, or while the person was being erased, belongs where it occurred.
    if (entry.late || seq > toldSeq) return isWithin(spans, visit, entry.occurredAt)
    return covers(visit, seq)
  }
  const pagesAt = new Set(
    pages.filter((entry) => entry.erased === true || owns(entry)).map((entry) => entry.position),
  )
  return { owns, toldSeq, spans, seenBy, isNamedSince, visits, pagesAt }
}

/** Whether something that occurred then, in that visit, belongs to what is erased. */
export function isWithin(spans: readonly ErasedSpan[], visit: number, occurredAt: number): boolean {
  return spans.some((span) => span.visit === visit && span.from <= occurredAt && occurredAt <= span.to)
}

function entersPage({ words }: StoredEvent): boolean {
  return words.eventType === 'SYSTEM' && words.eventName === 'PageEntered'
}

function noteSeen(seenBy: Map<number, SeenBy>, entry: StoredEntry, without: readonly string[]): void {
  for (const fact of factsOf(entry)) {
    if (fact.type !== 'link.changed') continue
    const before = seenBy.get(fact.visit) ?? { authenticated: null, recognized: null }
    seenBy.set(fact.visit, before)
    if (without.includes(fact.identityId)) continue
    const { association } = fact
    if (association === 'Authenticated') seenBy.set(fact.visit, { ...before, authenticated: fact.identityId })
    if (association === 'Recognized') seenBy.set(fact.visit, { ...before, recognized: fact.identityId })
    const isTakenBack = association === null && before.recognized === fact.identityId
    if (isTakenBack) seenBy.set(fact.visit, { ...before, recognized: null })
  }
}
