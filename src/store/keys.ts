// The bytes of keys: fixed-width and big-endian, so that their order is the order of the numbers in them.
import { createHash } from 'node:crypto'
import { packId } from './ids.ts'
import type { AddressKind, AddressRow } from './rows.ts'

/** Widths in bytes of what stands in a key. */
export const WIDTH = {
  kind: 1,
  number: 5,
  seq: 5,
  position: 6,
  ordinal: 4,
  identity: 5,
  n: 4,
  at: 6,
  order: 7,
  hash: 4,
} as const

export interface KeyShape {
  readonly widths: readonly number[]
  /** The key of these parts, in a buffer that the next call uses again. */
  of(a: number, b?: number, c?: number, d?: number): Uint8Array
  /** A key of its own of the parts given; the parts left out are all `fill`: 0 for the lowest, 255 for the highest. */
  bound(parts: readonly number[], fill: 0 | 255): Uint8Array
  /** Part `index` of a key. */
  part(key: Uint8Array, index: number): number
}

/** A key of one to four numbers of fixed widths. */
export function keyShape(...widths: readonly number[]): KeyShape {
  const offsets = widths.map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width, 0))
  const length = widths.reduce((sum, width) => sum + width, 0)
  const scratch = new Uint8Array(length)
  const [widthA = 0, widthB = 0, widthC = 0, widthD = 0] = widths
  const [, offsetB = 0, offsetC = 0, offsetD = 0] = offsets
  return {
    widths,
    of(a, b = 0, c = 0, d = 0) {
      writeNumber(scratch, 0, widthA, a)
      if (widthB > 0) writeNumber(scratch, offsetB, widthB, b)
      if (widthC > 0) writeNumber(scratch, offsetC, widthC, c)
      if (widthD > 0) writeNumber(scratch, offsetD, widthD, d)
      return scratch
    },
    bound(parts, fill) {
      const key = new Uint8Array(length).fill(fill)
      parts.forEach((part, index) => {
        writeNumber(key, offsets[index] ?? 0, widths[index] ?? 0, part)
      })
      return key
    },
    part(key, index) {
      return readNumber(key, offsets[index] ?? 0, widths[index] ?? 0)
    },
  }
}

/** Writes a whole number big-endian; one that does not fit becomes the highest (a bound past the end of a list). */
function writeNumber(target: Uint8Array, at: number, width: number, value: number): void {
  if (value >= 256 ** width) {
    target.fill(255, at, at + width)
    return
  }
  let rest = Math.max(0, value)
  let index = at + width - 1
  for (; index >= at && rest > 0xffffffff; index -= 1) {
    target[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  for (; index >= at; index -= 1) {
    target[index] = rest & 255
    rest >>>= 8
  }
}

function readNumber(key: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = at; index < at + width; index += 1) value = value * 256 + (key[index] ?? 0)
  return value
}

/** Ids longer than this stand in a key by their hash: LMDB's keys end at 1,978 bytes. */
const KEY_ID_BYTES_MAX = 64
const AS_TEXT = 4
const AS_HASH = 5

/** The key of any id or text, whatever its length: packed, as it is, or by its hash. */
export function idKey(id: string): Uint8Array {
  const key = new Uint8Array(17)
  const form = packId(id, key, 1)
  if (form >= 0) {
    key[0] = form
    return key
  }
  if (id.length <= KEY_ID_BYTES_MAX && isAscii(id))
    return Buffer.from(`${String.fromCharCode(AS_TEXT)}${id}`, 'latin1')
  return Buffer.concat([Uint8Array.of(AS_HASH), sha256(id)])
}

/** The first 16 bytes of the SHA-256 of a text, taken over its UTF-16, which tells any two strings apart. */
export function hash16(text: string): Uint8Array {
  return sha256(text).subarray(0, 16)
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest()
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false
  return true
}

const ADDRESS_KINDS: readonly AddressKind[] = ['email', 'phone']

/** Whose address it is: kind, hash of the value, identity. */
export function addressKey({ kind, value, identity }: AddressRow): Uint8Array {
  return Buffer.concat([addressPrefix(kind, value), identityShape.bound([identity], 0)])
}

/** All keys of those who have this address, both ends included. */
export function addressRange(kind: AddressKind, value: string) {
  const prefix = addressPrefix(kind, value)
  return {
    start: Buffer.concat([prefix, identityShape.bound([], 0)]),
    end: Buffer.concat([prefix, identityShape.bound([], 255)]),
    inclusiveEnd: true,
  }
}

/** Whose key it is. */
export function identityOfAddress(key: Uint8Array): number {
  return readNumber(key, key.length - WIDTH.identity, WIDTH.identity)
}

const identityShape = keyShape(WIDTH.identity)

function addressPrefix(kind: AddressKind, value: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(ADDRESS_KINDS.indexOf(kind)), hash16(value)])
}

/** The key of a rule's score. */
export function scoreKey(rule: string, version: number): Uint8Array {
  return idKey(`${version} ${rule}`)
}

const seen = new Uint8Array(WIDTH.number + 7)

/** What `mix` left: two hashes of an eventID, 32 bits each. */
let [hashA, hashB] = [0, 0]

/**
 * The key of an eventID that is remembered by itself (E1): the visitor's number, then 56 bits of a fast hash; in a buffer
 * that the next call uses again. A collision would need two ids of the same visitor: at a million events about 1 in 140,000.
 */
export function seenKey(number: number, eventID: string): Uint8Array {
  mix(eventID)
  writeNumber(seen, 0, WIDTH.number, number)
  writeNumber(seen, WIDTH.number, 4, hashA)
  writeNumber(seen, WIDTH.number + 4, 3, hashB % 2 ** 24)
  return seen
}

/** 32 bits of the hash: beside the 53 bits of an order they tell any two ids apart. */
export function hashOf(eventID: string): number {
  mix(eventID)
  return hashA
}

function mix(eventID: string): void {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  for (let index = 0; index < eventID.length; index += 1) {
    const code = eventID.charCodeAt(index)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  hashA = a >>> 0
  hashB = b >>> 0
}
