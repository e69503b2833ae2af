// What a transaction puts and removes.
import type { TableName, Tables } from './tables.ts'

/** Called before each put and remove of a transaction, counted from 1; tests throw from it. */
export type BeforePut = (table: TableName, count: number) => void

/** Puts and removes of one transaction. */
export interface Puts {
  put(table: TableName, key: Uint8Array, value: Uint8Array): void
  remove(table: TableName, key: Uint8Array): void
}

export function createPuts(tables: Tables, beforePut: BeforePut | undefined): Puts {
  let count = 0
  return {
    put(table, key, value) {
      count += 1
      beforePut?.(table, count)
      tables[table].putSync(key, value)
    },
    remove(table, key) {
      count += 1
      beforePut?.(table, count)
      tables[table].removeSync(key)
    },
  }
}
