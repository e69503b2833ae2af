/** Looks at the disk after every step: what was committed since, by the oracles; what engines were told; who is there. */
import { DEFAULT_SETTINGS } from '../../machines/entries.ts'
import { messageIdOf } from '../../src/bus/cloud-event.ts'
import type { Store } from '../../src/store/contract.ts'
import { type ChangeRow, isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { factsOf } from '../../src/visitors/entries.ts'
import type { MemoryBus } from '../bus/memory-bus.ts'
import { keyOf, type MemoryDisk } from '../contract/memory-disk.ts'
import { provesOld } from './aging.ts'
import { compareVisitor } from './comparing.ts'
import { createErasing, type Erasing } from './erasing.ts'
import type { Hearing, Running } from './house.ts'
import { type Ledger, must } from './ledger.ts'
import { createRuling, type Ruling } from './ruling.ts'
import { newTableOracle, type TableOracle, type Telling } from './table-oracle.ts'
import { collect } from './texts.ts'

export interface Observer {
  readonly oracles: ReadonlyMap<string, TableOracle>
  readonly erasing: Erasing
  readonly ruling: Ruling
  /** V11: who withdrew consent while that erases. */
  readonly withdrawn: ReadonlySet<string>
  /** A server opened its disk: what lies there was decided before it started. */
  readonly opens: Hearing['opens']
  /** A commit was told to whoever listens: it is looked at before anything can be done to it. */
  readonly told: Hearing['told']
  /** Everything that is on disk and was not looked at yet. */
  readonly look: (running: Running) => void
  /** The last seq at which the stream of a visitor said who is there: somebody came or went, or a start was heard. */
  readonly presentAt: (globalVisitID: string) => number
  /** Changes that must be published and are not. */
  readonly unpublished: (store: Store) => readonly string[]
}

export interface ObserverParts {
  readonly disk: MemoryDisk
  readonly bus: MemoryBus
  readonly ledger: Ledger
  /** No transaction is half way: rows and commits say the same. */
  readonly isStill: () => boolean
  readonly erasesWithoutConsent: () => boolean
  readonly rulesVersion: () => number
}

const ALL = Number.MAX_SAFE_INTEGER
const PRESENCE = ['presence.came', 'presence.went', 'server.started']

export function createObserver({
  disk,
  bus,
  ledger,
  isStill,
  erasesWithoutConsent,
  rulesVersion,
}: ObserverParts): Observer {
  const oracles = new Map<string, TableOracle>()
  const erasing = createErasing({ disk, bus, oracles })
  const ruling = createRuling({ oracles, isGone: erasing.isGone })
  const names = new Map<number, string>()
  /** E9: who used a visitID first. */
  const owners = new Map<string, string>()
  const changesOf = new Map<string, Told[]>()
  const publishedOf = new Map<string, number>()
  const heardStart = new Set<string>()
  const withdrawn = new Set<string>()
  const seqs = new Map<string, number>()
  const dead = new Set<string>()
  const presentAt = new Map<string, number>()
  /** Visitors with new entries whose rows were not compared yet. */
  const unseen = new Set<string>()
  let position = 0
  let at = 0
  let startPosition = 0
  let stored = 0
  /** What was broken while a commit was told: thrown when it is looked at. */
  let broke: unknown = null

  /** All that was committed since, in the order of the node's positions. */
  function newEntries(store: Store): readonly (readonly [number, StoredEntry])[] {
    const found: (readonly [number, StoredEntry])[] = []
    for (const { stretches } of store.commits({ from: position + 1, limit: ALL })) {
      for (const { number, firstSeq, count } of stretches) {
        const span = { from: firstSeq, to: firstSeq + count - 1, limit: count }
        for (const entry of store.entries(number, span)) found.push([number, entry])
      }
    }
    return found.filter(([, entry]) => entry.position > position && entry.position <= store.lastPosition())
  }

  /** Q12: where retention took the beginning of a stream, the tables forget it too. */
  function age(store: Store, now: number): void {
    for (const life of erasing.lives.values()) {
      const { number, globalVisitID } = life
      const keptFrom = store.visitor(number)?.keptFrom ?? 1
      const oracle = oracles.get(globalVisitID)
      if (keptFrom <= life.keptFrom || oracle === undefined) continue
      provesOld(life, keptFrom, now)
      oracle.loses(keptFrom)
      erasing.loses(number, keptFrom)
      unseen.add(globalVisitID)
    }
  }

  function take(store: Store, number: number, entry: StoredEntry): string {
    const globalVisitID = names.get(number) ?? store.visitor(number)?.globalVisitID ?? ''
    names.set(number, globalVisitID)
    must(entry.position === position + 1, 'E4', () => `position ${entry.position} follows ${position}`)
    must(entry.at >= at, 'E4', () => `the time of position ${entry.position} is before the one before`)
    position = entry.position
    at = entry.at
    const seq = seqs.get(globalVisitID) ?? 0
    must(entry.seq === seq + 1, 'E3', () => `${globalVisitID}: seq ${entry.seq} follows ${seq}`)
    seqs.set(globalVisitID, entry.seq)
    must(!entry.faulted, 'E12', () => `${globalVisitID}: entry ${entry.seq} made the machine throw`)
    if (PRESENCE.includes(entry.kind)) presentAt.set(globalVisitID, entry.seq)
    belongs(globalVisitID, entry)
    ledger.stored(globalVisitID, entry)
    const before = oracles.get(globalVisitID)?.identity.belief.identityId ?? null
    consult(globalVisitID, entry)
    if (erasesWithoutConsent() && oracles.get(globalVisitID)?.hasWithdrawn()) withdrawn.add(globalVisitID)
    const after = oracles.get(globalVisitID)?.identity.belief.identityId ?? null
    provesTold(store, entry, oracles.get(globalVisitID)?.tells())
    erasing.took(number, entry, { globalVisitID, before, whose: whoseOf(entry, { before, after }) })
    ruling.took(globalVisitID, entry)
    return globalVisitID
  }

  /** B1, L5: the changes of an entry are what the tables say that engines must be told. */
  function provesTold(
    store: Store,
    { position: from, seq, kind }: StoredEntry,
    telling: Telling | undefined,
  ): void {
    const found = store.changes({ from, to: from, limit: ALL })
    found.forEach((change, index) => {
      const isNumbered = change.n === index + 1 && change.seq === seq && change.data.seq === seq
      must(isNumbered, 'B1', () => `change ${change.n} of entry ${seq} is numbered ${JSON.stringify(change)}`)
    })
    const of = (wanted: string, said: (change: ChangeRow) => string): readonly string[] =>
      found.filter((change) => change.kind === wanted).map(said)
    const told: Telling = {
      visit: of('visit', ({ name, data }) => `${name} ${data.visitId} ${data.reason}`),
      identity: of('identity', ({ name, data }) => `${name.toLowerCase()} ${data.identityId}`),
      lease: of('lease', ({ name }) => name),
    }
    const [is, should] = [JSON.stringify(told), JSON.stringify(telling)]
    must(is === should, 'B1', () => `entry ${seq}, ${kind}, tells ${is} where the tables say ${should}`)
  }

  function belongs(globalVisitID: string, entry: StoredEntry): void {
    if (!isStoredEvent(entry)) return
    const owner = owners.get(entry.words.visitID) ?? globalVisitID
    owners.set(entry.words.visitID, owner)
    must(owner === globalVisitID, 'E9', () => `${globalVisitID} said something in a visit of ${owner}`)
  }

  function consult(globalVisitID: string, entry: StoredEntry): void {
    const oracle =
      oracles.get(globalVisitID) ?? newTableOracle(globalVisitID, DEFAULT_SETTINGS, erasing.personOf)
    oracles.set(globalVisitID, oracle)
    // Q7: whoever has a visit open hears of a start before anything else.
    const isErasure = entry.kind === 'person.erased'
    const mustHear =
      !isErasure && entry.position > startPosition && !heardStart.has(globalVisitID) && startPosition > 0
    if (mustHear && oracle.visit.open !== null) {
      must(
        entry.kind === 'server.started',
        'Q7',
        () => `${globalVisitID}: ${entry.kind} before the start is heard`,
      )
    }
    if (!isErasure && entry.position > startPosition) heardStart.add(globalVisitID)
    const expected = oracle.takes(entry)
    const answered = factsOf(entry).find((fact) => fact.type === 'answered')
    const answer = answered === undefined ? null : (answered.reason ?? 'applied')
    must(
      answer === expected,
      'the answer',
      () => `${globalVisitID}: ${entry.kind} is told ${answer}, not ${expected}`,
    )
    const place = oracle.visit.events.at(-1)
    if (!isStoredEvent(entry)) return
    const isRight =
      place?.eventID === entry.words.eventID && place.visit === entry.visit && place.late === entry.late
    must(isRight, 'V1 to V13', () => {
      const is = `visit ${entry.visit}${entry.late ? ', late' : ''}`
      return `${globalVisitID}: entry ${entry.seq} is recorded in ${is}, not ${JSON.stringify(place)}`
    })
  }

  function noteChanges(store: Store, from: number): void {
    for (const change of store.changes({ from, to: store.lastPosition(), limit: ALL })) {
      const told = changesOf.get(change.globalVisitID) ?? []
      const { seq, position, n } = change
      const data = JSON.stringify(change.data)
      told.push({ messageId: messageIdOf(change), seq, key: keyOf(position, n), data })
      changesOf.set(change.globalVisitID, told)
    }
  }

  /** Everything that was committed since, by the oracles. */
  function takeAll(store: Store): void {
    erasing.meets(store)
    if (store.lastPosition() > position) {
      const from = position + 1
      const touched = new Set(newEntries(store).map(([number, entry]) => take(store, number, entry)))
      must(
        position === store.lastPosition(),
        'E4',
        () => `the node stands at ${store.lastPosition()}, not ${position}`,
      )
      noteChanges(store, from)
      for (const globalVisitID of touched) unseen.add(globalVisitID)
    }
  }

  /** B2, B4, B6: each visitor's changes in order, each once, none that is not on disk, and a gap is told. */
  function lookAtBus(store: Store): void {
    for (const { messageId, bytes } of bus.stored.slice(stored)) {
      const globalVisitID = messageId.split('.')[0] ?? ''
      const gap = skipMissing(store, globalVisitID, messageId)
      const place = publishedOf.get(globalVisitID) ?? 0
      const expected = changesOf.get(globalVisitID)?.[place]?.messageId
      const isNext = messageId === expected
      must(isNext, 'B2', () => `${messageId} is published where ${expected} is the next change`)
      const { gapBefore, ...data } = JSON.parse(String(Buffer.from(bytes))).data
      saysWhatWasCommitted(changesOf.get(globalVisitID)?.[place], data)
      const told = Number(gapBefore ?? 0)
      must(
        told >= gap,
        'B6',
        () => `${messageId} tells of a gap of ${told}, and ${gap} are missing before it`,
      )
      publishedOf.set(globalVisitID, place + 1)
      stored += 1
    }
  }

  /** Also those that are too old to be kept by now. */
  function deadIn(store: Store): ReadonlySet<string> {
    for (const { change } of store.dead({ limit: ALL })) dead.add(messageIdOf(change))
    return dead
  }

  /** B1: word by word, but for people who were erased before it went. */
  function saysWhatWasCommitted(committed: Told | undefined, data: unknown): void {
    let isOfErased = false
    collect(data, (text) => {
      isOfErased ||= erasing.isPseudonym(text)
    })
    const is = JSON.stringify(data)
    must(
      isOfErased || is === committed?.data,
      'B1',
      () => `${committed?.messageId} says ${is}, not ${committed?.data}`,
    )
  }

  /** Why a change may never be published: it was given up, or what it tells of was erased before it was. */
  function whyMissing(store: Store, given: ReadonlySet<string>, globalVisitID: string, told: Told) {
    if (given.has(told.messageId)) return 'dead'
    const isGone = !disk.table('changes').has(told.key) && erasing.isEmptied(store, globalVisitID, told.seq)
    return isGone ? 'erased' : null
  }

  /** Steps over what is missing right before this message; how many of it were given up. */
  function skipMissing(store: Store, globalVisitID: string, until: string): number {
    const told = changesOf.get(globalVisitID) ?? []
    const first = publishedOf.get(globalVisitID) ?? 0
    if (told[first]?.messageId === until) return 0
    const given = deadIn(store)
    let [place, gap] = [first, 0]
    for (let next = told[place]; next !== undefined && next.messageId !== until; next = told[place]) {
      const why = whyMissing(store, given, globalVisitID, next)
      if (why === null) break
      if (why === 'dead') gap += 1
      place += 1
    }
    publishedOf.set(globalVisitID, place)
    return gap
  }

  return {
    oracles,
    erasing,
    ruling,
    withdrawn,
    opens(store, now) {
      takeAll(store)
      erasing.begins(store)
      age(store, now)
      startPosition = store.lastPosition()
      ruling.starts(startPosition, rulesVersion())
      heardStart.clear()
    },
    told(store, { changes: told }, now) {
      try {
        for (const change of told) {
          const isKept = disk.isFlushed('changes', keyOf(change.position, change.n))
          must(isKept, 'Q1', () => `change ${messageIdOf(change)} is told, and is not on disk`)
        }
        takeAll(store)
        erasing.begins(store)
        age(store, now)
      } catch (cause) {
        broke ??= cause
      }
    },
    look({ store, visitors: { view } }) {
      if (broke !== null) throw broke
      takeAll(store)
      lookAtBus(store)
      if (!isStill()) return
      deadIn(store)
      erasing.proves(store)
      for (const globalVisitID of unseen) {
        const oracle = oracles.get(globalVisitID)
        const hidden = erasing.hiddenAt(globalVisitID)
        if (oracle !== undefined) compareVisitor({ store, view }, { globalVisitID, oracle, hidden })
      }
      unseen.clear()
    },
    presentAt: (globalVisitID) => presentAt.get(globalVisitID) ?? 0,
    unpublished(store) {
      const given = deadIn(store)
      return [...changesOf].flatMap(([globalVisitID, told]) =>
        told
          .slice(publishedOf.get(globalVisitID) ?? 0)
          .filter((change) => whyMissing(store, given, globalVisitID, change) === null)
          .map(({ messageId }) => messageId),
      )
    },
  }
}

/** A change, and the key of its row. */
interface Told {
  readonly messageId: string
  readonly seq: number
  readonly key: string
  /** As it was committed. */
  readonly data: string
}

interface Sides {
  readonly before: string | null
  readonly after: string | null
}

/** E10: an event is of whoever was current when it was applied; who signs out is current still, as Recognized. */
function whoseOf(entry: StoredEntry, { before, after }: Sides): string | null {
  if (!isStoredEvent(entry)) return after
  if (entry.late) return null
  const { eventType, eventName } = entry.words
  return eventType === 'SYSTEM' && eventName === 'ConsentWithdrawn' ? before : after
}
