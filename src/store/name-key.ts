// The key of a name: 16 bytes behind the kind, whatever the name is.
import { packId } from './ids.ts'
import { hash16 } from './keys.ts'
import type { NameKind } from './rows.ts'

const KINDS: readonly NameKind[] = ['visit', 'session', 'page']
/** Set in the kind's byte where the name of a session or page is no lower-case UUID, and is hashed too. */
const HASHED = 0x80
const LOWER_UUID = 2

/**
 * A visitID is the browser's, and must stay comparable when it is itself gone: it is hashed (E9). Session and page ids
 * are ours, UUIDs, and stand as they are.
 */
export function nameKey(kind: NameKind, name: string): Uint8Array {
  const key = new Uint8Array(17)
  const code = KINDS.indexOf(kind)
  if (kind !== 'visit' && packId(name, key, 1) === LOWER_UUID) {
    key[0] = code
    return key
  }
  key[0] = kind === 'visit' ? code : code | HASHED
  key.set(hash16(name), 1)
  return key
}
