/** All of HTTP but the wire: History, `/live`, what operators ask, what browsers load; and requests over NATS. */
import { Hono } from 'hono'
import { BESIDE } from './beside.ts'
import type { Bus } from './bus/bus.ts'
import { serveOperations } from './bus/operations.ts'
import type { Relay } from './bus/relay.ts'
import type { Config } from './config.ts'
import type { Erasures } from './erasure/contract.ts'
import { createAddressOf } from './gateway/addresses.ts'
import type { Gateway } from './gateway/gateway.ts'
import { createRestEvents } from './gateway/rest-events.ts'
import type { Access, Guard } from './history/access.ts'
import { openDesk } from './history/desk.ts'
import { allowDesktops } from './history/desktop-origins.ts'
import { createHistory } from './history/history.ts'
import { createOperations } from './history/operations.ts'
import type { Live } from './live/live.ts'
import { createAssets } from './operating/assets.ts'
import type { Audit } from './operating/audit.ts'
import { createHealth } from './operating/health.ts'
import type { Log } from './operating/log.ts'
import { countRequests, createMetricsRoute, type Metrics, watchRooms } from './operating/metrics.ts'
import { watchRetention } from './operating/retention-metrics.ts'
import { watchRules } from './operating/rule-metrics.ts'
import type { Step } from './operating/stopping.ts'
import type { Retention } from './retention/contract.ts'
import type { Rules } from './rules/rules.ts'
import type { Store } from './store/contract.ts'
import type { Clock } from './visitors/clock.ts'
import type { OpenVisitors } from './visitors/visitors.ts'

export interface AppParts {
  readonly config: Config
  readonly log: Log
  readonly demo?: boolean
  readonly store: Store
  readonly clock: Clock
  readonly access: Access
  readonly guard: Guard
  readonly audit: Audit
  readonly visitors: OpenVisitors
  readonly rules: Rules
  readonly retention: Retention
  readonly erasures: Erasures
  readonly bus: Bus | null
  readonly relay: Relay | null
  readonly live: Live
  readonly gateway: Gateway
  readonly metrics: Metrics
  readonly isDraining: () => boolean
  readonly steps: Step[]
}

/** What an agent's desktop asks: pages of configured origins may. */
const DESKTOP_PATHS = [
  '/backend/*',
  '/server/*',
  '/frontend/*',
  '/live',
  '/live/*',
  '/openapi.json',
  '/erasures/*',
]

/** Rejects where a new cursor secret cannot be kept. What it begins, it puts before the steps of a stop. */
export async function createApp(parts: AppParts): Promise<Hono> {
  const { config, log, clock, visitors, erasures, gateway, metrics, bus, demo = false } = parts
  const desk = await openDesk({
    store: visitors.reads,
    config,
    access: parts.access,
    audit: parts.audit.tell,
    log,
    viewVisitor: visitors.view,
    viewPast: visitors.viewPast,
    connections: gateway.connectionsOf,
    rules: parts.rules.inForce,
    acting: { visitors, events: createRestEvents(config), erasures, notify: gateway.notify },
    addressOf: createAddressOf(config.trustedProxies),
    beside: BESIDE,
    now: clock.now,
  })
  const app = new Hono()
  app.use(countRequests(metrics))
  const desktops = allowDesktops(config)
  for (const path of DESKTOP_PATHS) app.use(path, desktops)
  mountOperating(app, parts)
  app.route('/', createAssets({ demo }))
  app.route('/', parts.live.app)
  app.route('/', createHistory(desk))
  if (bus !== null) {
    const stop = serveOperations({ bus, operations: createOperations(desk), config, log })
    parts.steps.unshift({ name: 'requests', close: stop })
  }
  return app
}

/** What whoever runs the server asks: is it well, and how much of everything is there. */
function mountOperating(app: Hono, parts: AppParts): void {
  const { store, visitors, rules, gateway, metrics, live, audit, isDraining } = parts
  const relay = () => parts.relay?.stats() ?? null
  const stats = () => ({ ...visitors.stats(), ...rules.stats(), connections: gateway.connections() })
  app.route('/', createHealth({ store, isDraining, relay, stats }))
  const sockets = gateway.connections
  const rooms = { store, visitors: visitors.stats, sockets, liveStreams: live.count, auditLost: audit.lost }
  watchRooms(metrics, { ...rooms, relay })
  watchRules(metrics, rules.stats)
  watchRetention(metrics, parts.retention.stats)
  const metricsRoute = createMetricsRoute(metrics, (context) => parts.guard(context, 'metrics'))
  app.route('/', metricsRoute)
}
