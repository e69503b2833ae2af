/** Real actors over a real store, a clock that is moved by hand, the app and the operations over them. */
import { DEFAULT_SETTINGS, type Settings } from '../../machines/entries.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import { createRestEvents } from '../../src/gateway/rest-events.ts'
import { createAccess } from '../../src/history/access.ts'
import type { Acting } from '../../src/history/acting.ts'
import { createFailures } from '../../src/history/failures.ts'
import { createHistory } from '../../src/history/history.ts'
import { parseKeys } from '../../src/history/keys.ts'
import { createOperations } from '../../src/history/operations.ts'
import { openStore } from '../../src/store/store.ts'
import type { NewEntry, NewEvent } from '../../src/visitors/contract.ts'
import { openVisitors } from '../../src/visitors/visitors.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { saidIn } from './answered.ts'
import { openHouseDesk } from './house.ts'

export const ALL = 'Bearer all-scopes-secret-01'
export const READS = 'Bearer reads-only-secret-01'
/** A key that reads nothing of anybody. */
export const COUNTS = 'Bearer counts-only-secret-01'
export const START = 1_790_000_000_000
const KEYS = [
  'all:all-scopes-secret-01:history:read+history:write+verdict+notify+erase',
  'reads:reads-only-secret-01:history:read',
  'counts:counts-only-secret-01:metrics',
]

export interface Answered {
  readonly status: number
  readonly headers: Headers
  // The boundary where a test says what it expects of a parsed body.
  readonly body: Record<string, unknown>
}

export type RealHouse = Awaited<ReturnType<typeof openRealHouse>>

export interface RealOptions {
  readonly notify?: Acting['notify']
  readonly connections?: number
  readonly settings?: Partial<Settings>
  readonly config?: Partial<Config>
}

export async function openRealHouse(options: RealOptions = {}) {
  const { notify, connections = 1, settings = {}, config = {} } = options
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  let now = START
  const clock = { now: () => now, drift: () => 0 }
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const limits = { ...defaultConfig(), profileKeys: 100 }
  const visitors = await openVisitors({
    store,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    clock,
    log: silent,
    limits,
  })
  const audited: { who: string; what: string; outcome: number }[] = []
  const desk = await openHouseDesk(store, {
    config: { ...defaultConfig(), ...config },
    viewVisitor: visitors.view,
    viewPast: visitors.viewPast,
    now: clock.now,
    connections: () => connections,
    acting: {
      erasures: {
        begin: async () => null,
        survey: async (kind, name) => {
          const number = kind === 'person' ? store.identityNumber(name) : store.visitorNumber(name)
          return number === 0 ? null : { entries: 1 }
        },
      },
      visitors,
      events: createRestEvents(defaultConfig()),
      notify: notify ?? (() => Promise.reject(new Error('nobody is told here'))),
    },
    access: createAccess({
      keys: parseKeys(KEYS, 'test'),
      checkJwt: null,
      failures: createFailures({ now: clock.now, wait: async () => {} }),
      now: clock.now,
    }),
    audit: async ({ who, what, outcome }) => void audited.push({ who, what, outcome }),
  })
  const app = createHistory(desk)
  let ids = 0

  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const isWhole = /^\/(frontend|erasures|openapi\.json)/.test(path)
    const whole = isWhole ? path : `/backend/data${path}`
    const response = await app.request(whole, { headers: { authorization: ALL }, ...init })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: saidIn(response.headers, text) ?? {},
    }
  }
  return {
    store,
    audited,
    operations: createOperations(desk),
    record: (globalVisitID: string, ...entries: readonly NewEntry[]) =>
      visitors.record(globalVisitID, entries),
    wait: (ms: number): void => {
      now += ms
    },
    event: (eventName: string, more: Partial<NewEvent> = {}, words: Partial<NewEvent['words']> = {}) =>
      newEvent(eventName, `e${++ids}`, { more, words }),
    ask,
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      ask(path, {
        method: 'POST',
        headers: { authorization: ALL, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: async () => {
      await visitors.close()
      await store.close()
      folder.remove()
    },
  }
}

interface Over {
  readonly more: Partial<NewEvent>
  readonly words: Partial<NewEvent['words']>
}

function newEvent(eventName: string, eventID: string, { more, words }: Over): NewEvent {
  const isSystem = /^(Visit|Page|Sign|UserInfo)/.test(eventName)
  return {
    type: 'event',
    words: {
      eventType: isSystem ? 'SYSTEM' : 'BUSINESS',
      eventName,
      eventID,
      visitID: 'v1',
      pageID: 'p1',
      timestamp: START,
      url: 'https://shop.example/',
      data: {},
      ...words,
    },
    ageMs: 0,
    via: 'socket',
    final: false,
    proven: false,
    identityId: null,
    namesVisit: null,
    userAgent: { id: '3b241101-e2bb-5255-8caf-4136c566a962', text: 'Mozilla/5.0' },
    ...more,
  }
}
