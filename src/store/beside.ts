// Reading a folder beside the server that has it open, from another process: single notes, and a whole copy.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { createReader } from './bytes.ts'
import { StoreUnavailable } from './errors.ts'
import { idKey } from './keys.ts'
import { refuseForeignFile, TABLE_NAMES } from './tables.ts'

export interface Beside {
  note(name: string): unknown
  /**
   * Copies what is committed at this moment to a folder that has no store yet, page by page, while the server goes on.
   * Not flushed: the caller's work.
   */
  copyTo(folder: string): Promise<void>
  close(): Promise<void>
}

/** Opens without taking the folder and without writing. Throws `StoreUnavailable` where there is no store. */
export function openBeside(path: string): Beside {
  const file = join(path, 'data.mdb')
  if (!existsSync(file)) throw new StoreUnavailable(`${path} holds no store: name its folder with --data`)
  refuseForeignFile(file)
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  const env = open<Uint8Array, Uint8Array>({
    ...bytes,
    path,
    noSubdir: false,
    readOnly: true,
    maxDbs: TABLE_NAMES.length + 8,
  })
  const reader = createReader()
  return {
    note(name) {
      const row = env.openDB<Uint8Array, Uint8Array>({ ...bytes, name: 'notes' })?.getBinaryFast(idKey(name))
      if (row === undefined) return undefined
      reader.open(row)
      return reader.data()
    },
    // Not the compacting kind: there is an open report of copies that it spoilt.
    copyTo: (folder) => env.backup(folder, false),
    close: () => env.close(),
  }
}
