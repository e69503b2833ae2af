/** Puts the rooms together: store, visitors, gateway, History, bus. What is opened here is closed here. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Settings } from '../machines/entries.ts'
import { type Relay, startRelay } from './bus/relay.ts'
import type { Config } from './config.ts'
import { createAddressOf } from './gateway/addresses.ts'
import { type Gateway, startGateway } from './gateway/gateway.ts'
import { createHistory } from './history/history.ts'
import { openKeys } from './history/open-keys.ts'
import { createAssets } from './operating/assets.ts'
import { createHealth } from './operating/health.ts'
import type { Log } from './operating/log.ts'
import { startUpkeep } from './operating/upkeep.ts'
import type { Store } from './store/contract.ts'
import { openStore, type StoreOptions } from './store/store.ts'
import { type Clock, createClock } from './visitors/clock.ts'
import { type OpenVisitors, openVisitors } from './visitors/visitors.ts'

export interface ServerOptions {
  readonly config: Config
  readonly log: Log
  /** Serves the demo shop under `/demo/`. */
  readonly demo?: boolean
  /** For tests: fails a put of a commit. */
  readonly beforePut?: StoreOptions['beforePut']
}

export interface VestibuleServer {
  /** `http://HOST:PORT`, with the port that was taken. */
  readonly url: string
  /** Where the made key lies; null where keys are configured. */
  readonly madeKeyPath: string | null
  /** Stops in order, each step within `drainMs`: nothing acknowledged is lost (Q6). */
  readonly close: () => Promise<void>
}

/** Starts everything; rejects, with nothing left open, where something cannot be opened. */
export async function startServer(options: ServerOptions): Promise<VestibuleServer> {
  const { config, log } = options
  const opened: (() => Promise<void>)[] = []
  try {
    return await openRooms(options, opened)
  } catch (cause) {
    for (const close of opened.reverse())
      await close().catch((err: unknown) => log.error({ err }, 'not closed'))
    throw cause
  }

  async function openRooms({ demo = false, beforePut }: ServerOptions, closers: (() => Promise<void>)[]) {
    const { keys, madeKeyPath } = openKeys(config, () => randomBytes(24).toString('base64url'))
    const store = await openStore({ ...storeOptions(config), ...(beforePut ? { beforePut } : {}) })
    closers.push(() => store.close())
    const clock = createClock(store.lastAt())
    const visitors = await openVisitors(visitorsOptions({ config, log, store, clock }))
    closers.push(() => visitors.close())
    const relay = await relayIfWanted({ config, log, store, visitors, clock })
    closers.push(() => relay?.close(config.drainMs) ?? Promise.resolve())
    const endUpkeep = startUpkeep({
      store,
      liveKeepMs: config.liveKeepMs,
      isPublishing: relay !== null,
      now: clock.now,
      log,
    })
    closers.push(endUpkeep)

    const http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS })
    const gateway = startGateway({ server: http, visitors, config, log })
    let isDraining = false
    const app = new Hono()
    const connections = (globalVisitID: string) => gateway.connectionsOf(globalVisitID)
    const stats = () => ({ ...visitors.stats(), connections: gateway.connections() })
    app.route(
      '/',
      createHealth({ store, isDraining: () => isDraining, relay: () => relay?.stats() ?? null, stats }),
    )
    app.route('/', createAssets({ demo }))
    app.route(
      '/',
      await createHistory({
        store,
        config,
        keys,
        connections,
        log,
        addressOf: createAddressOf(config.trustedProxies),
        viewVisitor: visitors.view,
        now: clock.now,
      }),
    )
    http.on('request', routeRequests(gateway, getRequestListener(app.fetch)))
    const url = await listen(http, config)

    const close = async (): Promise<void> => {
      isDraining = true
      await step('sockets', closeSockets(http, gateway))
      await step('upkeep', endUpkeep())
      await step('visitors', visitors.close())
      await step('bus', relay?.close(config.drainMs) ?? Promise.resolve())
      await step('store', store.close())
    }
    return { url, madeKeyPath, close }
  }

  async function step(name: string, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log.warn(
          { step: name, drainMs: config.drainMs },
          'a step of the stop took too long; going on without it',
        )
        resolve()
      }, config.drainMs + STEP_SLACK_MS)
    })
    await Promise.race([work, late]).finally(() => clearTimeout(timer))
  }
}

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** A step that keeps its own limit is not cut by ours at the same moment. */
const STEP_SLACK_MS = 500

/** The wire has its own handler: it is the hot path, and no framework stands in it. */
function routeRequests(gateway: Gateway, rest: RequestListener): RequestListener {
  return (request, response) => {
    const path = request.url ?? '/'
    if (path === '/track' || path.startsWith('/track?')) gateway.handle(request, response)
    else rest(request, response)
  }
}

async function listen(http: HttpServer, { host, port }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve()
    })
  })
  const { port: taken } = http.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`
}

async function closeSockets(http: HttpServer, gateway: Gateway): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()))
  await gateway.drain()
  http.closeAllConnections()
  await closed
}

function storeOptions({ data, quotaBytes, diskReserveBytes }: Config): StoreOptions {
  return { path: data, quotaBytes, diskReserveBytes }
}

interface Opened {
  readonly config: Config
  readonly log: Log
  readonly store: Store
  readonly clock: Clock
}

function visitorsOptions({ config, log, store, clock }: Opened) {
  const { sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys } = config
  const limits = { sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys }
  return { store, settings: settingsOf(config), clock, log, limits }
}

/** What of the configuration the machine decides by. */
export function settingsOf(config: Config): Settings {
  return {
    leaveGraceMs: config.leaveGraceMs,
    restartGraceMs: config.restartGraceMs,
    visitIdleMs: config.visitIdleMs,
    visitMaxMs: config.visitMaxMs,
    confidence: {
      signedOut: config.confidenceSignedOut,
      userInfo: config.confidenceUserInfo,
      confirmed: config.confidenceConfirmed,
    },
    interaction: {
      anonymous: config.interactionAnonymous,
      authenticated: config.interactionAuthenticated,
      confirmed: config.interactionConfirmed,
      recognized: config.interactionRecognized,
      wmRecognized: config.interactionWmRecognized,
    },
    leasesPerVisit: 1,
  }
}

async function relayIfWanted({
  config,
  log,
  store,
  clock,
  visitors,
}: Opened & { readonly visitors: OpenVisitors }): Promise<Relay | null> {
  if (config.natsUrl === '') return null
  return startRelay({ store, config, log, onCommitted: visitors.onCommitted, now: clock.now })
}
