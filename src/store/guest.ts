// A look into a folder that a server may have open: LMDB lets several processes read, and one at a time write.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createReader, createWriter } from './bytes.ts'
import type { RowReads, Store } from './contract.ts'
import { createErasing } from './erasing.ts'
import { StoreTooNew, StoreUnavailable } from './errors.ts'
import { refuseOther } from './layout.ts'
import { createLists, type Lists } from './lists.ts'
import { createPuts } from './puts.ts'
import { createRowReads } from './row-reads.ts'
import { openTables, type Tables } from './tables.ts'
import { createUpkeep, type Write } from './upkeep.ts'

/** What a guest may do: read, and leave a note. It takes no lock, counts no start, and writes no other row. */
export interface Guest extends RowReads, Lists, Pick<Store, 'note' | 'saveNote' | 'erasures'> {
  /** Lets go of the state that is read: a reader that holds on to one keeps the server's file growing. */
  readonly refresh: () => void
  /**
   * Copies what is committed at this moment into a folder that holds no store, while the server goes on. The copy is
   * not flushed: that is the caller's work.
   */
  readonly copyTo: (folder: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a folder that holds a store. Throws `StoreUnavailable` where there is none, or an older layout, `StoreTooNew` for a newer one. */
export function openGuest(path: string): Guest {
  // Opening would make a folder where there is none.
  if (!existsSync(join(path, 'data.mdb')))
    throw new StoreUnavailable(`${path} holds no store: name its folder with --data`)
  const tables = openedTables(path)
  const reader = createReader()
  const rowReads = createRowReads(tables, reader)
  const codec = { reader, writer: createWriter() }
  const write: Write = async (change) => {
    await tables.env.childTransaction(() => change(createPuts(tables, undefined)))
    await tables.env.flushed
  }
  const { note, saveNote } = createUpkeep(tables, codec, write)
  return {
    ...rowReads,
    ...createLists(tables, reader, rowReads),
    note,
    saveNote,
    erasures: createErasing(tables, codec, write).erasures,
    refresh: () => tables.env.resetReadTxn(),
    // Not the compacting kind: there is an open report of copies that it spoilt.
    copyTo: (folder) => tables.env.backup(folder, false),
    close: () => tables.env.close(),
  }
}

function openedTables(path: string): Tables {
  let tables: Tables | undefined
  try {
    tables = openTables(path)
    refuseOther(tables, path)
    return tables
  } catch (cause) {
    void tables?.env.close()
    if (cause instanceof StoreTooNew || cause instanceof StoreUnavailable) throw cause
    throw new StoreUnavailable(`${path} cannot be opened as a store: see whether it is one`, { cause })
  }
}
