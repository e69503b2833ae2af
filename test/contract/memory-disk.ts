/** A disk in memory: ordered tables of plain rows, transactions that undo themselves, a power that may fail. */
import type { TableName } from '../../src/store/tables.ts'

/** Part of a table: both ends included, or all keys that begin so. */
export interface Range {
  readonly start: string
  readonly end: string
  readonly reverse?: boolean
  readonly limit?: number
}

export interface MemoryTable {
  readonly get: (key: string) => unknown
  readonly has: (key: string) => boolean
  readonly put: (key: string, row: unknown) => void
  readonly remove: (key: string) => void
  readonly keys: (range: Range) => readonly string[]
  readonly size: () => number
}

/** Puts and removes of one transaction. */
export interface MemoryPuts {
  readonly put: (table: TableName, key: string, row: unknown) => void
  readonly remove: (table: TableName, key: string) => void
}

export interface MemoryDisk {
  readonly table: (name: TableName) => MemoryTable
  /** Puts all of it or, where it throws, nothing. What was put is seen at once, and survives from `flush` on. */
  readonly transact: (change: (puts: MemoryPuts) => void) => void
  readonly flush: () => void
  /** The row is there, and no failing power takes it away. */
  readonly isFlushed: (table: TableName, key: string) => boolean
  /** The power fails: what was not flushed is gone. */
  readonly losePower: () => void
}

interface Undo {
  readonly table: TableName
  readonly key: string
  readonly had: boolean
  readonly row: unknown
}

/** An empty disk. */
export function createMemoryDisk(): MemoryDisk {
  const tables = new Map<TableName, MemoryTable>()
  let unflushed: Undo[] = []

  function table(name: TableName): MemoryTable {
    const found = tables.get(name) ?? createTable()
    tables.set(name, found)
    return found
  }

  function undo(changes: readonly Undo[]): void {
    for (const { table: name, key, had, row } of changes.toReversed()) {
      if (had) table(name).put(key, row)
      else table(name).remove(key)
    }
  }

  return {
    table,
    transact(change) {
      const done: Undo[] = []
      const note = (name: TableName, key: string): void => {
        const rows = table(name)
        done.push({ table: name, key, had: rows.has(key), row: rows.get(key) })
      }
      try {
        change({
          put: (name, key, row) => {
            note(name, key)
            table(name).put(key, row)
          },
          remove: (name, key) => {
            note(name, key)
            table(name).remove(key)
          },
        })
      } catch (cause) {
        undo(done)
        throw cause
      }
      unflushed.push(...done)
    },
    flush() {
      unflushed = []
    },
    isFlushed: (name, key) =>
      table(name).has(key) && !unflushed.some((change) => change.table === name && change.key === key),
    losePower() {
      undo(unflushed)
      unflushed = []
    },
  }
}

const DIGITS = 16

/** A key whose order is that of its parts; numbers are whole and not negative. */
export function keyOf(...parts: readonly (number | string)[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : String(part).padStart(DIGITS, '0')))
    .join('\u0001')
}

/** Every key that begins with these parts. */
export function rangeOf(...parts: readonly (number | string)[]): Range {
  const start = parts.length === 0 ? '' : `${keyOf(...parts)}\u0001`
  return { start, end: `${start}\uffff` }
}

/** The numbers in a key that is made of numbers. */
export function numbersIn(key: string): readonly number[] {
  return key.split('\u0001').map(Number)
}

function createTable(): MemoryTable {
  const rows = new Map<string, unknown>()
  const order: string[] = []

  /** Where the key stands, or would stand. */
  function placeOf(key: string): number {
    const last = order.at(-1)
    if (last === undefined || last < key) return order.length
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((order[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    get: (key) => rows.get(key),
    has: (key) => rows.has(key),
    put(key, row) {
      if (!rows.has(key)) order.splice(placeOf(key), 0, key)
      rows.set(key, row)
    },
    remove(key) {
      if (rows.delete(key)) order.splice(placeOf(key), 1)
    },
    keys({ start, end, reverse = false, limit = Number.POSITIVE_INFINITY }) {
      const first = placeOf(start)
      let last = placeOf(end)
      if (order[last] === end) last += 1
      if (reverse) return order.slice(Math.max(first, last - limit), last).reverse()
      return order.slice(first, Math.min(last, first + limit))
    },
    size: () => rows.size,
  }
}
