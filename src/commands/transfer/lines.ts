/** The lines of an export: a head, a line for each row, and an end that counts and sums what was before it. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { RawRow } from '../../store/transfer.ts'
import { Refused } from './command.ts'

/** What the head says: what this is, and in which layout the rows are. */
export interface Head {
  readonly vestibule: 'rows'
  readonly layout: number
}

/** Lines that are written at once. */
const PIECE_LENGTH = 64 * 1024

/** Writes line after line as fast as they are taken; gives how many there were. */
export async function writeLines(out: Writable, lines: Iterable<string>): Promise<number> {
  let text = ''
  let count = 0
  for (const line of lines) {
    text += `${line}\n`
    count += 1
    if (text.length < PIECE_LENGTH) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  if (text !== '' && !out.write(text)) await once(out, 'drain')
  return count
}

/** Head, rows, end. */
export function* exportLines(head: Head, rows: Iterable<RawRow>): Generator<string> {
  const sum = createHash('sha256')
  let count = 0
  yield JSON.stringify(head)
  for (const { table, key, value } of rows) {
    const line = JSON.stringify({ table, key: toText(key), value: toText(value) })
    sum.update(line)
    count += 1
    yield line
  }
  yield JSON.stringify({ end: true, rows: count, sha256: sum.digest('hex') })
}

/** The head, then the rows; refuses what is no export, is cut short, or is not what was written. */
export async function readExport(input: Readable): Promise<{ head: Head; rows: AsyncGenerator<RawRow> }> {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  const first = await lines.next()
  const head = first.done === true ? null : parse(first.value)
  if (head?.vestibule !== 'rows' || typeof head.layout !== 'number') {
    throw new Refused('this is no export: its first line is not that of "vestibule export"')
  }
  return { head: { vestibule: 'rows', layout: head.layout }, rows: readRows(lines) }
}

async function* readRows(lines: AsyncIterator<string>): AsyncGenerator<RawRow> {
  const sum = createHash('sha256')
  for (let count = 0; ; count += 1) {
    const next = await lines.next()
    if (next.done === true) throw new Refused('the export is cut short: its last line is missing')
    const line = parse(next.value)
    if (line?.end === true) {
      if (line.rows === count && line.sha256 === sum.digest('hex')) return
      throw new Refused('the export is not what was written: its rows and its last line do not agree')
    }
    const { table, key, value } = line ?? {}
    if (typeof table !== 'string' || typeof key !== 'string' || typeof value !== 'string') {
      throw new Refused(`line ${count + 2} of the export is no row`)
    }
    sum.update(next.value)
    yield { table, key: Buffer.from(key, 'base64url'), value: Buffer.from(value, 'base64url') }
  }
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    // An object of JSON is a record.
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
