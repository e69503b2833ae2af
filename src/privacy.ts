/** What forgets: erasures that are asked for or follow from withdrawn consent, and what grows too old. */
import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import { eraseWithoutConsent } from './erasure/consent.ts'
import type { Erasures, Messages } from './erasure/contract.ts'
import { startErasures } from './erasure/erasures.ts'
import type { Log } from './operating/log.ts'
import type { Step } from './operating/stopping.ts'
import type { Retention } from './retention/contract.ts'
import { DAY_MS } from './retention/limits.ts'
import { startRetention } from './retention/retention.ts'
import type { Store } from './store/contract.ts'
import type { Clock } from './visitors/clock.ts'
import type { OpenVisitors } from './visitors/visitors.ts'

export interface PrivacyParts {
  readonly store: Store
  readonly visitors: OpenVisitors
  readonly clock: Clock
  readonly config: Config
  readonly log: Log
  /** Null where nothing is published. */
  readonly messages: () => Messages | null
}

export interface Privacy {
  readonly erasures: Erasures
  readonly retention: Retention
  /** How it stops, before the visitors do. */
  readonly steps: readonly Step[]
}

/** Begins all of it. Before anything reaches a visitor: who is being erased is nobody from the start on. */
export function startPrivacy({ store, visitors, clock, config, log, messages }: PrivacyParts): Privacy {
  const { now } = clock
  const erasures = startErasures({
    ...{ store, log, now, messages },
    visitors: visitors.erasing,
    newId: randomUUID,
  })
  const retention = startRetention({
    ...{ store, log, now, erasures },
    visitors: { ...visitors.erasing, states: visitors.states },
    visitIdleMs: config.visitIdleMs,
    publishedTo: config.natsUrl === '' ? store.lastPosition : store.relayMark,
    keepMs: config.retentionDays * DAY_MS,
    shortKeepMs: config.shortVisitDays * DAY_MS,
  })
  const consent = config.consentErases
    ? [eraseWithoutConsent({ store, onSaid: visitors.onSaid, begin: erasures.begin, log })]
    : []
  const steps = [
    ...consent.map(({ close }) => ({ name: 'consent', close })),
    { name: 'retention', close: retention.close },
    { name: 'erasures', close: erasures.close },
  ]
  return { erasures, retention, steps }
}
