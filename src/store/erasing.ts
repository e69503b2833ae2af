// Erasures: their rows, and the steps that overwrite and remove others' rows (Q12).
import type { Reader, Writer } from './bytes.ts'
import { decodeChunk, encodeChunk } from './chunk.ts'
import { removeRow } from './commit.ts'
import type {
  Chunk,
  DroppedRows,
  ErasedKind,
  ErasedReads,
  ErasedSpan,
  EraseStep,
  ErasureRow,
  ErasureStore,
  GoneRows,
} from './erased.ts'
import { encodeFading, fadingKey } from './fading.ts'
import { hash16, idKey } from './keys.ts'
import { nameKey } from './name-key.ts'
import { encodeChange } from './node-rows.ts'
import type { Puts } from './puts.ts'
import { seenKeys } from './seen.ts'
import { KEYS, OF_IDENTITY, OF_VISITOR, type TableName, type Tables } from './tables.ts'
import { MAKES_ROOM, type Write } from './upkeep.ts'
import { userAgentUse } from './user-agents.ts'

export function createErasedReads(tables: Tables, reader: Reader): ErasedReads {
  return {
    erasedAt(kind, id) {
      const row = tables.erased.getBinaryFast(erasedKey(kind, id))
      if (row === undefined) return 0
      reader.open(row)
      return reader.near(0)
    },
    erasedSpans(number) {
      const row = tables.erasedSpans.getBinaryFast(KEYS.visitor.of(number))
      if (row === undefined) return NO_SPANS
      reader.open(row)
      return Array.from({ length: reader.uint() }, () => {
        const visit = reader.uint()
        const from = reader.near(0)
        return { visit, from, to: reader.near(from) }
      })
    },
  }
}

const NO_SPANS: readonly ErasedSpan[] = []

export function createErasing(
  tables: Tables,
  codec: { readonly reader: Reader; readonly writer: Writer },
  write: Write,
): ErasureStore {
  const { reader, writer } = codec
  const decode = (row: Uint8Array): ErasureRow => {
    reader.open(row)
    // The boundary to untyped bytes: rows of this table are written as such.
    return reader.data() as ErasureRow
  }

  return {
    erasure(id) {
      const row = tables.erasures.getBinaryFast(idKey(id))
      return row === undefined ? null : decode(row)
    },
    erasures: () => Array.from(tables.erasures.getRange({}), ({ value }) => decode(value)),
    mentionsOf(identityId, limit) {
      const hash = hash16(identityId)
      const [start, end] = [mentionKey(hash, 0), mentionKey(hash, Number.MAX_SAFE_INTEGER)]
      const keys = tables.mentions.getKeys({ start, end, inclusiveEnd: true, limit })
      return Array.from(keys, (key) => KEYS.visitor.part(key.subarray(hash.length), 0))
    },
    hasSeen: (number) => seenKeys(tables, { number, limit: 1 }).length > 0,
    chunks: (number, span) => chunksOf(tables, reader, { number, ...span }),
    erase(step) {
      const rows = encodeStep(writer, step)
      return write((puts) => {
        for (const { table, key, value } of rows) puts.put(table, key, value)
        if (step.gone !== undefined) removeRows(tables, puts, step.gone)
      }, MAKES_ROOM)
    },
  }
}

function chunksOf(
  tables: Tables,
  reader: Reader,
  { number, from, entries }: { readonly number: number; readonly from: number; readonly entries: number },
): Chunk[] {
  const before = { start: KEYS.stream.bound([number, from], 0), end: KEYS.stream.bound([number], 0) }
  const [holder] = Array.from(
    tables.stream.getKeys({ ...before, inclusiveEnd: true, reverse: true, limit: 1 }),
  )
  const start = holder ?? KEYS.stream.bound([number, from], 0)
  const range = { start, end: KEYS.stream.bound([number], 255), inclusiveEnd: true }
  const found: Chunk[] = []
  let count = 0
  for (const { key, value } of tables.stream.getRange(range)) {
    if (count >= entries) break
    reader.open(value)
    const seq = KEYS.stream.part(key, 1)
    const decoded = decodeChunk(reader, seq)
    // The holder of a place may end before it.
    if ((decoded.at(-1)?.seq ?? 0) < from) continue
    count += decoded.length
    found.push({ seq, entries: decoded })
  }
  return found
}

interface RowPut {
  readonly table: 'stream' | 'changes' | 'erasures' | 'fading'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

function encodeStep(
  out: Writer,
  { chunks = [], changes = [], fading = [], erasure }: EraseStep,
): readonly RowPut[] {
  return [
    ...chunks.map(({ number, entries }): RowPut => {
      const key = KEYS.stream.bound([number, entries[0]?.seq ?? 0], 0)
      return { table: 'stream', key, value: encodeChunk(out, entries) }
    }),
    ...changes.map((row): RowPut => {
      const key = KEYS.change.bound([row.position, row.n], 0)
      return { table: 'changes', key, value: encodeChange(out, row) }
    }),
    ...fading.map((row): RowPut => ({ table: 'fading', key: fadingKey(row), value: encodeFading(out, row) })),
    ...(erasure === undefined
      ? []
      : [{ table: 'erasures', key: idKey(erasure.id), value: encodeErasure(out, erasure) } as const]),
  ]
}

function removeRows(tables: Tables, puts: Puts, gone: GoneRows): void {
  for (const row of goneKeys(gone)) removeRow(tables, puts, row)
  const { changes = [], mentions = [], sent = [], seen, pseudonym } = gone
  for (const { at, seq } of sent) puts.remove('sent', KEYS.sent.of(at, seq))
  for (const { position, n } of changes) puts.remove('changes', KEYS.change.of(position, n))
  for (const { identityId, number } of mentions)
    puts.remove('mentions', mentionKey(hash16(identityId), number))
  if (seen !== undefined) for (const { table, key } of seenKeys(tables, seen)) puts.remove(table, key)
  if (pseudonym !== undefined) puts.remove('identityNumbers', hash16(pseudonym))
}

/** The keys of rows that go, each its own, with those of their indexes. */
export function* goneKeys({
  chunks = [],
  bases = [],
  visits = [],
  sessions = [],
  pages = [],
  names = [],
  links = [],
  contacts = [],
  spans,
  token,
}: DroppedRows): Generator<{ readonly table: TableName; readonly key: Uint8Array }> {
  for (const { number, seq } of chunks) yield { table: 'stream', key: KEYS.stream.bound([number, seq], 0) }
  for (const { number, seq } of bases) yield { table: 'bases', key: KEYS.base.bound([number, seq], 0) }
  for (const visit of visits) {
    const key = KEYS.visit.bound([visit.number, visit.ordinal], 0)
    yield { table: 'visits', key }
    yield { table: 'openVisits', key }
    const use = userAgentUse(visit)
    if (use !== null) yield { table: 'userAgentUses', key: use }
  }
  for (const { number, visit, ordinal } of sessions) {
    yield { table: 'sessions', key: KEYS.session.bound([number, visit, ordinal], 0) }
  }
  for (const { number, visit, ordinal } of pages) {
    yield { table: 'pages', key: KEYS.page.bound([number, visit, ordinal], 0) }
  }
  for (const { kind, name } of names) yield { table: 'names', key: nameKey(kind, name) }
  for (const { number, visit, identity, position } of links) {
    yield { table: 'links', key: KEYS.link.bound([number, visit, identity], 0) }
    yield { table: 'linksOf', key: KEYS.linkOf.bound([identity, position, number, visit], 0) }
  }
  for (const { position, n, identity, number } of contacts) {
    yield { table: 'contacts', key: KEYS.contact.bound([position, n], 0) }
    yield { table: 'contactsOf', key: KEYS.contactOf.bound([OF_IDENTITY, identity, position, n], 0) }
    yield { table: 'contactsOf', key: KEYS.contactOf.bound([OF_VISITOR, number, position, n], 0) }
  }
  if (spans !== undefined) yield { table: 'erasedSpans', key: KEYS.visitor.bound([spans], 0) }
  if (token !== undefined) yield { table: 'tokens', key: idKey(token) }
}

const KINDS: readonly ErasedKind[] = ['person', 'device']

/** Whose erasure it is: the id by its hash alone. */
export function erasedKey(kind: ErasedKind, id: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(KINDS.indexOf(kind)), hash16(id)])
}

export function mentionKey(hash: Uint8Array, number: number): Uint8Array {
  return Buffer.concat([hash, KEYS.visitor.bound([number], 0)])
}

export function encodeErasedAt(out: Writer, at: number): Uint8Array {
  out.begin()
  out.near(at, 0)
  return out.end()
}

export function encodeSpans(out: Writer, spans: readonly ErasedSpan[]): Uint8Array {
  out.begin()
  out.uint(spans.length)
  for (const { visit, from, to } of spans) {
    out.uint(visit)
    out.near(from, 0)
    out.near(to, from)
  }
  return out.end()
}

export function encodeErasure(out: Writer, row: ErasureRow): Uint8Array {
  out.begin()
  out.data(row)
  return out.end()
}
