/** A store in a folder of the test's own, rows put into it through drafts, and the History app over it. */
import { defaultConfig } from '../../src/config.ts'
import { createRestEvents } from '../../src/gateway/rest-events.ts'
import { createAccess } from '../../src/history/access.ts'
import { type HistoryOptions, openDesk } from '../../src/history/desk.ts'
import { createFailures } from '../../src/history/failures.ts'
import { createHistory } from '../../src/history/history.ts'
import { parseKeys } from '../../src/history/keys.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { saidIn } from './answered.ts'
import { createScribe } from './scribe.ts'

export const SECRET = 'reader-secret-0123'
export const AUTHORIZATION = `Bearer ${SECRET}`
export const NOW = 1_800_000_000_000

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

export type House = Awaited<ReturnType<typeof openHouse>>

/** Opens a store and an app; `close` removes both. Options of the app can be given. */
export async function openHouse(options: Partial<HistoryOptions> = {}) {
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  const faults: object[] = []
  const app = await openApp(store, { log: { error: (fields) => faults.push(fields) }, ...options })
  return {
    store,
    app,
    faults,
    scribe: createScribe(store),
    /** Asks with a key that may read; the body is parsed. */
    ask: async (path: string, init: RequestInit = {}): Promise<Answer> => {
      const response = await app.request(path, { headers: { authorization: AUTHORIZATION }, ...init })
      const text = await response.text()
      return {
        status: response.status,
        headers: response.headers,
        body: saidIn(response.headers, text),
      }
    },
    close: async () => {
      await store.close()
      folder.remove()
    },
  }
}

export async function openApp(store: Store, options: Partial<HistoryOptions> = {}) {
  return createHistory(await openHouseDesk(store, options))
}

/** What the app answers with, and the operations. */
export function openHouseDesk(store: Store, options: Partial<HistoryOptions> = {}) {
  return openDesk({
    store,
    viewVisitor: () => null,
    viewPast: async () => null,
    connections: () => 0,
    rules: () => [],
    acting: {
      erasures: { begin: async () => null, survey: async () => null },
      visitors: { record: () => Promise.reject(new Error('nothing is recorded here')), isFull: () => false },
      events: createRestEvents(defaultConfig()),
      notify: () => Promise.reject(new Error('nobody is told here')),
    },
    config: defaultConfig(),
    access: createAccess({
      keys: parseKeys([`reader:${SECRET}:history:read+erase`, 'poor:poor-secret-012345:metrics'], 'test'),
      checkJwt: null,
      failures: createFailures({ now: () => NOW, wait: async () => {} }),
      now: () => NOW,
    }),
    audit: async () => {},
    now: () => NOW,
    addressOf: () => '127.0.0.1',
    log: {
      error: (fields) => {
        throw new Error(`a fault was logged: ${JSON.stringify(fields)}`)
      },
    },
    ...options,
  })
}
