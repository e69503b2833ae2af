/** Every text that stands on a disk, whole: what is not among them is said nowhere. */

import { TABLE_NAMES, type TableName } from '../../src/store/tables.ts'
import { type MemoryDisk, rangeOf } from '../contract/memory-disk.ts'

/** Here the store keeps only hashes: of who was erased, of what was seen, of which visitIDs are somebody's, of whom a message names. */
const HASHED: ReadonlySet<TableName> = new Set(['erased', 'seen', 'seenRuns', 'names', 'sent', 'mentions'])

/** Keys' words are texts too. */
export function textsOn(disk: MemoryDisk): ReadonlyMap<string, TableName> {
  const texts = new Map<string, TableName>()
  for (const name of TABLE_NAMES) {
    if (HASHED.has(name)) continue
    const table = disk.table(name)
    for (const key of table.keys(rangeOf())) {
      for (const word of key.split('\u0001')) texts.set(word, name)
      collect(table.get(key), (text) => texts.set(text, name))
    }
  }
  return texts
}

/** Every text in plain data, and every name of a field. */
export function collect(value: unknown, found: (text: string) => void): void {
  if (typeof value === 'string') return found(value)
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Uint8Array) return found(Buffer.from(value).toString('latin1'))
  for (const [key, inner] of Object.entries(value)) {
    found(key)
    collect(inner, found)
  }
}

/** A text stands somewhere in plain data, whole. */
export function says(value: unknown, text: string): boolean {
  let isThere = false
  collect(value, (other) => {
    if (other === text) isThere = true
  })
  return isThere
}
