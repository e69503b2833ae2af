// How the fields of a row become bytes: whole numbers as varints, ids packed, plain data as MessagePack.
import { Packr, Unpackr } from 'msgpackr'
import { ID_FORMS, packId, unpackId } from './ids.ts'

export interface Writer {
  /** Begins a value; `end` returns its bytes, which stay as they are while later values are written. */
  begin(): void
  end(): Uint8Array
  byte(value: number): void
  /** A whole number from 0 to 2^53. */
  uint(value: number): void
  /** A whole number, big-endian in `width` bytes: for what is read without decoding the rest. */
  fixed(width: number, value: number): void
  /** Any number; cheap where it is whole and near `base`. */
  near(value: number, base: number): void
  /** Text as UTF-8; null (also of an absent field) is kept apart from ''. */
  text(value: string | null | undefined): void
  id(value: string): void
  bytes(value: Uint8Array): void
  /** Plain data. */
  data(value: unknown): void
}

export interface Reader {
  /** Begins to read `source`, which must stay as it is until the row is read. */
  open(source: Uint8Array): void
  byte(): number
  uint(): number
  fixed(width: number): number
  near(base: number): number
  text(): string | null
  id(): string
  bytes(): Uint8Array
  data(): unknown
}

/** A bad row: the folder is damaged, or was written by something else. */
const BROKEN = 'a row in the store ends too early: the data folder is damaged'
const ARENA_BYTES = 256 * 1024
/** `near` takes numbers below this as whole ones; all others as the eight bytes they are. */
const NEAR_MAX = 2 ** 50
const SHORT_TEXT = 48

/** Writes values one behind another into an arena; a full arena is left to its values, and a new one begun. */
export function createWriter(): Writer {
  // variableMapSize costs time and saves two bytes a map; records would put the key names into every row.
  const packr = new Packr({ useRecords: false, variableMapSize: true })
  let arena = Buffer.allocUnsafeSlow(ARENA_BYTES)
  let start = 0
  let at = 0

  function room(bytes: number): void {
    if (at + bytes <= arena.length) return
    const next = Buffer.allocUnsafeSlow(Math.max(ARENA_BYTES, 2 * (at - start + bytes)))
    arena.copy(next, 0, start, at)
    arena = next
    at -= start
    start = 0
  }

  function byte(value: number): void {
    room(1)
    arena[at++] = value
  }

  function uint(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`not a count: ${value}`)
    room(8)
    let rest = value
    while (rest > 0x7fffffff) {
      arena[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      arena[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    arena[at++] = rest
  }

  function fixed(width: number, value: number): void {
    room(width)
    arena.writeUIntBE(value, at, width)
    at += width
  }

  function near(value: number, base: number): void {
    if (Number.isInteger(value) && Math.abs(value) < NEAR_MAX) {
      const away = value - base
      uint(away < 0 ? -2 * away : 2 * away + 1)
      return
    }
    // A zero distance has the code 1, so 0 is free to say "as a float".
    byte(0)
    room(8)
    arena.writeDoubleBE(value, at)
    at += 8
  }

  function text(value: string | null | undefined): void {
    if (value === null || value === undefined) byte(0)
    else if (value.length > SHORT_TEXT || !ascii(value)) {
      const length = Buffer.byteLength(value)
      uint(length + 1)
      room(length)
      arena.write(value, at, 'utf8')
      at += length
    }
  }

  /** Writes short ASCII text in place, which is faster than a call into native code; false = not ASCII. */
  function ascii(value: string): boolean {
    room(SHORT_TEXT + 1)
    const length = value.length
    const from = at + 1
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      arena[from + index] = code
    }
    arena[at] = length + 1
    at = from + length
    return true
  }

  function id(value: string): void {
    room(17)
    const form = packId(value, arena, at + 1)
    if (form < 0) {
      const length = Buffer.byteLength(value)
      uint(length + ID_FORMS)
      room(length)
      arena.write(value, at, 'utf8')
      at += length
    } else {
      arena[at] = form
      at += 17
    }
  }

  function bytes(value: Uint8Array): void {
    uint(value.length)
    room(value.length)
    arena.set(value, at)
    at += value.length
  }

  return {
    begin() {
      start = at
    },
    end() {
      return arena.subarray(start, at)
    },
    byte,
    uint,
    fixed,
    near,
    text,
    id,
    bytes,
    data: (value) => bytes(packr.pack(value)),
  }
}

/** Reads what a writer wrote, field by field in the same order. */
export function createReader(): Reader {
  const unpackr = new Unpackr({
    useRecords: false,
    mapsAsObjects: true,
    int64AsType: 'number',
    copyBuffers: true,
  })
  let source: Buffer = Buffer.alloc(0)
  let at = 0

  function byte(): number {
    const value = source[at++]
    if (value === undefined) throw new Error(BROKEN)
    return value
  }

  function uint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const next = byte()
      if (next < 0x80) return value + next * scale
      value += (next & 0x7f) * scale
      scale *= 128
    }
  }

  function fixed(width: number): number {
    const value = source.readUIntBE(at, width)
    at += width
    return value
  }

  function near(base: number): number {
    const code = uint()
    if (code > 0) return base + (code % 2 === 1 ? (code - 1) / 2 : -code / 2)
    const value = source.readDoubleBE(at)
    at += 8
    return value
  }

  function skip(length: number): number {
    const from = at
    at += length
    if (at > source.length) throw new Error(BROKEN)
    return from
  }

  function text(): string | null {
    const length = uint() - 1
    if (length < 0) return null
    const from = skip(length)
    return source.toString('utf8', from, at)
  }

  function id(): string {
    const form = uint()
    if (form < ID_FORMS) return unpackId(form, source, skip(16))
    const from = skip(form - ID_FORMS)
    return source.toString('utf8', from, at)
  }

  return {
    open(bytes) {
      source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      at = 0
    },
    byte,
    uint,
    fixed,
    near,
    text,
    id,
    // Bytes of its own: the source may be lent.
    bytes: () => new Uint8Array(source.subarray(skip(uint()), at)),
    data() {
      const length = uint()
      const from = skip(length)
      return unpackr.unpack(source, { start: from, end: at })
    },
  }
}
