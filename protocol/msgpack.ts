/** Looks a MessagePack message over before it is decoded: only what JSON can say too, whole, and not deep. */
import { ProtocolError } from './errors.ts'

/** How deep a message may nest: the message, its events, an event and its `data` at the deepest configurable. */
const LEVELS_MAX = 72

/**
 * Throws `ProtocolError` unless the bytes are exactly one value made of maps, arrays, texts, numbers, booleans and
 * nil. Binary and extension types are refused here, so that the decoder never runs what it has for them.
 */
export function checkMsgpack(bytes: Uint8Array): void {
  if (skipValue(bytes, 0, LEVELS_MAX) !== bytes.length) throw notWhole()
}

/** The place after the value that begins at `at`. */
function skipValue(bytes: Uint8Array, at: number, levels: number): number {
  const token = bytes[at]
  const next = at + 1
  if (token === undefined) throw notWhole()
  if (token < 0x80 || token >= 0xe0) return next
  if (token < 0x90) return skipValues(bytes, next, { count: (token & 0x0f) * 2, levels })
  if (token < 0xa0) return skipValues(bytes, next, { count: token & 0x0f, levels })
  if (token < 0xc0) return skipBytes(bytes, next, token & 0x1f)
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return next
    case 0xcc:
    case 0xd0:
      return skipBytes(bytes, next, 1)
    case 0xcd:
    case 0xd1:
      return skipBytes(bytes, next, 2)
    case 0xca:
    case 0xce:
    case 0xd2:
      return skipBytes(bytes, next, 4)
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return skipBytes(bytes, next, 8)
    case 0xd9:
      return skipBytes(bytes, next + 1, lengthAt(bytes, next, 1))
    case 0xda:
      return skipBytes(bytes, next + 2, lengthAt(bytes, next, 2))
    case 0xdb:
      return skipBytes(bytes, next + 4, lengthAt(bytes, next, 4))
    case 0xdc:
      return skipValues(bytes, next + 2, { count: lengthAt(bytes, next, 2), levels })
    case 0xdd:
      return skipValues(bytes, next + 4, { count: lengthAt(bytes, next, 4), levels })
    case 0xde:
      return skipValues(bytes, next + 2, { count: lengthAt(bytes, next, 2) * 2, levels })
    case 0xdf:
      return skipValues(bytes, next + 4, { count: lengthAt(bytes, next, 4) * 2, levels })
    default:
      throw new ProtocolError(
        `the message holds MessagePack type 0x${token.toString(16)}; binary and extension types are refused`,
      )
  }
}

function skipValues(
  bytes: Uint8Array,
  from: number,
  { count, levels }: { readonly count: number; readonly levels: number },
): number {
  if (levels === 0) throw new ProtocolError(`the message nests deeper than ${LEVELS_MAX} levels`)
  let at = from
  // A lying count runs out of bytes: each value takes at least one.
  for (let left = count; left > 0; left -= 1) at = skipValue(bytes, at, levels - 1)
  return at
}

function skipBytes(bytes: Uint8Array, at: number, count: number): number {
  const next = at + count
  if (next > bytes.length) throw notWhole()
  return next
}

function lengthAt(bytes: Uint8Array, at: number, width: number): number {
  let length = 0
  for (let index = at; index < at + width; index += 1) length = length * 256 + (bytes[index] ?? 0)
  return length
}

function notWhole(): ProtocolError {
  return new ProtocolError('the message is not one whole MessagePack value')
}
