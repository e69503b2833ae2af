/** Writes a folder back as older layouts had it, by what was written of them then. */
import { createReader, createWriter } from '../../src/store/bytes.ts'
import { decodeChunk } from '../../src/store/chunk.ts'
import { WIDTH } from '../../src/store/keys.ts'
import { LAYOUT_KEY } from '../../src/store/layout.ts'
import { orderOf } from '../../src/store/order.ts'
import { isStoredEvent, type VisitorRow } from '../../src/store/rows.ts'
import { KEYS, openTables, type Tables } from '../../src/store/tables.ts'
import { decodeVisitor } from '../../src/store/visitor-row.ts'

/** As the first layout. */
export async function writeAsLayout1(path: string): Promise<void> {
  const tables = openTables(path)
  putVisitors(tables, 1)
  await clearSeen(tables)
  putSeen(tables, seenKey1)
  await tables.openVisits.clearAsync()
  await writeLayout(tables, 1)
}

/** The same, of the second one, which did not know which visits came with which User-Agent. */
export async function writeAsLayout2(path: string): Promise<void> {
  const tables = openTables(path)
  putVisitors(tables, 2)
  await clearSeen(tables)
  putSeen(tables, seenKey2)
  await writeLayout(tables, 2)
}

async function clearSeen(tables: Tables): Promise<void> {
  await tables.seen.clearAsync()
  await tables.seenRuns.clearAsync()
}

async function writeLayout(tables: Tables, version: number): Promise<void> {
  await tables.userAgentUses.clearAsync()
  const layout = Buffer.alloc(4)
  layout.writeUInt32BE(version)
  await tables.meta.put(LAYOUT_KEY, layout)
  await tables.env.close()
}

function putVisitors(tables: Tables, layout: 1 | 2): void {
  const reader = createReader()
  for (const { key, value } of [...tables.visitors.getRange({})]) {
    reader.open(value)
    tables.visitors.putSync(key, encodeVisitor12(decodeVisitor(reader, KEYS.visitor.part(key, 0)), layout))
  }
}

function encodeVisitor12(row: VisitorRow, layout: 1 | 2): Uint8Array {
  const out = createWriter()
  out.begin()
  out.fixed(WIDTH.seq, row.seq)
  out.fixed(WIDTH.at, row.armedAt)
  out.fixed(WIDTH.ordinal, row.connected)
  out.uint(row.position)
  out.near(row.at, 0)
  out.near(row.firstAt, row.at)
  out.id(row.globalVisitID)
  out.uint(row.keptFrom)
  if (layout === 2) out.uint(row.newest)
  out.uint(row.machineVersion)
  out.uint(row.disarmed.length)
  for (const name of row.disarmed) out.text(name)
  out.uint(row.replayFrom.seq)
  out.uint(row.replayFrom.machineVersion)
  out.data(row.replayFrom.snapshot)
  out.data(row.snapshot)
  return out.end()
}

function putSeen(tables: Tables, keyOf: (number: number, eventID: string) => Uint8Array): void {
  const reader = createReader()
  for (const { key, value } of [...tables.stream.getRange({})]) {
    reader.open(value)
    const number = KEYS.stream.part(key, 0)
    for (const entry of decodeChunk(reader, KEYS.stream.part(key, 1))) {
      if (!isStoredEvent(entry)) continue
      tables.seen.putSync(keyOf(number, entry.words.eventID), Uint8Array.of(entry.seq))
    }
  }
}

function seenKey1(number: number, eventID: string): Uint8Array {
  const [a, b] = hashesOf(eventID)
  const key = Buffer.alloc(12)
  key.writeUIntBE(number, 0, 5)
  key.writeUInt32BE(a, 5)
  key.writeUIntBE(b & 0xffffff, 9, 3)
  return key
}

/** In the order of the time that a UUIDv7 holds, in units of 256 ms. */
function seenKey2(number: number, eventID: string): Uint8Array {
  const [a, b] = hashesOf(eventID)
  const order = orderOf(eventID)
  const units = Math.floor(order / 2 ** 12 / 256) % 2 ** 24
  const key = Buffer.alloc(13)
  key.writeUIntBE(number, 0, 5)
  key.writeUInt32BE(order === 0 ? (b & 0xffffff) * 256 : units * 256 + (b >>> 24), 5)
  key.writeUInt32BE(a, 9)
  return key
}

function hashesOf(eventID: string): readonly [number, number] {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  for (const character of eventID) {
    const code = character.charCodeAt(0)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return [a >>> 0, b >>> 0]
}
