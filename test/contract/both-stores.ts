/** The two stores behind one contract: opened, made to fail, opened again over the same rows. */
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { createMemoryDisk } from './memory-disk.ts'
import { openMemoryStore } from './memory-store.ts'

export interface Stored {
  readonly store: Store
  /** Closes it and opens the same rows again. */
  readonly reopen: () => Promise<Store>
  /** The put of this count in the next transactions fails; 0 = none does. */
  readonly failAt: (count: number) => void
  readonly end: () => Promise<void>
}

interface Kind {
  readonly name: string
  readonly open: () => Promise<Stored>
}

export const STORES: readonly Kind[] = [
  { name: 'lmdb', open: openLmdb },
  { name: 'memory', open: openMemory },
]

async function openLmdb(): Promise<Stored> {
  const folder = tempFolder()
  const failing = createFailing()
  const { beforePut } = failing
  const options = { path: folder.path, quotaBytes: 0, diskReserveBytes: 0, beforePut }
  let store = await openStore(options)
  return {
    get store() {
      return store
    },
    failAt: failing.failAt,
    async reopen() {
      await store.close()
      store = await openStore(options)
      return store
    },
    async end() {
      await store.close()
      folder.remove()
    },
  }
}

async function openMemory(): Promise<Stored> {
  const disk = createMemoryDisk()
  const failing = createFailing()
  const { beforePut } = failing
  let store = openMemoryStore({ disk, beforePut })
  return {
    get store() {
      return store
    },
    failAt: failing.failAt,
    async reopen() {
      await store.close()
      store = openMemoryStore({ disk, beforePut })
      return store
    },
    end: () => store.close(),
  }
}

function createFailing() {
  let failing = 0
  return {
    failAt: (count: number): void => {
      failing = count
    },
    beforePut: (_table: string, count: number): void => {
      if (count !== failing) return
      failing = 0
      throw new Error('a put failed on purpose')
    },
  }
}
