/** Erasure in the store in memory: what is hidden by a commit, what is overwritten and removed by a step (Q12). */
import type { DraftRows } from '../../src/store/draft.ts'
import type {
  DroppedRows,
  ErasedReads,
  ErasedSpan,
  ErasureRow,
  ErasureStore,
  GoneRows,
} from '../../src/store/erased.ts'
import { stillDropped } from '../../src/store/hiding.ts'
import type { StoredEntry, VisitorRow } from '../../src/store/rows.ts'
import { keyOf, type MemoryDisk, type MemoryPuts, numbersIn, rangeOf } from './memory-disk.ts'
import { putFading } from './memory-fading.ts'
import { rowsIn, spanned } from './memory-reads.ts'
import type { WriteRows } from './memory-upkeep.ts'

const GONE_VISITOR = keyOf('goneVisitor')
const GONE_IDENTITY = keyOf('goneIdentity')

export function memoryErasedReads(disk: MemoryDisk): ErasedReads {
  return {
    erasedAt: (kind, id) => Number(disk.table('erased').get(keyOf(kind, id)) ?? 0),
    erasedSpans: (number) =>
      (disk.table('erasedSpans').get(keyOf(number)) as readonly ErasedSpan[] | undefined) ?? [],
  }
}

export function memoryErasing(disk: MemoryDisk, write: WriteRows): ErasureStore {
  return {
    erasure: (id) => (disk.table('erasures').get(keyOf(id)) as ErasureRow | undefined) ?? null,
    erasures: () => rowsIn<ErasureRow>(disk, 'erasures', rangeOf()),
    mentionsOf: (identityId, limit) => rowsIn<number>(disk, 'mentions', { ...rangeOf(identityId), limit }),
    hasSeen: (number) => seenKeys(disk, { number, limit: 1 }).length > 0,
    chunks(number, { from, entries }) {
      const [holder] = disk.table('stream').keys(spanned([number], { from, limit: 1, reverse: true }))
      const range = { ...rangeOf(number), start: holder ?? keyOf(number, from) }
      let count = 0
      return rowsIn<readonly StoredEntry[]>(disk, 'stream', range)
        .filter((chunk) => (chunk.at(-1)?.seq ?? 0) >= from)
        .filter((chunk) => {
          const isWanted = count < entries
          count += chunk.length
          return isWanted
        })
        .map((chunk) => ({ seq: chunk[0]?.seq ?? 0, entries: chunk }))
    },
    erase: ({ chunks = [], changes = [], fading = [], erasure, gone }) =>
      write(
        (puts) => {
          for (const { number, entries } of chunks) {
            puts.put('stream', keyOf(number, entries[0]?.seq ?? 0), entries)
          }
          for (const row of changes) puts.put('changes', keyOf(row.position, row.n), row)
          for (const row of fading) putFading(puts, row)
          if (erasure !== undefined) puts.put('erasures', keyOf(erasure.id), erasure)
          if (gone !== undefined) removeRows(disk, puts, gone)
        },
        { makesRoom: true },
      ),
  }
}

function removeRows(disk: MemoryDisk, puts: MemoryPuts, gone: GoneRows): void {
  removeDropped(disk, puts, gone)
  const { changes = [], mentions = [], sent = [], seen, pseudonym } = gone
  for (const { at, seq } of sent) puts.remove('sent', keyOf(at, seq))
  for (const { position, n } of changes) puts.remove('changes', keyOf(position, n))
  for (const { identityId, number } of mentions) puts.remove('mentions', keyOf(identityId, number))
  if (seen !== undefined) for (const key of seenKeys(disk, seen)) puts.remove('seen', key)
  if (pseudonym !== undefined) puts.remove('identityNumbers', keyOf(pseudonym))
}

function removeDropped(disk: MemoryDisk, puts: MemoryPuts, gone: DroppedRows): void {
  const { chunks = [], bases = [], visits = [], sessions = [], pages = [], names = [] } = gone
  const { links = [], contacts = [], spans, token } = gone
  for (const { number, seq } of chunks) puts.remove('stream', keyOf(number, seq))
  for (const { number, seq } of bases) puts.remove('bases', keyOf(number, seq))
  for (const { number, ordinal, userAgentId } of visits) {
    puts.remove('visits', keyOf(number, ordinal))
    puts.remove('openVisits', keyOf(number, ordinal))
    if (userAgentId !== null) dropUse(disk, puts, { number, ordinal, userAgentId })
  }
  for (const { number, visit, ordinal } of sessions) puts.remove('sessions', keyOf(number, visit, ordinal))
  for (const { number, visit, ordinal } of pages) puts.remove('pages', keyOf(number, visit, ordinal))
  for (const { kind, name } of names) puts.remove('names', keyOf(kind, name))
  for (const { number, visit, identity, position } of links) {
    puts.remove('links', keyOf(number, visit, identity))
    puts.remove('linksOf', keyOf(identity, position, number, visit))
  }
  for (const { position, n, identity, number } of contacts) {
    puts.remove('contacts', keyOf(position, n))
    puts.remove('contactsOf', keyOf(0, identity, position, n))
    puts.remove('contactsOf', keyOf(1, number, position, n))
  }
  if (spans !== undefined) puts.remove('erasedSpans', keyOf(spans))
  if (token !== undefined) puts.remove('tokens', keyOf(token))
}

/** The text goes with the last visit that came with it. */
function dropUse(
  disk: MemoryDisk,
  puts: MemoryPuts,
  use: { readonly number: number; readonly ordinal: number; readonly userAgentId: string },
): void {
  const { number, ordinal, userAgentId } = use
  puts.remove('userAgentUses', keyOf(userAgentId, number, ordinal))
  const isUsed = disk.table('userAgentUses').keys({ ...rangeOf(userAgentId), limit: 1 }).length > 0
  if (!isUsed) puts.remove('userAgents', keyOf(userAgentId))
}

function seenKeys(
  disk: MemoryDisk,
  { number, limit }: { readonly number: number; readonly limit: number },
): readonly string[] {
  return disk.table('seen').keys({ ...rangeOf(number), limit })
}

/** What of a draft hides somebody, and what it keeps of that. */
export function putHiding(disk: MemoryDisk, puts: MemoryPuts, rows: DraftRows): void {
  for (const { kind, id, at } of rows.erased.values()) puts.put('erased', keyOf(kind, id), at)
  for (const [number, spans] of rows.erasedSpans) puts.put('erasedSpans', keyOf(number), spans)
  for (const { identityId, number } of rows.mentions.values()) {
    puts.put('mentions', keyOf(identityId, number), number)
  }
  for (const row of rows.erasures.values()) puts.put('erasures', keyOf(row.id), row)
  for (const row of rows.fading) putFading(puts, row)
  for (const gone of rows.dropped) removeDropped(disk, puts, stillDropped(rows, gone))
  for (const [globalVisitID, number] of rows.visitorNumbers) {
    if (number === 0) puts.remove('visitorNumbers', keyOf(globalVisitID))
  }
  for (const [identityId, number] of rows.identityNumbers) {
    if (number === 0) puts.remove('identityNumbers', keyOf(identityId))
  }
  for (const [identity, row] of rows.identities) {
    if (row !== null) continue
    puts.remove('identities', keyOf(identity))
    puts.put('meta', GONE_IDENTITY, rows.next.identity - 1)
  }
  for (const { isGone } of rows.visitors.values()) {
    if (isGone === true) puts.put('meta', GONE_VISITOR, rows.next.visitor - 1)
  }
}

/** An erased visitor's row goes, and what led to it. */
export function removeVisitor(puts: MemoryPuts, { number, armedAt, connected }: VisitorRow): void {
  puts.remove('visitors', keyOf(number))
  if (armedAt !== 0) puts.remove('deadlines', keyOf(armedAt, number))
  if (connected !== 0) puts.remove('connected', keyOf(number))
}

/** The numbers that were given out before: none comes again. */
export function highestNumbers(disk: MemoryDisk): { readonly visitor: number; readonly identity: number } {
  const highest = (table: 'visitors' | 'identities', gone: string): number => {
    const [key] = disk.table(table).keys({ ...rangeOf(), reverse: true, limit: 1 })
    return Math.max(numbersIn(key ?? '0')[0] ?? 0, Number(disk.table('meta').get(gone) ?? 0))
  }
  return { visitor: highest('visitors', GONE_VISITOR), identity: highest('identities', GONE_IDENTITY) }
}
