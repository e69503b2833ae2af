// What brings a folder of an older layout up to today's (Q5), in the transaction of the start.
import { createReader, createWriter, type Reader } from './bytes.ts'
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

/** 1 to 2: open visits have an index, and visitors know the latest of those eventIDs that hold their time. */
export function toLayout2(tables: Tables): void {
  indexOpenVisits(tables)
  noteNewest(tables)
}

/** 2 to 3: it is known which visits came with which User-Agent; what layout 1 left of erased devices goes. */
export function toLayout3(tables: Tables, found: number): void {
  if (found === 2) rewrite(tables)
  noteUses(tables)
  fadeNames(tables)
}

/** Of layout 2 itself: visitors' rows had a field elsewhere, and remembered eventIDs stood in the order of their time. */
function rewrite(tables: Tables): void {
  const reader = createReader()
  for (const { key, value } of slicesOf(tables.visitors)) {
    reader.open(value)
    const row = decodeVisitor(reader, KEYS.visitor.part(key, 0), 2)
    tables.visitors.putSync(key, encodeVisitor(createWriter(), row))
  }
  let known = { number: 0, ids: new Map<number, string>() }
  for (const { key, value } of slicesOf(tables.seen)) {
    if (key.length !== SEEN_2_BYTES) continue
    const number = KEYS.visitor.part(key, 0)
    if (known.number !== number) known = { number, ids: idsOf(tables, reader, number) }
    reader.open(value)
    const eventID = known.ids.get(reader.uint())
    // Of one that is erased only the hashes are there.
    const hashed = Buffer.concat([key.subarray(0, 5), key.subarray(9), key.subarray(5, 8)])
    tables.seen.removeSync(key)
    tables.seen.putSync(eventID === undefined ? hashed : seenKey(number, eventID), value)
  }
}

/** The visitor's number, four bytes of its time or one hash, four of another. */
const SEEN_2_BYTES = WIDTH.number + 8

/** The eventIDs that a visitor's stream still tells, by seq. */
function idsOf(tables: Tables, reader: Reader, number: number): Map<number, string> {
  const ids = new Map<number, string>()
  const range = { start: KEYS.stream.bound([number], 0), end: KEYS.stream.bound([number], 255) }
  for (const { key, value } of tables.stream.getRange({ ...range, inclusiveEnd: true })) {
    reader.open(value)
    for (const entry of decodeChunk(reader, KEYS.stream.part(key, 1))) {
      if (isStoredEvent(entry) && entry.erased !== true) ids.set(entry.seq, entry.words.eventID)
    }
  }
  return ids
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
    const row = decodeVisitor(reader, number, 1)
    const newest = latestOrder(tables, reader, number)
    tables.visitors.putSync(key, encodeVisitor(createWriter(), { ...row, newest }))
  }
}

/** The latest order of the eventIDs that a visitor's stream still tells. */
function latestOrder(tables: Tables, reader: Reader, number: number): number {
  const range = { start: KEYS.stream.bound([number], 0), end: KEYS.stream.bound([number], 255) }
  let latest = 0
  for (const { key, value } of tables.stream.getRange({ ...range, inclusiveEnd: true })) {
    reader.open(value)
    for (const entry of decodeChunk(reader, KEYS.stream.part(key, 1))) {
      const isTold = isStoredEvent(entry) && entry.erased !== true
      if (isTold) latest = Math.max(latest, orderOf(entry.words.eventID))
    }
  }
  return latest
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
