/** The History API in the simulation: its own handlers, asked without a socket between. */

import type { Erasures } from '../../src/erasure/contract.ts'
import type { Desk } from '../../src/gateway/desk.ts'
import { createRestEvents } from '../../src/gateway/rest-events.ts'
import { createAccess } from '../../src/history/access.ts'
import { openDesk } from '../../src/history/desk.ts'
import { createFailures } from '../../src/history/failures.ts'
import { createHistory } from '../../src/history/history.ts'
import { parseKeys } from '../../src/history/keys.ts'
import type { Store } from '../../src/store/contract.ts'
import type { OpenVisitors } from '../../src/visitors/visitors.ts'

export interface Answer {
  readonly status: number
  /** Null where there is none. */
  readonly body: unknown
}

export interface HistoryParts {
  readonly store: Store
  readonly visitors: OpenVisitors
  readonly erasures: Erasures
  readonly desk: Desk
  readonly now: () => number
  readonly error: (message: string) => void
}

export type Ask = (path: string, body?: unknown) => Promise<Answer>

const SECRET = 'simulated-secret-0123'
const BASE = '/backend/data'

/** Opens it over a running server; a path is below its base. */
export async function openHistory(parts: HistoryParts): Promise<Ask> {
  const { store, visitors, erasures, desk, now, error } = parts
  const { config, presence, notifier } = desk
  const history = await openDesk({
    ...{ store, config, now },
    access: createAccess({
      keys: parseKeys([`simulated:${SECRET}:history:read+erase`], 'the simulation'),
      checkJwt: null,
      failures: createFailures({ now, wait: async () => {} }),
      now,
    }),
    audit: async () => {},
    log: { error: (_fields, message) => error(message) },
    viewVisitor: visitors.view,
    viewPast: visitors.viewPast,
    connections: presence.count,
    rules: () => [],
    acting: { visitors, events: createRestEvents(config), erasures, notify: notifier.notify },
    addressOf: () => 'simulated',
  })
  const app = createHistory(history)
  const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
  return async (path, body) => {
    const asked = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const response = await app.request(`${BASE}${path}`, asked)
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }
}
