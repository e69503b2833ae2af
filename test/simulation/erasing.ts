/** Who is erased, and what must be true from then on, read from the specification (Q12): hidden at once, and nobody comes back. */
import type { Store } from '../../src/store/contract.ts'
import type { ErasureRow } from '../../src/store/erased.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { MemoryBus } from '../bus/memory-bus.ts'
import { keyOf, type MemoryDisk } from '../contract/memory-disk.ts'
import { type Erased, provesErased, wordsOf } from './erased.ts'
import { must } from './ledger.ts'
import { type Stretch, within } from './stretches.ts'
import type { TableOracle } from './table-oracle.ts'

export interface Erasing {
  /** Who is behind which pseudonym: asked before new entries are taken, which may tell of it. */
  readonly meets: (store: Store) => void
  readonly personOf: (pseudonym: unknown) => string
  /** The next entry of a visitor, of which the tables were told. */
  readonly took: (number: number, entry: StoredEntry, about: About) => void
  /** Which erasures have begun: asked after each commit, when its entries were taken. */
  readonly begins: (store: Store) => void
  /** Proves what is done since; asked while no transaction is half way. */
  readonly proves: (store: Store) => void
  /** The device is erased: there is no such visitor any more. */
  readonly isGone: (globalVisitID: string) => boolean
  /** People whose erasure this visitor was not told of, and who are hidden from who reads it. */
  readonly hiddenAt: (globalVisitID: string) => ReadonlySet<string>
  /** What an entry said is erased, and what it led to need not be told any more. */
  readonly isEmptied: (store: Store, globalVisitID: string, seq: number) => boolean
  readonly isPseudonym: (identityId: string) => boolean
  /** Q12: what came before this entry is kept no more. */
  readonly loses: (number: number, keptFrom: number) => void
  readonly lives: ReadonlyMap<number, Life>
  /** What was said and not erased, word by word. */
  readonly words: () => readonly string[]
  /** Erasures that have begun. */
  readonly all: () => readonly Erased[]
}

export interface About {
  readonly globalVisitID: string
  /** Whom the tables believed to be there before it. */
  readonly before: string | null
  /** Whom the tables say it belongs to (E10). */
  readonly whose: string | null
}

/** One visitor's stream as it was committed, or as an erasure rightly left it. */
export interface Life {
  readonly number: number
  readonly globalVisitID: string
  entries: readonly StoredEntry[]
  /** What came before it was too old. */
  keptFrom: number
  /** What occurred in these comes too late. */
  stretches: readonly Stretch[]
}

export interface ErasingParts {
  readonly disk: MemoryDisk
  readonly bus: MemoryBus
  readonly oracles: Map<string, TableOracle>
}

export function createErasing({ disk, bus, oracles }: ErasingParts): Erasing {
  const erasures = new Map<string, Erased>()
  const lives = new Map<number, Life>()
  const numbers = new Map<string, number>()
  const gone = new Set<string>()
  const names = new Map<number, string>()
  const pseudonyms = new Map<unknown, string>()
  /** By pseudonym: which visitors forgot them, and when. */
  const toldOf = new Map<unknown, Erased['told']>()
  const said = new Set<string>()
  let position = 0

  const people = (): readonly Erased[] => [...erasures.values()].filter(({ kind }) => kind === 'person')

  function begin({ id, kind, subject, begunAt }: ErasureRow): void {
    if (erasures.has(id) || subject === null) return
    const { name, number, pseudonym } = subject
    const isKnown = ({ identity: { belief, links, rejected } }: TableOracle): boolean =>
      belief.identityId === name ||
      rejected.has(name) ||
      [...links.keys()].some((key) => key.endsWith(`/${name}`))
    const told = toldIn(pseudonym)
    const untold = [...oracles].filter(
      ([globalVisitID, oracle]) => kind === 'person' && isKnown(oracle) && !told.has(globalVisitID),
    )
    const about = {
      id,
      kind,
      name,
      number,
      pseudonym,
      begunAt,
      position,
      isDone: false,
      told: toldIn(pseudonym),
    }
    erasures.set(id, { ...about, untold: new Set(untold.map(([globalVisitID]) => globalVisitID)) })
  }

  function toldIn(pseudonym: unknown): Erased['told'] {
    const told: Erased['told'] = toldOf.get(pseudonym) ?? new Map()
    toldOf.set(pseudonym, told)
    return told
  }

  const isPseudonym = (identityId: string): boolean => pseudonyms.has(identityId)

  function noteGone(store: Store): void {
    for (const { kind, name } of erasures.values()) {
      if (kind !== 'device' || gone.has(name) || store.visitorNumber(name) !== 0) continue
      gone.add(name)
      oracles.delete(name)
    }
  }

  /** E10: an identity's number is one person's, and never comes again once they are hidden. */
  function belongs({ identity, seq, position: at }: StoredEntry, { globalVisitID, whose }: About): void {
    const name = identity === 0 ? null : (names.get(identity) ?? whose)
    if (name !== null) names.set(identity, name)
    must(name === whose, 'E10', () => `${globalVisitID}: entry ${seq} is ${name}'s where it is ${whose}'s`)
    const hidden = people().find((erased) => erased.number === identity && erased.position < at)
    must(
      hidden === undefined,
      'Q12: hidden',
      () => `${globalVisitID}: entry ${seq} is of ${name}, erased before`,
    )
  }

  /** Whoever is being erased is nobody at the next thing that happens. */
  function isNobody(entry: StoredEntry, { globalVisitID, before }: About): void {
    for (const erased of people()) {
      const { untold, name } = erased
      if (!untold.has(globalVisitID) || erased.position >= entry.position) continue
      must(
        before !== name || entry.kind === 'person.erased',
        'Q12: hidden',
        () => `${globalVisitID}: ${entry.kind} comes to ${name}, who is erased`,
      )
    }
  }

  /** What was said of before, and comes only now, is not taken. */
  function isInTime(entry: StoredEntry, { globalVisitID }: About, { stretches }: Life): void {
    if (!isStoredEvent(entry)) return
    const { words, occurredAt, visit, seq } = entry
    const isSaid = words.eventType === 'SYSTEM' && ['SignIn', 'UserInfo'].includes(words.eventName)
    const late = people().find(
      ({ name, position: hidden, begunAt }) =>
        isSaid && name === words.data.identityId && hidden < entry.position && occurredAt <= begunAt,
    )
    // V11: consent is withdrawn in the open visit, whichever visit the event is of.
    const isOfVisit = words.eventName !== 'ConsentWithdrawn'
    must(
      late === undefined && !(isOfVisit && within(stretches, visit, occurredAt) === 'surely'),
      'Q12: erased',
      () => `${globalVisitID}: entry ${seq} occurred before what it belongs to was erased`,
    )
  }

  function forgets(entry: StoredEntry, { globalVisitID }: About): void {
    if (isStoredEvent(entry) || entry.kind !== 'person.erased') return
    const { seq, at, payload } = entry
    const meant = people().find(({ pseudonym }) => pseudonym === payload.pseudonym)
    const told = [toldIn(payload.pseudonym)]
    for (const erased of people()) {
      if (erased.name !== pseudonyms.get(payload.pseudonym)) continue
      // By one name nobody is known here any more, whoever of them was meant.
      erased.untold.delete(globalVisitID)
      // What follows is of nobody who was erased by it before: who came back was somebody new.
      if (erased.position <= (meant?.position ?? position)) told.push(erased.told)
    }
    for (const when of told) if (!when.has(globalVisitID)) when.set(globalVisitID, { seq, at })
  }

  return {
    meets(store) {
      for (const { subject } of store.erasures()) if (subject) pseudonyms.set(subject.pseudonym, subject.name)
    },
    personOf: (pseudonym) => pseudonyms.get(pseudonym) ?? '',
    took(number, entry, about) {
      const { globalVisitID } = about
      must(!gone.has(globalVisitID), 'Q12: gone', () => `entry ${entry.seq} is of ${globalVisitID}, erased`)
      position = entry.position
      const life = lives.get(number) ?? { number, globalVisitID, entries: [], keptFrom: 1, stretches: [] }
      isInTime(entry, about, life)
      belongs(entry, about)
      isNobody(entry, about)
      forgets(entry, about)
      life.entries = [...life.entries, entry]
      for (const word of wordsOf(entry)) said.add(word)
      lives.set(number, life)
      numbers.set(globalVisitID, number)
    },
    begins(store) {
      for (const row of store.erasures()) if (disk.isFlushed('erasures', keyOf(row.id))) begin(row)
      noteGone(store)
    },
    proves(store) {
      if (store.erasures().some(({ finishedAt }) => finishedAt === 0)) return
      const done = [...erasures.values()].filter(({ isDone }) => !isDone)
      for (const erased of done) erased.isDone = true
      if (done.length > 0) provesErased(done, { store, disk, bus, lives, isPseudonym })
    },
    isGone: (globalVisitID) => gone.has(globalVisitID),
    hiddenAt: (globalVisitID) =>
      new Set(people().flatMap(({ untold, name }) => (untold.has(globalVisitID) ? [name] : []))),
    isEmptied(store, globalVisitID, seq) {
      if (gone.has(globalVisitID)) return true
      const number = numbers.get(globalVisitID) ?? 0
      return store.entries(number, { from: seq, to: seq, limit: 1 })[0]?.erased === true
    },
    isPseudonym,
    words: () => [...said],
    lives,
    loses(number, keptFrom) {
      const life = lives.get(number)
      if (life === undefined) return
      life.keptFrom = keptFrom
      life.entries = life.entries.filter(({ seq }) => seq >= keptFrom)
    },
    all: () => [...erasures.values()],
  }
}
