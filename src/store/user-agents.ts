// Which visits came with which User-Agent: its text is kept as long as one of them is (Q12).

import { idKey, WIDTH } from './keys.ts'
import type { Puts } from './puts.ts'
import type { VisitRow } from './rows.ts'
import { KEYS, type Tables } from './tables.ts'

/** The key that says that a visit came with it; null where it came with none. */
export function userAgentUse({ number, ordinal, userAgentId }: VisitRow): Uint8Array | null {
  if (userAgentId === null) return null
  return Buffer.concat([idKey(userAgentId), KEYS.visit.bound([number, ordinal], 0)])
}

const VISIT_BYTES = WIDTH.number + WIDTH.ordinal

/** Behind a use that is removed, in its transaction: the text goes with the last of them. */
export function dropUnusedText(tables: Tables, puts: Puts, use: Uint8Array): void {
  const text = use.subarray(0, use.length - VISIT_BYTES)
  if (!isUsed(tables, text)) puts.remove('userAgents', text)
}

/** Whether a visit came with the text that stands by this key. */
export function isUsed(tables: Tables, text: Uint8Array): boolean {
  const start = Buffer.concat([text, KEYS.visit.bound([], 0)])
  const end = Buffer.concat([text, KEYS.visit.bound([], 255)])
  const uses = tables.userAgentUses.getKeys({ start, end, inclusiveEnd: true, limit: 1 })
  return Array.from(uses).length > 0
}
