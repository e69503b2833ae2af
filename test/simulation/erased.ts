/** What must be true when an erasure is done, in plain words (Q12): the words are gone, and others' history is as it was. */
import type { Store } from '../../src/store/contract.ts'
import type { ErasedKind } from '../../src/store/erased.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { MemoryBus } from '../bus/memory-bus.ts'
import { type MemoryDisk, rangeOf } from '../contract/memory-disk.ts'
import type { Life } from './erasing.ts'
import { must } from './ledger.ts'
import { isLate, type Own, occurred, ownOf, within } from './stretches.ts'
import { collect, says, textsOn } from './texts.ts'

/** An erasure that has begun. */
export interface Erased {
  readonly id: string
  readonly kind: ErasedKind
  readonly name: string
  readonly number: number
  readonly pseudonym: string
  readonly begunAt: number
  /** The node's position by which they were hidden. */
  readonly position: number
  /** Visitors that knew the person then, and have not forgotten them since. */
  readonly untold: Set<string>
  /** When each of the others forgot them. */
  readonly told: Map<string, { readonly seq: number; readonly at: number }>
  isDone: boolean
}

export interface Proving {
  readonly store: Store
  readonly disk: MemoryDisk
  readonly bus: MemoryBus
  readonly lives: ReadonlyMap<number, Life>
  readonly isPseudonym: (identityId: string) => boolean
}

/**
 * Throws at the first thing that is otherwise, where these erasures are done and no other is under way. From here on
 * the streams are as they left them.
 */
export function provesErased(done: readonly Erased[], proving: Proving): void {
  const people = done.filter(({ kind }) => kind === 'person')
  const words: string[] = []
  for (const life of proving.lives.values()) words.push(...provesStream(people, proving, life))
  for (const erased of done) {
    if (erased.kind === 'device') provesDevice(erased, proving)
    else provesPerson(erased, proving, words)
    noMessageNames(erased, proving.bus, proving.isPseudonym)
  }
}

function provesPerson(erased: Erased, proving: Proving, words: readonly string[]): void {
  areGone(erased, proving, words)
  noRowIsTheirs(erased, proving.disk)
  if (isNamedNoMore(erased, proving)) areGone(erased, proving, [erased.name])
}

const NEVER = { seq: Number.MAX_SAFE_INTEGER, at: Number.MAX_SAFE_INTEGER }

/** Entries of these people are empty, others' are as they were; what theirs had said. */
function provesStream(people: readonly Erased[], { store }: Proving, life: Life): readonly string[] {
  const { globalVisitID, number, entries } = life
  if (store.visitor(number) === null) return []
  const owns = people.map(({ number: identity, told }) => {
    const { seq: toldSeq, at } = told.get(globalVisitID) ?? NEVER
    return { toldSeq, ...ownOf(entries, { identity, told: at }) }
  })
  const [from, to] = [entries[0]?.seq ?? 1, entries.at(-1)?.seq ?? 0]
  const now = to === 0 ? [] : store.entries(number, { from, to, limit: entries.length })
  must(now.length === entries.length, 'Q12: others', () => `${globalVisitID}: entries are missing`)
  const words: string[] = []
  entries.forEach((before, index) => {
    const after = now[index] ?? before
    // Where two are erased at once, what led to the later one may have gone with the first.
    const isSure = owns.length === 1 || before.identity !== 0
    const belongs = owns
      .map((own) => belongsTo(before, own))
      .map((is) => (isSure || is === 'not' ? is : 'hardly'))
    if (belongs.includes('surely') || (belongs.includes('hardly') && after.erased === true)) {
      mustBeEmpty(globalVisitID, before, after)
      words.push(...wordsOf(before))
    } else mustBeKept(people, { globalVisitID, before, after })
  })
  const left = now.find(({ identity }) => people.some((erased) => erased.number === identity))
  must(left === undefined, 'Q12: gone', () => `${globalVisitID}: entry ${left?.seq} is of one who is erased`)
  life.entries = now
  // What led to the later of two may have gone with the first.
  const sure = owns.flatMap(({ stretches }) => stretches)
  life.stretches = [
    ...life.stretches,
    ...(owns.length === 1 ? sure : sure.map((stretch) => ({ ...stretch, from: stretch.ownFrom }))),
  ]
  return words
}

/** What came late, or when the person was forgotten already, belongs where it occurred. */
function belongsTo(
  entry: StoredEntry,
  { toldSeq, entries, stretches }: Own & { readonly toldSeq: number },
): ReturnType<typeof within> {
  if (entry.erased === true) return 'not'
  if (entries.has(entry.seq)) return 'surely'
  if (!isStoredEvent(entry) || entry.identity !== 0) return 'not'
  return isLate(entry) || entry.seq > toldSeq ? within(stretches, entry.visit, occurred(entry)) : 'not'
}

function mustBeEmpty(globalVisitID: string, before: StoredEntry, after: StoredEntry): void {
  const { seq, kind } = before
  const isEmpty = after.erased === true && after.seq === seq && after.kind === kind && after.at === before.at
  must(isEmpty, 'Q12: gone', () => `${globalVisitID}: entry ${seq}, ${kind}, is not emptied`)
  const left = wordsOf(before).filter((word) => says(after, word))
  must(left.length === 0, 'Q12: gone', () => `${globalVisitID}: entry ${seq} says ${left[0]} still`)
}

interface Kept {
  readonly globalVisitID: string
  readonly before: StoredEntry
  readonly after: StoredEntry
}

/** As it was, but that it calls these people by their pseudonyms, and says nothing else of them. */
function mustBeKept(people: readonly Erased[], { globalVisitID, before, after }: Kept): void {
  const { seq, kind } = before
  const namesOne = people.some(({ name, pseudonym }) => says(before, name) || says(before, pseudonym))
  const broken = (): string => `${globalVisitID}: entry ${seq}, ${kind}, is another: ${JSON.stringify(after)}`
  const isOfOne = people.some(({ number }) => before.identity === number)
  if (!namesOne && !isOfOne) {
    return must(JSON.stringify(before) === JSON.stringify(after), 'Q12: others', broken)
  }
  must(JSON.stringify(placeOf(before)) === JSON.stringify(placeOf(after)), 'Q12: others', broken)
}

/** What of an entry of somebody else that names the person stays whatever it says of them. */
function placeOf(entry: StoredEntry): unknown {
  const { seq, position, at, kind, visit, session, page, identity, faulted, erased } = entry
  // What tells of an erasure is nobody's.
  if (kind === 'person.erased') return { seq, position, at, kind, visit }
  const place = { seq, position, at, kind, visit, session, page, identity, faulted, erased }
  if (!isStoredEvent(entry)) return place
  const { words, occurredAt, via, late } = entry
  return { ...place, words: { ...words, data: {} }, occurredAt, via, late }
}

/** What only this entry says: its id, and the words that were made for it. */
export function wordsOf(entry: StoredEntry): readonly string[] {
  if (!isStoredEvent(entry) || entry.erased === true) return []
  const { eventID, url, data } = entry.words
  const own: string[] = [eventID, url]
  collect(data, (text) => {
    if (text.includes(eventID)) own.push(text)
  })
  return own
}

function areGone({ kind, name }: Erased, { disk }: Proving, words: readonly string[]): void {
  const texts = textsOn(disk)
  const left = words.find((word) => texts.has(word))
  must(left === undefined, 'Q12: gone', () => {
    return `${kind} ${name} is erased, and ${left} stands in ${texts.get(left ?? '')}`
  })
}

/** Nobody is called so any more, and nothing that came afterwards says the name. */
function isNamedNoMore({ name, position, told }: Erased, { store, lives }: Proving): boolean {
  if (store.identityNumber(name) !== 0) return false
  return ![...lives.values()].some(({ globalVisitID, entries }) => {
    const { seq: toldSeq } = told.get(globalVisitID) ?? NEVER
    return entries.some((entry) => (entry.position > position || entry.seq > toldSeq) && says(entry, name))
  })
}

const OF_PEOPLE = ['links', 'contacts', 'sessions', 'pages', 'identities'] as const

function noRowIsTheirs({ number, name }: Erased, disk: MemoryDisk): void {
  const rowsOf = (table: Parameters<MemoryDisk['table']>[0]) =>
    disk
      .table(table)
      .keys(rangeOf())
      .map((key) => Object(disk.table(table).get(key)))
  for (const table of OF_PEOPLE) {
    const left = rowsOf(table).find(({ identity }) => identity === number)
    must(left === undefined, 'Q12: gone', () => `${table} has a row of ${name}: ${JSON.stringify(left)}`)
  }
  const visit = rowsOf('visits').find((row) => row.authenticated === number || row.recognized === number)
  must(visit === undefined, 'Q12: gone', () => `a visit remembers ${name}: ${JSON.stringify(visit)}`)
}

/** No message of before that is still in the stream names them. */
export function noMessageNames(
  { kind, name, position }: Erased,
  { stored, deleted }: MemoryBus,
  isPseudonym: (identityId: string) => boolean,
): void {
  stored.forEach(({ messageId, bytes }, index) => {
    if (deleted.has(index + 1)) return
    const { data } = JSON.parse(String(Buffer.from(bytes)))
    const people = [data.identityId, data.previous?.identityId].filter((id) => {
      return typeof id === 'string' && !isPseudonym(id)
    })
    const isTheirs = kind === 'person' ? people.includes(name) : data.globalVisitID === name
    must(
      !isTheirs || data.position > position,
      'Q12: gone',
      () => `message ${messageId} of ${kind} ${name} is in the stream still`,
    )
  })
}

function messageIdOf(row: unknown): string {
  return String(Object(row).messageId)
}

/** Nothing of its visitor is there: no word, no row, no name but hashes. */
function provesDevice(erased: Erased, proving: Proving): void {
  const { store, lives } = proving
  const { name, number } = erased
  must(store.visitor(number) === null, 'Q12: gone', () => `${name} has a row`)
  must(store.token(name) === null, 'Q12: gone', () => `${name} has a token`)
  areGone(erased, proving, [name, ...(lives.get(number)?.entries ?? []).flatMap(wordsOf)])
  const sent = proving.disk.table('sent')
  const left = sent.keys(rangeOf()).find((key) => messageIdOf(sent.get(key)).startsWith(`${name}.`))
  must(left === undefined, 'Q12: gone', () => `${name} is erased, and a message of theirs is remembered`)
}
