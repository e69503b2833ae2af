/** What is counted and measured, for Prometheus. `/metrics` needs a key with the scope `metrics`. */
import type { Context, MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import { routePath } from 'hono/route'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { RelayStats } from '../bus/relay.ts'
import type { Store } from '../store/contract.ts'

/** What others count with; the gateway's meter is part of it. */
export interface Metrics {
  readonly acknowledged: (ack: Acknowledged, ms: number) => void
  readonly closed: (code: number) => void
  readonly unproven: () => void
  /** Counts a request; `route` is a row of a table, never a path with ids. */
  readonly answered: (request: {
    readonly route: string
    readonly method: string
    readonly status: number
    readonly ms: number
  }) => void
  /** What is only looked at when somebody asks for it; each a gauge. */
  readonly watch: (name: string, help: string, read: () => number) => void
  readonly registry: Registry
}

interface Acknowledged {
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: readonly { readonly code: string }[]
}

const ACK_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const HTTP_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
/** Closes that have a name; any other code is a client's own, and they are counted together. */
const CODES = new Set([1000, 1001, 1002, 1005, 1006, 1008, 1009, 4001, 4002, 4003, 4004, 4005, 4006])

/** Counters at zero; the process's own figures are in it. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  // Plain sums, told when asked for: a batch of one event is as frequent as events are.
  const sums = { batches: 0, accepted: 0, duplicate: 0, rejected: 0 }
  const events = new Counter({
    name: 'vestibule_events_total',
    help: 'events of acknowledged batches',
    labelNames: ['outcome'],
    registers,
    collect() {
      events.reset()
      for (const outcome of ['accepted', 'duplicate', 'rejected'] as const)
        events.inc({ outcome }, sums[outcome])
    },
  })
  const batches = new Counter({
    name: 'vestibule_batches_total',
    help: 'batches acknowledged',
    registers,
    collect() {
      batches.reset()
      batches.inc(sums.batches)
    },
  })
  const rejections = counter('vestibule_rejections_total', 'events rejected, by code', ['code'])
  const closes = counter('vestibule_closes_total', 'sockets closed, by close code', ['code'])
  const unproven = counter('vestibule_unproven_total', 'identities stated without a valid proof')
  const requests = counter('vestibule_http_requests_total', 'HTTP requests', ['route', 'method', 'status'])
  const seconds = (name: string, help: string, buckets: number[], labelNames: string[] = []) =>
    new Histogram({ name, help, buckets, labelNames, registers })
  const acks = seconds('vestibule_ack_seconds', 'from a batch taken to its ack', ACK_SECONDS)
  const http = seconds('vestibule_http_seconds', 'from a request to its answer', HTTP_SECONDS, ['route'])

  return {
    registry,
    acknowledged({ accepted, duplicates, rejected }, ms) {
      acks.observe(ms / 1_000)
      sums.batches += 1
      sums.accepted += accepted
      sums.duplicate += duplicates
      sums.rejected += rejected.length
      for (const { code } of rejected) rejections.inc({ code })
    },
    closed: (code) =>
      closes.inc({ code: CODES.has(code) || (code >= 4500 && code <= 4505) ? code : 'other' }),
    unproven: () => unproven.inc(),
    answered({ route, method, status, ms }) {
      requests.inc({ route, method, status })
      http.observe({ route }, ms / 1_000)
    },
    watch(name, help, read) {
      const collect = (): void => gauge.set(read())
      const gauge = new Gauge({ name, help, registers, collect })
    },
  }
}

/** Counts what Hono answers, by the path of the route that answered. */
export function countRequests({ answered }: Pick<Metrics, 'answered'>): MiddlewareHandler {
  return async (context, next) => {
    const began = performance.now()
    await next()
    const { method } = context.req
    answered({
      route: routePath(context),
      method,
      status: context.res.status,
      ms: performance.now() - began,
    })
  }
}

/** The route. `admit` lets in whoever brings a key for it, or answers why not. */
export function createMetricsRoute(
  { registry }: Pick<Metrics, 'registry'>,
  admit: (context: Context) => Promise<object | Response>,
): Hono {
  const route = new Hono()
  route.get('/metrics', async (context) => {
    const admitted = await admit(context)
    if (admitted instanceof Response) return admitted
    return context.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })
  return route
}

export interface Watched {
  readonly store: Pick<Store, 'stats' | 'rowCount' | 'unavailable'>
  readonly visitors: () => { readonly awake: number; readonly waiting: number }
  readonly sockets: () => number
  readonly liveStreams: () => number
  readonly auditLost: () => number
  /** Null where nothing is published. */
  readonly relay: () => RelayStats | null
}

/** Everything that is only looked at when asked for. */
export function watchRooms({ watch }: Pick<Metrics, 'watch'>, rooms: Watched): void {
  const { store, visitors, sockets, liveStreams, auditLost, relay } = rooms
  watch('vestibule_sockets', 'open sockets', sockets)
  watch('vestibule_live_streams', 'open streams of /live', liveStreams)
  watch('vestibule_actors_awake', 'visitors in memory', () => visitors().awake)
  watch('vestibule_actors_asleep', 'visitors whose actor is on disk only', () => {
    return Math.max(0, store.rowCount('visitors') - visitors().awake)
  })
  watch('vestibule_entries_waiting', 'entries that wait for a commit', () => visitors().waiting)
  watch('vestibule_visitors', 'visitors that have ever said something', () => store.rowCount('visitors'))
  watch('vestibule_deadlines', 'deadlines that are armed', () => store.rowCount('deadlines'))
  watch('vestibule_position', 'entries ever kept', () => store.stats().lastPosition)
  watch('vestibule_store_available', '1 = it can write', () => (store.unavailable() === null ? 1 : 0))
  watch('vestibule_store_bytes', 'bytes that rows take', () => store.stats().bytes)
  watch('vestibule_store_file_bytes', 'bytes of the data file', () => store.stats().fileBytes)
  watch('vestibule_store_map_bytes', 'bytes that LMDB maps', () => store.stats().mapBytes)
  watch(
    'vestibule_store_quota_bytes',
    'bytes that they may take; 0 = no limit',
    () => store.stats().quotaBytes,
  )
  watch('vestibule_audit_lost', 'audit lines that could not be written', auditLost)
  if (relay() === null) return
  watch('vestibule_relay_connected', '1 = NATS is there', () => (relay()?.connected === true ? 1 : 0))
  watch('vestibule_relay_backlog_rows', 'changes that are not published yet', () => relay()?.backlogRows ?? 0)
  watch('vestibule_relay_backlog_age_seconds', 'age of the oldest of them', () => {
    return (relay()?.oldestAgeMs ?? 0) / 1_000
  })
  watch('vestibule_relay_published', 'changes published since the start', () => relay()?.published ?? 0)
  watch('vestibule_relay_dead', 'changes that NATS refused for good', () => relay()?.dead ?? 0)
}
