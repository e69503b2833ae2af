// Reads that only a proof of the whole folder needs: how many rows there are, and whether one stands in an index.
import type { Store } from './contract.ts'
import { countInRuns } from './seen.ts'
import { KEYS, TABLE_NAMES, type TableName, type Tables } from './tables.ts'

export type Proofs = Pick<Store, 'rowCount' | 'seenCount' | 'isArmed'>

export function createProofs(tables: Tables): Proofs {
  return {
    // LMDB counts a table's rows as they come and go: nothing is read.
    rowCount: (table) => entryCount(tables, table),
    seenCount: () => entryCount(tables, 'seen') + countInRuns(tables),
    isArmed: (number, at) => tables.deadlines.doesExist(KEYS.deadline.of(at, number)),
  }
}

function entryCount(tables: Tables, name: string): number {
  if (!isTable(name)) throw new Error(`the store has no table ${name}: it has ${TABLE_NAMES.join(', ')}`)
  // lmdb types its statistics as {}; what is in them was looked up in 3.5.6.
  return (tables[name].getStats() as { readonly entryCount: number }).entryCount
}

function isTable(name: string): name is TableName {
  return TABLE_NAMES.some((known) => known === name)
}
