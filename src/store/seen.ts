// E1: which eventIDs a visitor's stream holds, by their hashes. Those that come in the order of their time stand many in a row.
import { createReader, type Reader, type Writer } from './bytes.ts'
import type { Stretch } from './contract.ts'
import { hashOf, seenKey, WIDTH } from './keys.ts'
import { orderOf } from './order.ts'
import type { Puts } from './puts.ts'
import { isStoredEvent } from './rows.ts'
import { KEYS, type TableName, type Tables } from './tables.ts'

/** How many a row has at most: what is looked for is found by reading one row to its end. */
const RUN_MAX = 128

/** One that is remembered. */
interface Seen {
  readonly order: number
  readonly hash: number
  readonly seq: number
}

/**
 * Remembers the eventIDs of a stretch. Those later than `newest`, and than one another, follow in one row, a put for all
 * of them: a tenth of the process where many come at once. Returns the latest order then.
 */
export function putSeen(puts: Puts, out: Writer, stretch: Stretch, newest: number): number {
  const { number, entries } = stretch
  let latest = newest
  let run: Seen[] = []
  for (const entry of entries) {
    if (!isStoredEvent(entry)) continue
    const { eventID } = entry.words
    const order = orderOf(eventID)
    if (order <= latest) puts.put('seen', seenKey(number, eventID), encodeSeq(out, entry.seq))
    else {
      latest = order
      run.push({ order, hash: hashOf(eventID), seq: entry.seq })
      if (run.length < RUN_MAX) continue
      putRun(puts, out, { number, run })
      run = []
    }
  }
  if (run.length > 0) putRun(puts, out, { number, run })
  return latest
}

/** The seq of the entry that holds this eventID, or 0. */
export function findSeen(tables: Tables, reader: Reader, number: number, eventID: string): number {
  const order = orderOf(eventID)
  if (order > 0) {
    const range = { start: KEYS.seenRun.bound([number, order], 0), end: KEYS.seenRun.bound([number], 0) }
    // Runs do not overlap: it stands in the last that begins at or before it, or in none.
    for (const { key, value } of tables.seenRuns.getRange({ ...range, ...LAST })) {
      reader.open(value)
      const hash = hashOf(eventID)
      const found = decodeRun(reader, key).find((one) => one.order === order && one.hash === hash)
      if (found !== undefined) return found.seq
    }
  }
  const row = tables.seen.getBinaryFast(seenKey(number, eventID))
  if (row === undefined) return 0
  reader.open(row)
  return reader.uint()
}

const LAST = { reverse: true, limit: 1, inclusiveEnd: true } as const

/** A row of what is remembered of a visitor. */
export interface SeenRow {
  readonly table: SeenTable
  readonly key: Uint8Array
  readonly run: readonly Seen[]
}

type SeenTable = 'seen' | 'seenRuns'
const SEEN_TABLES: readonly SeenTable[] = ['seen', 'seenRuns']

/** The rows of a visitor, from a place on, and the place behind them; null = there are no more. */
export function seenRows(
  tables: Tables,
  reader: Reader,
  { number, place, limit }: { readonly number: number; readonly place: string; readonly limit: number },
): { readonly rows: readonly SeenRow[]; readonly next: string | null } {
  const [name = '', from = ''] = place.split(' ')
  const table = SEEN_TABLES.find((one) => one === name) ?? 'seen'
  const start = from === '' ? KEYS.visitor.bound([number], 0) : Buffer.from(from, 'hex')
  const range = { start, end: KEYS.visitor.bound([number + 1], 0), limit, exclusiveStart: from !== '' }
  const rows = Array.from(tables[table].getRange(range), ({ key, value }): SeenRow => {
    reader.open(value)
    const run = table === 'seen' ? [{ order: 0, hash: 0, seq: reader.uint() }] : decodeRun(reader, key)
    return { table, key, run }
  })
  const last = rows.at(-1)
  if (last !== undefined && rows.length === limit) {
    return { rows, next: `${table} ${Buffer.from(last.key).toString('hex')}` }
  }
  return { rows, next: table === 'seen' ? 'seenRuns' : null }
}

/** Forgets of a row what stands before a `seq`. */
export function forgetBefore(puts: Puts, out: Writer, { table, key, run }: SeenRow, seq: number): void {
  const kept = run.filter((one) => one.seq >= seq)
  if (kept.length === run.length) return
  puts.remove(table, key)
  if (kept.length > 0) putRun(puts, out, { number: KEYS.seenRun.part(key, 0), run: kept })
}

/** How many stand in rows together, of all visitors. */
export function countInRuns(tables: Tables): number {
  const reader = createReader()
  let count = 0
  for (const { value } of tables.seenRuns.getRange({})) {
    reader.open(value)
    count += reader.uint()
  }
  return count
}

/** Keys of a visitor's first rows, with their tables. */
export function seenKeys(
  tables: Tables,
  { number, limit }: { readonly number: number; readonly limit: number },
): { readonly table: TableName; readonly key: Uint8Array }[] {
  const range = { start: KEYS.visitor.bound([number], 0), end: KEYS.visitor.bound([number + 1], 0), limit }
  const keys = SEEN_TABLES.flatMap((table) =>
    Array.from(tables[table].getKeys(range), (key) => ({ table, key })),
  )
  return keys.slice(0, limit)
}

function putRun(
  puts: Puts,
  out: Writer,
  { number, run }: { readonly number: number; readonly run: readonly Seen[] },
): void {
  let [order, seq] = [run[0]?.order ?? 0, 0]
  const key = KEYS.seenRun.bound([number, order], 0)
  out.begin()
  out.uint(run.length)
  for (const one of run) {
    out.uint(one.order - order)
    out.fixed(WIDTH.hash, one.hash)
    out.uint(one.seq - seq)
    order = one.order
    seq = one.seq
  }
  puts.put('seenRuns', key, out.end())
}

function decodeRun(from: Reader, key: Uint8Array): Seen[] {
  let [order, seq] = [KEYS.seenRun.part(key, 1), 0]
  return Array.from({ length: from.uint() }, () => {
    order += from.uint()
    const hash = from.fixed(WIDTH.hash)
    seq += from.uint()
    return { order, hash, seq }
  })
}

function encodeSeq(out: Writer, seq: number): Uint8Array {
  out.begin()
  out.uint(seq)
  return out.end()
}
