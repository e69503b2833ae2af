/** Cursors: where a list goes on. Opaque to the caller, authenticated, and bound to one query (H3). */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a cursor says. `asOf` is when the first page was asked for: `age` is counted from there on every page. */
export interface CursorContent {
  readonly place: unknown
  readonly asOf: number
}

export interface Cursors {
  write(query: string, content: CursorContent): string
  /** What was written for this very query, or null. */
  read(query: string, text: string): CursorContent | null
}

const MAC_BYTES = 16
const CURSOR_LENGTH_MAX = 2_048

/** `secret` is kept by the store, so that a cursor is good over a restart. */
export function createCursors(secret: Uint8Array): Cursors {
  function authenticate(query: string, body: Buffer): Buffer {
    // The length keeps a query and a body from running into each other.
    const mac = createHmac('sha256', secret)
      .update(`${Buffer.byteLength(query)}:${query}`)
      .update(body)
    return mac.digest().subarray(0, MAC_BYTES)
  }
  return {
    write: (query, { place, asOf }) => {
      const body = Buffer.from(JSON.stringify([asOf, place]))
      return Buffer.concat([authenticate(query, body), body]).toString('base64url')
    },
    read: (query, text) => {
      if (text.length > CURSOR_LENGTH_MAX || !/^[A-Za-z0-9_-]+$/.test(text)) return null
      const bytes = Buffer.from(text, 'base64url')
      // One text a cursor: base64url has several spellings of the same bytes.
      if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== text) return null
      const body = bytes.subarray(MAC_BYTES)
      if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), authenticate(query, body))) return null
      return parseBody(body)
    },
  }
}

function parseBody(body: Buffer): CursorContent | null {
  const content: unknown = JSON.parse(body.toString('utf8'))
  if (!Array.isArray(content) || typeof content[0] !== 'number') return null
  return { asOf: content[0], place: content[1] }
}
