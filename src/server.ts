/** Puts the rooms together: store, visitors, gateway, History, bus. What is opened here is closed here. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { Settings } from '../machines/entries.ts'
import { createApp } from './app.ts'
import type { Bus } from './bus/bus.ts'
import { startContacts } from './bus/contacts/contacts.ts'
import { openBus } from './bus/open-bus.ts'
import { type Relay, startRelay } from './bus/relay.ts'
import type { Config } from './config.ts'
import type { Messages } from './erasure/contract.ts'
import { createAddressOf } from './gateway/addresses.ts'
import { type Gateway, startGateway } from './gateway/gateway.ts'
import { createRestEvents } from './gateway/rest-events.ts'
import { type Access, createAccess, createGuard, createSlowing, type Guard } from './history/access.ts'
import { openAccessJwt } from './history/access-jwt.ts'
import { createFailures } from './history/failures.ts'
import { createNames } from './history/names.ts'
import { openKeys } from './history/open-keys.ts'
import { createRates } from './history/rates.ts'
import { eventResource } from './history/resources.ts'
import { createLive, type Live } from './live/live.ts'
import { type Audit, createAudit, openAuditSecret } from './operating/audit.ts'
import type { Log } from './operating/log.ts'
import { createMetrics, type Metrics } from './operating/metrics.ts'
import { closeInOrder, type Step } from './operating/stopping.ts'
import { startUpkeep } from './operating/upkeep.ts'
import { type Privacy, startPrivacy } from './privacy.ts'
import { type Rules, startRules } from './rules/rules.ts'
import type { Store } from './store/contract.ts'
import { openStore, type StoreOptions } from './store/store.ts'
import { type Clock, createClock } from './visitors/clock.ts'
import { type OpenVisitors, openVisitors } from './visitors/visitors.ts'

export interface ServerOptions extends Pick<StoreOptions, 'beforePut' | 'onBroken'> {
  readonly config: Config
  readonly log: Log
  /** Serves the demo shop under `/demo/`. */
  readonly demo?: boolean
}

export interface VestibuleServer {
  /** `http://HOST:PORT`, with the port that was taken. */
  readonly url: string
  /** Where the made key lies; null where keys are configured. */
  readonly madeKeyPath: string | null
  /** Reads the keys again; a key that is gone ends its streams. Throws `ConfigError`: then the keys stay as they were. */
  readonly rereadKeys: () => void
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
    const metrics = createMetrics()
    const http = createServer({
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, config.requestTimeoutMs),
      requestTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: CHECKING_MS,
    })
    const gateway = startGateway({
      server: http,
      visitors: rooms.visitors,
      config,
      log,
      clock: { now: rooms.clock.now, uptime: () => performance.now() },
      meter: metrics,
    })
    const draining = { isDraining: false }
    steps.unshift({ name: 'sockets', close: () => closeSockets(http, gateway) })
    steps.unshift({ name: 'live', close: rooms.live.close })
    const app = await createApp({
      ...rooms,
      ...options,
      gateway,
      metrics,
      isDraining: () => draining.isDraining,
      steps,
    })
    http.on('request', routeRequests({ gateway, metrics }, getRequestListener(app.fetch)))
    const url = await listen(http, config)
    const close = async (): Promise<void> => {
      draining.isDraining = true
      await closeInOrder(steps, { drainMs: config.drainMs, log })
    }
    const rereadKeys = () => rooms.access.replaceKeys(readKeys(config).keys)
    return { url, madeKeyPath: rooms.madeKeyPath, rereadKeys, close }
  } catch (cause) {
    await closeInOrder(steps, { drainMs: config.drainMs, log })
    throw cause
  }
}

/** Connections that may wait to be accepted, as far as the kernel allows: of a storm of reconnects Node's 511 would lose most. */
const BACKLOG = 65_535
const HEADERS_TIMEOUT_MS = 10_000
/** How often Node looks at these two: by itself so rarely that a head dribbled in would be held for 40 s. */
const CHECKING_MS = 1_000

interface Rooms {
  readonly store: Store
  readonly clock: Clock
  readonly access: Access
  readonly madeKeyPath: string | null
  readonly audit: Audit
  readonly visitors: OpenVisitors
  readonly rules: Rules
  readonly erasures: Privacy['erasures']
  readonly retention: Privacy['retention']
  readonly bus: Bus | null
  readonly relay: Relay | null
  readonly guard: Guard
  readonly live: Live
}

async function openRooms({ config, log, demo, ...hooks }: ServerOptions, steps: Step[]): Promise<Rooms> {
  const store = await openStore({ ...storeOptions(config), ...hooks })
  steps.unshift({ name: 'store', close: () => store.close() })
  const clock = createClock(store.lastAt())
  const { keys, madeKeyPath } = readKeys(config)
  const access = createAccess({
    keys,
    checkJwt: openAccessJwt({ config, now: clock.now, log }),
    failures: createFailures({ now: clock.now, wait: (ms) => wait(ms, undefined, { ref: false }) }),
    rates: createRates({ perSecond: config.requestsPerSecond, burst: config.requestsBurst, now: clock.now }),
    now: clock.now,
  })
  const audit = createAudit({
    path: config.auditFile || join(config.data, 'audit.log'),
    secret: await openAuditSecret(store),
    now: clock.now,
    log,
  })
  steps.unshift({ name: 'audit', close: audit.close })
  const { publishEvents, sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys } =
    config
  const limits = { sleepAfterMs, awakeMax, waitingEntries, commitEntries, commitBytes, profileKeys }
  const visitors = await openVisitors({
    store,
    settings: settingsOf(config),
    clock,
    log,
    limits,
    publishEvents,
  })
  const bus = openBus(config, log)
  let relay: Relay | null = null
  const { erasures, retention, ...privacy } = startPrivacy({
    ...{ store, visitors, clock, config, log },
    messages: () => (bus === null ? null : messagesOf(relay)),
  })
  if (bus !== null) steps.unshift({ name: 'bus', close: bus.close })
  const { onCommitted } = visitors
  relay = bus && (await startRelay({ store, bus, config, log, onCommitted, now: clock.now }))
  if (relay !== null) steps.unshift({ name: 'relay', close: () => relay.close(config.drainMs) })
  // Before the relay: what the last commits changed is published still.
  steps.unshift({ name: 'visitors', close: () => visitors.close() })
  steps.unshift(...privacy.steps)
  steps.unshift({ name: 'contacts', close: startContacts({ store, visitors, bus, config, log }).close })
  const rules = await openRules({ store, visitors, clock }, { config, log })
  steps.unshift({ name: 'rules', close: rules.close })
  const endUpkeep = startUpkeep({
    ...{ store, isPublishing: relay !== null, now: clock.now, log },
    liveKeepMs: config.liveKeepMs,
    sentKeepMs: config.natsStreamMaxAgeMs,
  })
  steps.unshift({ name: 'upkeep', close: endUpkeep })
  const guarding = { access, addressOf: createAddressOf(config.trustedProxies), audit: audit.tell }
  const guard = createGuard(guarding)
  const { reads } = visitors
  const live = createLive({
    ...{ store: reads, config, log, audit: audit.tell, allEvents: demo === true },
    onCommitted: visitors.onCommitted,
    access: {
      ...access,
      admit: (context) => guard(context, 'history:read'),
      slow: createSlowing(guarding),
    },
    describeEvent: (number, event) =>
      eventResource({ store: reads, names: createNames(reads) }, number, event),
    clock: { now: clock.now, uptime: () => performance.now() },
  })
  const rooms = { store, clock, access, madeKeyPath, audit, visitors, rules }
  return { ...rooms, erasures, retention, bus, relay, guard, live }
}

/** The relay, as far as an erasure needs it. */
function messagesOf(relay: Relay | null): Messages {
  if (relay === null) throw new Error('the relay has not started yet')
  return relay
}

function openRules(
  { store, visitors, clock }: Pick<Rooms, 'store' | 'visitors' | 'clock'>,
  { config, log }: Pick<ServerOptions, 'config' | 'log'>,
): Promise<Rules> {
  return startRules({
    ...{ store, visitors, log, now: clock.now },
    items: config.rules,
    ruleMs: config.ruleMs,
    memoryMb: config.rulesMemoryMb,
    waitingMax: config.rulesWaiting,
    floor: { precision: config.rulesFloor, afterDecisions: config.rulesJudgedAfter },
    provenOnly: config.identitySecret !== '' || config.identityJwks !== '',
    toIdentityId: createRestEvents(config).identityIdOf,
  })
}

function readKeys(config: Config): ReturnType<typeof openKeys> {
  return openKeys(config, () => randomBytes(24).toString('base64url'))
}

/** The wire has its own handler: it is the hot path, and no framework stands in it. */
function routeRequests(
  { gateway, metrics }: { readonly gateway: Gateway; readonly metrics: Metrics },
  rest: RequestListener,
): RequestListener {
  return (request, response) => {
    const { url: path = '/', method = '' } = request
    if (path !== '/track' && !path.startsWith('/track?')) return rest(request, response)
    const began = performance.now()
    response.once('close', () => {
      const { statusCode: status } = response
      metrics.answered({ route: '/track', method, status, ms: performance.now() - began })
    })
    gateway.handle(request, response)
  }
}

async function listen(http: HttpServer, { host, port }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, BACKLOG, () => {
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
