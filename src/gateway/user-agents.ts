/** E11: the User-Agent header as it is kept; connections with the same browser share one value. */
import { USER_AGENT_LENGTH_MAX } from '../../protocol/limits.ts'
import type { NewEvent } from '../visitors/contract.ts'
import { uuidV5 } from '../visitors/ids.ts'

export type UserAgent = NewEvent['userAgent']

/** Different browsers remembered at once; the oldest goes when it is full. */
const REMEMBERED_MAX = 1_000

/** Makes a function from the header to what is kept of it: at most 512 characters and their UUIDv5. */
export function createUserAgents(): (header: string | undefined) => UserAgent {
  const remembered = new Map<string, UserAgent>()
  return (header) => {
    const text = header === undefined ? '' : kept(header)
    if (text === '') return null
    const known = remembered.get(text)
    if (known) return known
    const userAgent = { id: uuidV5(text), text }
    if (remembered.size >= REMEMBERED_MAX) {
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest)
        break
      }
    }
    remembered.set(text, userAgent)
    return userAgent
  }
}

/** A long header is copied, or its beginning would keep all of it in memory. */
function kept(header: string): string {
  if (header.length <= USER_AGENT_LENGTH_MAX) return header.trim()
  return Buffer.from(header.slice(0, USER_AGENT_LENGTH_MAX).trim()).toString()
}
