/** The History API as an app to be mounted: the table of routes under its base paths. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { ViewVisitor } from '../visitors/views.ts'
import { answer, type Desk, type HistoryEnv, type HistoryLog } from './answering.ts'
import { createBudget } from './budget.ts'
import { openCursorSecret } from './cursor-secret.ts'
import { createCursors } from './cursors.ts'
import { createFailures } from './failures.ts'
import { createKeyRing, type Key } from './keys.ts'
import { createNames } from './names.ts'
import { BASES, type Route } from './route.ts'
import { ROUTES } from './routes.ts'

export interface HistoryOptions {
  readonly store: Store
  readonly viewVisitor: ViewVisitor
  /** Sockets of a visitor, now. */
  readonly connections: (globalVisitID: string) => number
  readonly config: Pick<Config, 'pageSizeMax' | 'readRows' | 'readSliceRows' | 'readSliceMs'>
  /** See `openKeys`. */
  readonly keys: readonly Key[]
  /** Epoch ms. */
  readonly now: () => number
  /** Whom a request comes from, behind proxies too. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly log: HistoryLog
}

/** Rejects where a new cursor secret cannot be kept (`StoreUnavailable`). */
export async function createHistory(options: HistoryOptions): Promise<Hono<HistoryEnv>> {
  const { keys, now, addressOf, log } = options
  const desk: Desk = {
    keyRing: createKeyRing(keys),
    failures: createFailures({ now, wait: (ms) => wait(ms, undefined, { ref: false }) }),
    addressOf,
    log,
    beginReading: await createReadings(options),
  }
  const app = new Hono<HistoryEnv>()
  const mount = (base: string, routes: readonly Route[]): void => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const rows = routes.filter((route) => route.path === path)
      app.all(base + path.replace(/\{(\w+)\}/g, ':$1'), (c) => answer(desk, { base, routes: rows }, c))
    }
  }
  mount(
    '',
    ROUTES.filter(({ at }) => at === 'root'),
  )
  for (const base of BASES) {
    mount(
      base,
      ROUTES.filter(({ at }) => at === 'data'),
    )
    app.all(base, (c) => answer(desk, { base, routes: [] }, c))
    app.all(`${base}/*`, (c) => answer(desk, { base, routes: [] }, c))
  }
  return app
}

async function createReadings({ store, viewVisitor, connections, config, now }: HistoryOptions) {
  const cursors = createCursors(await openCursorSecret(store))
  const { pageSizeMax, readRows: rows, readSliceRows: sliceRows, readSliceMs: sliceMs } = config
  return (base: string) => ({
    store,
    names: createNames(store),
    budget: createBudget({ rows, sliceRows, sliceMs }, () => performance.now()),
    cursors,
    at: now(),
    base,
    pageSizeMax,
    viewVisitor,
    connections,
  })
}
