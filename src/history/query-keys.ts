/** A key in a query ends in logs and histories: refused before anything else looks at it. */
import { wrongParameter } from './problem.ts'

/** Names under which somebody might put a key, compared without case, `-` and `_`. */
const KEY_NAMES = new Set([
  'key',
  'apikey',
  'token',
  'accesstoken',
  'bearer',
  'authorization',
  'auth',
  'secret',
  'password',
])

/** Throws a 400 where a query has a parameter that is named like a key. */
export function refuseKeyIn(search: URLSearchParams): void {
  for (const name of search.keys()) {
    if (KEY_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''))) {
      throw wrongParameter(name, 'a key does not belong in a query; send it in the Authorization header')
    }
  }
}
