// What grows too old: hashes that stay a while behind what went, commits, names in streams that are no more (Q12).
import type { Reader, Writer } from './bytes.ts'
import type { FadingRow, RetentionStore } from './erased.ts'
import { WIDTH } from './keys.ts'
import { nameKey } from './name-key.ts'
import { decodeName } from './resource-rows.ts'
import type { NameRow } from './rows.ts'
import { forgetBefore, seenRows } from './seen.ts'
import { KEYS, type Tables } from './tables.ts'
import { MAKES_ROOM, type Write } from './upkeep.ts'
import { decodeVisitor } from './visitor-row.ts'

export function createFading(
  tables: Tables,
  { reader, writer }: { readonly reader: Reader; readonly writer: Writer },
  write: Write,
): RetentionStore {
  const nameOf = (hash: string): NameRow | null => {
    const row = tables.names.getBinaryFast(keyOfName(hash))
    if (row === undefined) return null
    reader.open(row)
    return decodeName(reader, 'visit', '')
  }

  /** Nothing that a visitor said is kept. */
  const isSilent = (number: number): boolean => {
    const row = tables.visitors.getBinaryFast(KEYS.visitor.of(number))
    if (row === undefined) return true
    reader.open(row)
    const { seq, keptFrom } = decodeVisitor(reader, number)
    return keptFrom > seq
  }

  return {
    fading: (before, limit) =>
      Array.from(tables.fading.getRange({ end: KEYS.fading.bound([before], 0), limit }), ({ key, value }) => {
        reader.open(value)
        return decodeFading(reader, key)
      }),
    nameOf,
    dropFading: (rows, later) =>
      write((puts) => {
        for (const row of rows) {
          puts.remove('fading', fadingKeyOfHash(row, Buffer.from(row.name, 'hex')))
          const named = row.what === 'name' ? nameOf(row.name) : null
          if (named === null || named.number !== row.number || named.visit !== row.before) continue
          // Asked in the transaction: the visitor may have come back.
          const { number, visit } = named
          const isKept =
            visit === 0 ? !isSilent(number) : tables.visits.doesExist(KEYS.visit.of(number, visit))
          if (!isKept) puts.remove('names', keyOfName(row.name))
          else {
            const key = fadingKeyOfHash({ ...row, due: later }, Buffer.from(row.name, 'hex'))
            puts.put('fading', key, encodeFading(writer, row))
          }
        }
      }, MAKES_ROOM),
    async dropSeen(number, { before, place, limit }) {
      const { rows, next } = seenRows(tables, reader, { number, place, limit })
      const old = rows.filter(({ run }) => run.some(({ seq }) => seq < before))
      if (old.length > 0) {
        await write((puts) => {
          for (const row of old) forgetBefore(puts, writer, row, before)
        }, MAKES_ROOM)
      }
      return next
    },
    seenBefore(number, seq) {
      let count = 0
      for (let place: string | null = ''; place !== null; ) {
        const { rows, next } = seenRows(tables, reader, { number, place, limit: SEEN_AT_ONCE })
        for (const { run } of rows) for (const one of run) if (one.seq < seq) count += 1
        place = next
      }
      return count
    },
    async dropCommits(position, limit) {
      // The last says where the node stands (E4).
      const [last] = tables.commits.getKeys({ reverse: true, limit: 1 })
      const end = KEYS.commit.bound(
        [Math.min(position, last === undefined ? 0 : KEYS.commit.part(last, 0))],
        0,
      )
      const keys = Array.from(tables.commits.getKeys({ end, limit }))
      if (keys.length > 0) {
        await write((puts) => {
          for (const key of keys) puts.remove('commits', key)
        }, MAKES_ROOM)
      }
      return keys.length
    },
    async dropMentions({ place, limit }) {
      const from = place === '' ? {} : { start: Buffer.from(place, 'hex'), exclusiveStart: true }
      const keys = Array.from(tables.mentions.getKeys({ ...from, limit }))
      const isOld = (key: Uint8Array): boolean => isSilent(KEYS.visitor.part(key.subarray(HASH_BYTES), 0))
      if (keys.some(isOld)) {
        await write((puts) => {
          // Asked in the transaction: the visitor may have come back.
          for (const key of keys) if (isOld(key)) puts.remove('mentions', key)
        }, MAKES_ROOM)
      }
      const last = keys.at(-1)
      return last === undefined || keys.length < limit ? null : hex(last)
    },
  }
}

const WHAT: readonly FadingRow['what'][] = ['name', 'stream']
const HASH_BYTES = 16
const SEEN_AT_ONCE = 1_000
const VISIT = nameKey('visit', '').subarray(0, 1)

function keyOfName(hash: string): Uint8Array {
  return Buffer.concat([VISIT, Buffer.from(hash, 'hex')])
}

/** The hash by which a visitID stands in keys, in hexadecimal. */
export function visitNameHash(visitID: string): string {
  return hex(nameKey('visit', visitID).subarray(1))
}

/** When it is due, what it is, whose, and the hash of a name. */
export function fadingKey(row: FadingRow): Uint8Array {
  return fadingKeyOfHash(row, row.what === 'name' ? nameKey('visit', row.name).subarray(1) : Buffer.alloc(0))
}

/** The same, where the hash is at hand. */
export function fadingKeyOfHash({ due, what, number }: FadingRow, hash: Uint8Array): Uint8Array {
  return Buffer.concat([KEYS.fading.bound([due, WHAT.indexOf(what), number], 0), hash])
}

export function encodeFading(out: Writer, { before }: FadingRow): Uint8Array {
  out.begin()
  out.uint(before)
  return out.end()
}

function decodeFading(from: Reader, key: Uint8Array): FadingRow {
  return {
    due: KEYS.fading.part(key, 0),
    what: WHAT[KEYS.fading.part(key, 1)] ?? 'name',
    number: KEYS.fading.part(key, 2),
    before: from.uint(),
    name: hashInKey(key),
  }
}

/** The hash of a name in a key of this table, in hexadecimal; '' for a stream. */
export function hashInKey(key: Uint8Array): string {
  return hex(key.subarray(WIDTH.at + WIDTH.kind + WIDTH.number))
}

/** Whether a key of `names` is a visit's. */
export function isNameOfVisit(key: Uint8Array): boolean {
  return key[0] === VISIT[0]
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
