// Every row of a folder as it lies there, out and in: for moving a whole folder as text. No server may have it open.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StoreTooNew, StoreUnavailable } from './errors.ts'
import { LAYOUT, LAYOUT_KEY, readCounter } from './layout.ts'
import { lockFolder } from './lock.ts'
import { createProofs } from './proofs.ts'
import { openTables, TABLE_NAMES, type TableName, type Tables } from './tables.ts'

export interface RawRow {
  readonly table: string
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface RawFolder {
  /** The version of what keys and rows say. */
  readonly layout: number
  readonly count: () => number
  /** By table, then key; a stretch is read at a time. */
  readonly rows: () => Generator<RawRow>
  /** Puts them in one transaction, on disk when it resolves. Throws at a table that there is not. */
  readonly put: (rows: readonly RawRow[]) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Opens a folder that holds a store. Throws `StoreUnavailable` where there is none, `StoreLocked` where a server has
 * it, `StoreTooNew` where a newer version wrote it.
 */
export function openRawFolder(path: string): RawFolder {
  if (!holdsStore(path)) throw new StoreUnavailable(`${path} holds no store: name its folder with --data`)
  const folder = open(path)
  if (folder.layout <= LAYOUT) return folder
  void folder.close()
  throw tooNew(path, folder.layout)
}

/** Makes a folder for rows of that layout. Throws like `openRawFolder`, and where the folder holds a store already. */
export function makeRawFolder(path: string, layout: number): RawFolder {
  if (holdsStore(path)) throw new StoreUnavailable(`${path} holds a store already: name another folder`)
  if (layout > LAYOUT) throw tooNew('what is imported', layout)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return open(path)
}

export function holdsStore(path: string): boolean {
  return existsSync(join(path, 'data.mdb'))
}

const SLICE_ROWS = 1_000

function open(path: string): RawFolder {
  const unlock = lockFolder(path)
  const tables = openTables(path)
  const { rowCount } = createProofs(tables)
  return {
    layout: readCounter(tables, LAYOUT_KEY),
    count: () => TABLE_NAMES.reduce((sum, name) => sum + rowCount(name), 0),
    *rows() {
      for (const table of TABLE_NAMES) yield* rowsOf(tables, table)
    },
    async put(rows) {
      await tables.env.childTransaction(() => {
        for (const { table, key, value } of rows) tables[nameOf(table)].put(key, value)
      })
      await tables.env.flushed
    },
    async close() {
      await tables.env.close()
      unlock()
    },
  }
}

function* rowsOf(tables: Tables, table: TableName): Generator<RawRow> {
  let start: Uint8Array | undefined
  for (;;) {
    const range = { limit: SLICE_ROWS, ...(start === undefined ? {} : { start, exclusiveStart: true }) }
    // A value may lie in LMDB's own memory: it is copied before anything else is read.
    const rows = Array.from(tables[table].getRange(range), ({ key, value }) => {
      return { table, key: Buffer.from(key), value: Buffer.from(value) }
    })
    yield* rows
    start = rows.at(-1)?.key
    if (start === undefined || rows.length < SLICE_ROWS) return
  }
}

function nameOf(table: string): TableName {
  const name = TABLE_NAMES.find((known) => known === table)
  if (name === undefined)
    throw new StoreUnavailable(`there is no table "${table}": was a newer version's export taken?`)
  return name
}

function tooNew(what: string, layout: number): StoreTooNew {
  return new StoreTooNew(
    `${what} has layout ${layout}, and this version knows layouts up to ${LAYOUT}: take the version that wrote it, or a later one`,
  )
}
