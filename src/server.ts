/** Puts the rooms together: store, visitors, gateway, History, bus. What is opened here is closed here. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Settings } from '../machines/entries.ts'
import { startContacts } from './bus/contacts/contacts.ts'
import { openBus } from './bus/open-bus.ts'
import { type Relay, startRelay } from './bus/relay.ts'
import type { Config } from './config.ts'
import { createAddressOf } from './gateway/addresses.ts'
import { type Gateway, startGateway } from './gateway/gateway.ts'
import { createHistory } from './history/history.ts'
import { openKeys } from './history/open-keys.ts'
import { createAssets } from './operating/assets.ts'
import { createHealth } from './operating/health.ts'
import type { Log } from './operating/log.ts'
import { closeInOrder, type Step } from './operating/stopping.ts'
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
  // What is open, in the order in which it is closed.
  const steps: Step[] = []
  try {
    const rooms = await openRooms(options, steps)
    const { keys, madeKeyPath } = openKeys(config, () => randomBytes(24).toString('base64url'))
    const http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS })
    const gateway = startGateway({
      server: http,
      visitors: rooms.visitors,
      config,
      log,
      clock: { now: rooms.clock.now, uptime: () => performance.now() },
    })
    const draining = { isDraining: false }
    steps.unshift({ name: 'sockets', close: () => closeSockets(http, gateway) })
    const app = await createApp({
      ...rooms,
      ...options,
      keys,
      gateway,
      isDraining: () => draining.isDraining,
    })
    http.on('request', routeRequests(gateway, getRequestListener(app.fetch)))
    const url = await listen(http, config)
    const close = async (): Promise<void> => {
      draining.isDraining = true
      await closeInOrder(steps, { drainMs: config.drainMs, log })
    }
    return { url, madeKeyPath, close }
  } catch (cause) {
    await closeInOrder(steps, { drainMs: config.drainMs, log })
    throw cause
  }
}

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

interface Rooms {
  readonly store: Store
  readonly clock: Clock
  readonly visitors: OpenVisitors
  readonly relay: Relay | null
}

async function openRooms({ config, log, beforePut }: ServerOptions, steps: Step[]): Promise<Rooms> {
  const store = await openStore({ ...storeOptions(config), ...(beforePut ? { beforePut } : {}) })
  steps.unshift({ name: 'store', close: () => store.close() })
  const clock = createClock(store.lastAt())
  const { sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys } = config
  const limits = { sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys }
  const settings = settingsOf(config)
  const { publishEvents } = config
  const visitors = await openVisitors({ store, settings, clock, log, limits, publishEvents })
  const bus = openBus(config, log)
  if (bus !== null) steps.unshift({ name: 'bus', close: bus.close })
  const { onCommitted } = visitors
  const relay = bus && (await startRelay({ store, bus, config, log, onCommitted, now: clock.now }))
  if (relay !== null) steps.unshift({ name: 'relay', close: () => relay.close(config.drainMs) })
  // Before the relay: what the last commits changed is published still.
  steps.unshift({ name: 'visitors', close: () => visitors.close() })
  steps.unshift({ name: 'contacts', close: startContacts({ store, visitors, bus, config, log }).close })
  const { liveKeepMs } = config
  const endUpkeep = startUpkeep({ store, liveKeepMs, isPublishing: relay !== null, now: clock.now, log })
  steps.unshift({ name: 'upkeep', close: endUpkeep })
  return { store, clock, visitors, relay }
}

interface AppParts extends Rooms, ServerOptions {
  readonly keys: ReturnType<typeof openKeys>['keys']
  readonly gateway: Gateway
  readonly isDraining: () => boolean
}

/** All of HTTP but the wire. */
async function createApp(parts: AppParts): Promise<Hono> {
  const { config, log, store, clock, visitors, relay, keys, gateway, isDraining, demo = false } = parts
  const stats = () => ({ ...visitors.stats(), connections: gateway.connections() })
  const app = new Hono()
  app.route('/', createHealth({ store, isDraining, relay: () => relay?.stats() ?? null, stats }))
  app.route('/', createAssets({ demo }))
  const history = await createHistory({
    store,
    config,
    keys,
    log,
    viewVisitor: visitors.view,
    connections: gateway.connectionsOf,
    addressOf: createAddressOf(config.trustedProxies),
    now: clock.now,
  })
  app.route('/', history)
  return app
}

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
  const address = http.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
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
    leasesPerVisit: config.leasesPerVisit,
  }
}
