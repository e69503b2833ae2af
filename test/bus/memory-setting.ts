/** A relay over a store and a bus in memory, for tests of its rules. */
import { type Relay, type RelayParts, startRelay } from '../../src/bus/relay.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import { SYSTEM_TIMING, type Timing } from '../../src/visitors/timing.ts'
import { eventually } from '../helpers/within.ts'
import { createMemoryBus, type MemoryBus } from './memory-bus.ts'
import { createMemoryStore, FIRST_AT, type MemoryStore } from './memory-store.ts'
import { type KeptLog, keptLog } from './quiet.ts'

const HURRY = 20

export interface Setting {
  readonly store: MemoryStore
  readonly bus: MemoryBus
  readonly log: KeptLog
  readonly start: (config?: Partial<Config>, more?: Partial<RelayParts>) => Promise<Relay>
}

export function setting(): Setting {
  const store = createMemoryStore()
  const bus = createMemoryBus()
  const log = keptLog()
  return {
    store,
    bus,
    log,
    start: (config, more) =>
      startRelay({
        ...{ store, bus, log, onCommitted: store.onCommitted, now: () => FIRST_AT + 60_000 },
        config: { ...defaultConfig(), natsUrl: 'nats://127.0.0.1:1', ...config },
        ...more,
      }),
  }
}

/** A clock by which tries follow one another 20 times sooner. */
export const HURRIED: Timing = {
  soon: SYSTEM_TIMING.soon,
  after: (ms, run) => SYSTEM_TIMING.after(ms / HURRY, run),
  every: (ms, run) => SYSTEM_TIMING.every(ms / HURRY, run),
  uptime: () => performance.now() * HURRY,
}

export const opened = { kind: 'visit', name: 'opened' } as const
export const anonymous = { kind: 'identity', name: 'anonymous' } as const
export const authenticated = { kind: 'identity', name: 'authenticated' } as const

export const ids = (messages: readonly { readonly messageId: string }[]) =>
  messages.map(({ messageId }) => messageId)

export const drained = (running: Relay) =>
  eventually(10_000, 'all is published', () => (running.stats().backlogRows === 0 ? true : undefined))
