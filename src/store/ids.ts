// A UUID or 32 hex digits as 16 bytes and the form it was written in, so that it comes back byte for byte (E6).

/** The forms that fit into 16 bytes; any other id is kept as text. */
export const ID_FORMS = 4
const UPPER = 1
const DASHED = 2

const LOWER_LETTER = 0x20
const UPPER_LETTER = 0x40
const NO_DIGIT = 0x80
const NIBBLE = nibbles()

/** Writes the 16 bytes of an id at `at` and returns its form (0..3), or -1 where it has none. */
export function packId(id: string, target: Uint8Array, at: number): number {
  const dashed = id.length === 36
  if (!dashed && id.length !== 32) return -1
  let seen = 0
  let from = 0
  for (let byte = 0; byte < 16; byte += 1) {
    if (dashed && (byte === 4 || byte === 6 || byte === 8 || byte === 10)) {
      if (id.charCodeAt(from) !== 0x2d) return -1
      from += 1
    }
    const high = NIBBLE[id.charCodeAt(from)] ?? NO_DIGIT
    const low = NIBBLE[id.charCodeAt(from + 1)] ?? NO_DIGIT
    seen |= high | low
    target[at + byte] = ((high & 15) << 4) | (low & 15)
    from += 2
  }
  if (seen & NO_DIGIT || (seen & LOWER_LETTER && seen & UPPER_LETTER)) return -1
  return (dashed ? DASHED : 0) | (seen & UPPER_LETTER ? UPPER : 0)
}

/** The id that `packId` wrote. */
export function unpackId(form: number, source: Buffer, at: number): string {
  const lower = source.toString('hex', at, at + 16)
  const hex = form & UPPER ? lower.toUpperCase() : lower
  if (!(form & DASHED)) return hex
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Per character code: the digit's value with the case of its letter, or `NO_DIGIT`. */
function nibbles(): Uint8Array {
  const table = new Uint8Array(128).fill(NO_DIGIT)
  for (let digit = 0; digit < 16; digit += 1) {
    const lower = digit.toString(16)
    table[lower.charCodeAt(0)] = digit < 10 ? digit : digit | LOWER_LETTER
    if (digit >= 10) table[lower.toUpperCase().charCodeAt(0)] = digit | UPPER_LETTER
  }
  return table
}
