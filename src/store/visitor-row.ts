// The visitor's row: what a commit must check and index stands first, in fixed places, the rest behind it.
import type { Reader, Writer } from './bytes.ts'
import { WIDTH } from './keys.ts'
import type { VisitorRow } from './rows.ts'

const ARMED_AT = WIDTH.seq
const CONNECTED = ARMED_AT + WIDTH.at
const NEWEST = CONNECTED + WIDTH.ordinal
/** An order stands there as its ms and the bits behind them. */
const [MS_BYTES, WITHIN_BYTES, WITHIN] = [6, 2, 2 ** 12]

export function encodeVisitor(out: Writer, row: VisitorRow): Uint8Array {
  out.begin()
  out.fixed(WIDTH.seq, row.seq)
  out.fixed(WIDTH.at, row.armedAt)
  out.fixed(WIDTH.ordinal, row.connected)
  out.fixed(MS_BYTES, Math.floor(row.newest / WITHIN))
  out.fixed(WITHIN_BYTES, row.newest % WITHIN)
  out.uint(row.position)
  out.near(row.at, 0)
  out.near(row.firstAt, row.at)
  out.id(row.globalVisitID)
  out.uint(row.keptFrom)
  out.uint(row.machineVersion)
  out.uint(row.disarmed.length)
  for (const name of row.disarmed) out.text(name)
  out.uint(row.replayFrom.seq)
  out.uint(row.replayFrom.machineVersion)
  out.data(row.replayFrom.snapshot)
  out.data(row.snapshot)
  return out.end()
}

/** Rows of layout 1 had no `newest`, those of layout 2 had it behind `keptFrom`. */
export function decodeVisitor(from: Reader, number: number, layout = 3): VisitorRow {
  const seq = from.fixed(WIDTH.seq)
  const armedAt = from.fixed(WIDTH.at)
  const connected = from.fixed(WIDTH.ordinal)
  const fixed = layout > 2 ? from.fixed(MS_BYTES) * WITHIN + from.fixed(WITHIN_BYTES) : 0
  const position = from.uint()
  const at = from.near(0)
  const firstAt = from.near(at)
  const globalVisitID = from.id()
  const keptFrom = from.uint()
  const newest = layout === 2 ? from.uint() : fixed
  const machineVersion = from.uint()
  const disarmed = Array.from({ length: from.uint() }, () => from.text() ?? '')
  const replayFrom = { seq: from.uint(), machineVersion: from.uint(), snapshot: from.data() }
  const snapshot = from.data()
  return {
    number,
    globalVisitID,
    seq,
    position,
    at,
    firstAt,
    machineVersion,
    snapshot,
    armedAt,
    disarmed,
    keptFrom,
    newest,
    replayFrom,
    connected,
  }
}

/** The seq of an encoded row: the fence. */
export function seqOf(row: Buffer): number {
  return row.readUIntBE(0, WIDTH.seq)
}

/** What an encoded row has in the deadlines index, or 0. */
export function armedAtOf(row: Buffer): number {
  return row.readUIntBE(ARMED_AT, WIDTH.at)
}

/** Whether an encoded row stands in the `connected` index: not 0. */
export function connectedOf(row: Buffer): number {
  return row.readUIntBE(CONNECTED, WIDTH.ordinal)
}

/** The latest order of the eventIDs that an encoded row's visitor has said. */
export function newestOf(row: Buffer): number {
  return row.readUIntBE(NEWEST, MS_BYTES) * WITHIN + row.readUIntBE(NEWEST + MS_BYTES, WITHIN_BYTES)
}
