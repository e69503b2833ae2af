// What the relay remembers of single messages: where the stream holds them, and those that were given up (B6).
import type { Reader, Writer } from './bytes.ts'
import type { Store } from './contract.ts'
import { hash16 } from './keys.ts'
import { decodeChange, encodeChange } from './node-rows.ts'
import type { DeadRow, SentRow } from './rows.ts'
import { KEYS, type Table, type TableName, type Tables } from './tables.ts'
import { MAKES_ROOM, type Write } from './upkeep.ts'

export type RelayRows = Pick<Store, 'sentOf' | 'dropSent' | 'dead' | 'putDead' | 'dropDead'>

export function createRelayRows(
  tables: Tables,
  codec: { readonly reader: Reader; readonly writer: Writer },
  write: Write,
): RelayRows {
  const { reader, writer } = codec

  async function drop(name: TableName, keys: readonly Uint8Array[]): Promise<number> {
    if (keys.length === 0) return 0
    await write((puts) => {
      for (const key of keys) puts.remove(name, key)
    }, MAKES_ROOM)
    return keys.length
  }

  return {
    sentOf({ identityId, isTheirs = () => false }, { after, rows }) {
      const hash = identityId === null ? null : hash16(identityId)
      const start = after === null ? KEYS.sent.bound([], 0) : KEYS.sent.bound([after.at, after.seq + 1], 0)
      const looked = Array.from(tables.sent.getRange({ start, limit: rows }), ({ key, value }) => {
        const place = { at: KEYS.sent.part(key, 0), seq: KEYS.sent.part(key, 1) }
        reader.open(value)
        const messageId = reader.text() ?? ''
        const isNamed = hash !== null && namesOneOf(reader, hash)
        return { ...place, messageId, isNamed }
      })
      const last = looked.at(-1)
      return {
        found: looked
          .filter(({ isNamed, messageId }) => isNamed || isTheirs(messageId))
          .map(({ at, seq, messageId }) => ({ at, seq, messageId })),
        next: last === undefined || looked.length < rows ? null : { at: last.at, seq: last.seq },
      }
    },
    dropSent: (at, limit) =>
      drop(
        'sent',
        firstKeys(tables.sent, limit).filter((key) => KEYS.sent.part(key, 0) < at),
      ),

    dead({ from = 0, to = Number.MAX_SAFE_INTEGER, limit }) {
      const [start, end] = [KEYS.change.bound([from], 0), KEYS.change.bound([to], 255)]
      const found: DeadRow[] = []
      for (const { key, value } of tables.dead.getRange({ start, end, inclusiveEnd: true })) {
        const position = KEYS.change.part(key, 0)
        if (found.length >= limit && found.at(-1)?.change.position !== position) break
        reader.open(value)
        found.push(decodeDead(reader, position, KEYS.change.part(key, 1)))
      }
      return found
    },
    putDead(rows) {
      const encoded = rows.map((row) => ({ row, value: encodeDead(writer, row) }))
      return write((puts) => {
        for (const { row, value } of encoded) {
          puts.put('dead', KEYS.change.of(row.change.position, row.change.n), value)
        }
      })
    },
    dropDead(at, limit) {
      const rows = Array.from(tables.dead.getRange({ limit }), ({ key, value }) => {
        reader.open(value)
        const { change } = decodeDead(reader, KEYS.change.part(key, 0), KEYS.change.part(key, 1))
        return { key, at: change.at }
      })
      return drop(
        'dead',
        rows.filter((row) => row.at < at).map(({ key }) => key),
      )
    },
  }
}

/** A message's id, and a hash of each identity that it names. */
export function encodeSent(out: Writer, { messageId, identityIds }: SentRow): Uint8Array {
  out.begin()
  out.text(messageId)
  out.uint(identityIds.length)
  for (const identityId of identityIds) out.bytes(hash16(identityId))
  return out.end()
}

function namesOneOf(from: Reader, hash: Uint8Array): boolean {
  const hashes = Array.from({ length: from.uint() }, () => from.bytes())
  return hashes.some((named) => Buffer.compare(named, hash) === 0)
}

/** The change stands last, as it does in its own table. */
function encodeDead(out: Writer, { change, reason, at, told }: DeadRow): Uint8Array {
  const encoded = encodeChange(out, change)
  out.begin()
  out.text(reason)
  out.near(at, 0)
  out.byte(told ? 1 : 0)
  out.bytes(encoded)
  return out.end()
}

function decodeDead(from: Reader, position: number, n: number): DeadRow {
  const reason = from.text() ?? ''
  const at = from.near(0)
  const told = from.byte() === 1
  from.open(from.bytes())
  return { change: decodeChange(from, position, n), reason, at, told }
}

function firstKeys(table: Table, limit: number): Uint8Array[] {
  return Array.from(table.getKeys({ limit }))
}
