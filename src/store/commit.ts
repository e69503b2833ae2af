// One transaction: the fences, then only puts and removes. A throw in it undoes all of it.
import type { Reader, Writer } from './bytes.ts'
import type { Batch, VisitorPut } from './encode.ts'
import { StaleCommit } from './errors.ts'
import { commitExtent } from './node-rows.ts'
import type { Puts } from './puts.ts'
import { putSeen } from './seen.ts'
import { KEYS, NOTHING, type TableName, type Tables } from './tables.ts'
import { dropUnusedText } from './user-agents.ts'
import { armedAtOf, connectedOf, newestOf, seqOf } from './visitor-row.ts'

/** Puts a batch; `out` is free by then. Throws `StaleCommit` where a visitor's stored seq is not the one before. */
export function putBatch(tables: Tables, puts: Puts, { out, batch }: BatchPut): void {
  const newest = new Map<number, number>()
  for (const visitor of batch.visitors)
    newest.set(visitor.visitor.row.number, putVisitor(tables, puts, visitor))
  for (const { stretch, value } of batch.chunks) {
    puts.put('stream', KEYS.stream.of(stretch.number, stretch.entries[0]?.seq ?? 0), value)
  }
  for (const { stretch } of batch.chunks) {
    newest.set(stretch.number, putSeen(puts, out, stretch, newest.get(stretch.number) ?? 0))
  }
  for (const { table, key, value } of batch.rows) {
    if (value !== null) puts.put(table, key, value)
    else removeRow(tables, puts, { table, key })
  }
}

export interface BatchPut {
  readonly batch: Batch
  readonly out: Writer
}

/** Removes a row, and what nothing leads to behind it. */
export function removeRow(
  tables: Tables,
  puts: Puts,
  { table, key }: { readonly table: TableName; readonly key: Uint8Array },
): void {
  puts.remove(table, key)
  if (table === 'userAgentUses') dropUnusedText(tables, puts, key)
}

/** Where a commit ended. */
export interface CommitEnd {
  readonly position: number
  readonly at: number
}

/** E4: positions go on without a gap, so a commit behind one that failed fails too. */
export function checkPosition({ position }: CommitEnd, { count, firstPosition }: Batch): void {
  if (count > 0 && firstPosition !== position + 1) {
    throw new StaleCommit(
      `the node stands at position ${position}; a commit cannot begin at ${firstPosition}`,
    )
  }
}

/** Where the last commit ended, as the disk (or the transaction) has it. */
export function lastCommit(tables: Tables, reader: Reader): CommitEnd {
  for (const { key, value } of tables.commits.getRange({ reverse: true, limit: 1 })) {
    reader.open(value)
    const { at, count } = commitExtent(reader)
    return { position: KEYS.commit.part(key, 0) + count - 1, at }
  }
  return { position: 0, at: 0 }
}

/** Returns the latest order of the eventIDs that are remembered so far. */
function putVisitor(tables: Tables, puts: Puts, { visitor, value }: VisitorPut): number {
  const { row, previousSeq } = visitor
  const stored = tables.visitors.getBinaryFast(KEYS.visitor.of(row.number))
  const storedSeq = stored === undefined ? 0 : seqOf(stored)
  if (storedSeq !== previousSeq) {
    throw new StaleCommit(
      `visitor ${row.number} stands at seq ${storedSeq}, not ${previousSeq}; read it again`,
    )
  }
  const armedAt = stored === undefined ? 0 : armedAtOf(stored)
  const connected = stored === undefined ? 0 : connectedOf(stored)
  const newest = stored === undefined ? 0 : newestOf(stored)
  if (value === null) {
    puts.remove('visitors', KEYS.visitor.of(row.number))
    if (armedAt !== 0) puts.remove('deadlines', KEYS.deadline.of(armedAt, row.number))
    if (connected !== 0) puts.remove('connected', KEYS.visitor.of(row.number))
    return newest
  }
  puts.put('visitors', KEYS.visitor.of(row.number), value)
  if (row.armedAt !== armedAt) {
    if (armedAt !== 0) puts.remove('deadlines', KEYS.deadline.of(armedAt, row.number))
    if (row.armedAt !== 0) puts.put('deadlines', KEYS.deadline.of(row.armedAt, row.number), NOTHING)
  }
  if (row.connected !== 0 && connected === 0) puts.put('connected', KEYS.visitor.of(row.number), NOTHING)
  if (row.connected === 0 && connected !== 0) puts.remove('connected', KEYS.visitor.of(row.number))
  return newest
}
