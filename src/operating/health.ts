/** `/healthz`: the process is there. `/readyz`: events can be acknowledged, or why not (Q2). */
import { Hono } from 'hono'
import type { RelayStats } from '../bus/relay.ts'
import type { Store } from '../store/contract.ts'

export interface HealthParts {
  readonly store: Pick<Store, 'unavailable'>
  readonly isDraining: () => boolean
  /** Null where nothing is published. */
  readonly relay: () => RelayStats | null
  readonly stats: () => Readonly<Record<string, number>>
}

/** The two routes; a bus that is away makes nobody wait, so it is reported and does not fail readiness. */
export function createHealth({ store, isDraining, relay, stats }: HealthParts): Hono {
  const health = new Hono()
  health.get('/healthz', (context) => context.json({ status: 'ok' }))
  health.get('/readyz', (context) => {
    const reason = isDraining() ? 'draining: the server is going away' : store.unavailable()
    const bus = relay()
    const body = {
      status: reason === null ? 'ready' : 'unavailable',
      reason,
      bus: bus && toBusHealth(bus),
      ...stats(),
    }
    return context.json(body, reason === null ? 200 : 503)
  })
  return health
}

/** B5: a backlog past its limit is told here too; `published` is a matter of metrics. */
function toBusHealth({ published: _published, ...told }: RelayStats) {
  return { degraded: !told.connected || told.problem !== null || told.isOverLimit, ...told }
}
