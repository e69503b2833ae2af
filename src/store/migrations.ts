// What brings a folder of an older layout up to today's (Q5), in the transaction of the start.
import { createReader, createWriter } from './bytes.ts'
import { decodeChunk } from './chunk.ts'
import { lastCommit } from './commit.ts'
import type { FadingRow } from './erased.ts'
import { encodeFading, fadingKeyOfHash, hashInKey, isNameOfVisit } from './fading.ts'
import { seenKey, WIDTH } from './keys.ts'
import { orderOf } from './order.ts'
import { decodeName, decodeVisit } from './resource-rows.ts'
import { isStoredEvent } from './rows.ts'
import { KEYS, NOTHING, type Table, type Tables } from './tables.ts'
import { isUsed, userAgentUse } from './user-agents.ts'
import { decodeVisitor, encodeVisitor } from './visitor-row.ts'

/** 1 to 2: open visits have an index, eventIDs that hold their time stand in its order, visitors know the latest of theirs. */
export function toLayout2(tables: Tables): void {
  indexOpenVisits(tables)
  noteNewest(tables)
  moveSeen(tables)
}

/** 2 to 3: it is known which visits came with which User-Agent; what layout 1 left of erased devices goes. */
export function toLayout3(tables: Tables): void {
  noteUses(tables)
  fadeNames(tables)
}

/** Texts that no visit came with go. */
function noteUses(tables: Tables): void {
  const reader = createReader()
  for (const { key, value } of slicesOf(tables.visits)) {
    reader.open(value)
    const use = userAgentUse(decodeVisit(reader, KEYS.visit.part(key, 0), KEYS.visit.part(key, 1)))
    if (use !== null) tables.userAgentUses.putSync(use, NOTHING)
  }
  for (const { key } of slicesOf(tables.userAgents)) {
    if (!isUsed(tables, key)) tables.userAgents.removeSync(key)
  }
}

const NAMES_KEEP_MS = 30 * 24 * 60 * 60_000

/** E9: visitIDs of a device that was erased before they faded would be nobody's for ever. */
function fadeNames(tables: Tables): void {
  const [reader, writer] = [createReader(), createWriter()]
  const due = lastCommit(tables, reader).at + NAMES_KEEP_MS
  const fading = new Set(Array.from(tables.fading.getKeys({}), hashInKey))
  for (const { key, value } of slicesOf(tables.names)) {
    if (!isNameOfVisit(key)) continue
    reader.open(value)
    const { number, visit: before } = decodeName(reader, 'visit', '')
    const hash = Buffer.from(key.subarray(1))
    if (tables.visitors.doesExist(KEYS.visitor.of(number)) || fading.has(hash.toString('hex'))) continue
    const row: FadingRow = { due, what: 'name', number, before, name: '' }
    tables.fading.putSync(fadingKeyOfHash(row, hash), encodeFading(writer, row))
  }
}

function noteNewest(tables: Tables): void {
  const reader = createReader()
  for (const { key, value } of slicesOf(tables.visitors)) {
    const number = KEYS.visitor.part(key, 0)
    reader.open(value)
    const row = decodeVisitor(reader, number, false)
    let newest = 0
    for (const eventID of timedIds(tables, number).values()) newest = Math.max(newest, orderOf(eventID))
    tables.visitors.putSync(key, encodeVisitor(createWriter(), { ...row, newest }))
  }
}

/** Keys of layout 1 were the visitor's number, four bytes of one hash, three of another. */
const OLD_SEEN_BYTES = WIDTH.number + 7

function moveSeen(tables: Tables): void {
  const reader = createReader()
  let known = { number: 0, ids: new Map<number, string>() }
  for (const { key, value } of slicesOf(tables.seen)) {
    if (key.length !== OLD_SEEN_BYTES) continue
    const number = KEYS.visitor.part(key, 0)
    if (known.number !== number) known = { number, ids: timedIds(tables, number) }
    reader.open(value)
    const eventID = known.ids.get(reader.uint())
    tables.seen.removeSync(key)
    tables.seen.putSync(eventID === undefined ? reordered(key) : seenKey(number, eventID), value)
  }
}

/** The key of an id that holds no time, or that is erased: of the same hashes. */
function reordered(key: Uint8Array): Uint8Array {
  const [number, first, second] = [key.subarray(0, 5), key.subarray(5, 9), key.subarray(9)]
  return Buffer.concat([number, second, Uint8Array.of(0), first])
}

/** The eventIDs of a visitor's stream that hold their time, by seq. */
function timedIds(tables: Tables, number: number): Map<number, string> {
  const reader = createReader()
  const ids = new Map<number, string>()
  const range = { start: KEYS.stream.bound([number], 0), end: KEYS.stream.bound([number], 255) }
  for (const { key, value } of tables.stream.getRange({ ...range, inclusiveEnd: true })) {
    reader.open(value)
    for (const entry of decodeChunk(reader, KEYS.stream.part(key, 1))) {
      const isKnown = isStoredEvent(entry) && entry.erased !== true && orderOf(entry.words.eventID) !== 0
      if (isKnown) ids.set(entry.seq, entry.words.eventID)
    }
  }
  return ids
}

const SLICE = 10_000

/** The rows of a table that is changed meanwhile: read before each part is changed. */
function* slicesOf(table: Table): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
  for (let start: Uint8Array | undefined; ; ) {
    const range = start === undefined ? { limit: SLICE } : { start, exclusiveStart: true, limit: SLICE }
    const slice = Array.from(table.getRange(range), ({ key, value }) => {
      return { key: Uint8Array.from(key), value: Uint8Array.from(value) }
    })
    yield* slice
    start = slice.at(-1)?.key
    if (start === undefined) return
  }
}

/** Each open visit has a deadline, so that no other visitors need to be looked at. */
function indexOpenVisits(tables: Tables): void {
  const reader = createReader()
  for (const armed of tables.deadlines.getKeys({})) {
    const number = KEYS.deadline.part(armed, 1)
    const visits = {
      start: KEYS.visit.bound([number], 255),
      end: KEYS.visit.bound([number], 0),
      inclusiveEnd: true,
      reverse: true,
    }
    for (const { key, value } of tables.visits.getRange(visits)) {
      reader.open(value)
      const { endDate, reason } = decodeVisit(reader, number, KEYS.visit.part(key, 1))
      if (endDate === 0) tables.openVisits.putSync(key, NOTHING)
      // One that came late may stand behind the one that is open.
      if (reason !== 'late') break
    }
  }
}
