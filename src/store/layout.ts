// The version of what keys and rows say, and how many times the folder was opened.
import { StoreTooNew, StoreUnavailable } from './errors.ts'
import { idKey } from './keys.ts'
import { toLayout2, toLayout3 } from './migrations.ts'
import type { Tables } from './tables.ts'

/** Raised when a key or a row says something else than before; each step then gets a migration. */
export const LAYOUT = 3

export const LAYOUT_KEY = idKey('layout')
export const BOOT_KEY = idKey('boot')

/** Step n brings a folder of layout n + 1 to n + 2; it runs in one transaction with the version's own row. */
const MIGRATIONS: readonly ((tables: Tables, found: number) => void)[] = [toLayout2, toLayout3]

/** Brings an older folder up to this layout (Q5), counts this start, and returns its number. Not yet flushed. */
export function prepareLayout(tables: Tables, path: string): number {
  return tables.env.transactionSync(() => {
    const found = refuseNewer(tables, path)
    for (const migrate of MIGRATIONS.slice(found - 1)) migrate(tables, found)
    const boot = readCounter(tables, BOOT_KEY) + 1
    tables.meta.putSync(LAYOUT_KEY, counter(LAYOUT))
    tables.meta.putSync(BOOT_KEY, counter(boot))
    return boot
  })
}

/** The folder's layout, which this version knows; throws `StoreTooNew` for a newer one. */
export function refuseNewer(tables: Tables, path: string): number {
  const found = readCounter(tables, LAYOUT_KEY) || LAYOUT
  if (found <= LAYOUT) return found
  throw new StoreTooNew(
    `${path} has layout ${found}, and this version knows layouts up to ${LAYOUT}: start the version that wrote it, or a later one`,
  )
}

/** For who only looks: throws `StoreTooNew` for a newer layout, and `StoreUnavailable` for an older one, which only a start changes. */
export function refuseOther(tables: Tables, path: string): void {
  const found = refuseNewer(tables, path)
  if (found === LAYOUT) return
  throw new StoreUnavailable(
    `${path} has layout ${found}, and this version reads layout ${LAYOUT}: start \`vestibule serve\` on it once, which migrates it`,
  )
}

export function readCounter(tables: Tables, key: Uint8Array): number {
  return tables.meta.getBinaryFast(key)?.readUInt32BE(0) ?? 0
}

function counter(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
