/** Ids that the server derives (E7): UUIDv5, so that a replay gives the same. */
import { createHash } from 'node:crypto'

/** The namespace of all ids made here. */
const NAMESPACE = Buffer.from('6f2f0f4e9c0b5b3f8a5c7d1e2b3a4f60', 'hex')

export type DerivedKind = 'visit' | 'session' | 'page'

/** The id of what an event made: the same event of the same visitor always gives the same. */
export function derivedId(globalVisitID: string, eventID: string, kind: DerivedKind): string {
  return uuidV5(`${globalVisitID}\n${eventID}\n${kind}`)
}

/** The UUID of a name in our namespace (RFC 9562, version 5). */
export function uuidV5(name: string): string {
  return uuidOf(createHash('sha1').update(NAMESPACE).update(name).digest(), 5)
}

/** The first 16 of these bytes as a UUID of that version (RFC 9562); the bytes are left as they are. */
export function uuidOf(source: Uint8Array, version: 4 | 5): string {
  const bytes = Buffer.from(source.subarray(0, 16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
