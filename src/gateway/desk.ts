/** What all work on sockets shares: the parts it calls, the sockets there are, and which of them wait for what. */
import type { CloseName } from '../../protocol/closing.ts'
import type { Config } from '../config.ts'
import type { Visitors } from '../visitors/contract.ts'
import type { AddressLimits } from './address-limits.ts'
import type { Admission } from './admission.ts'
import type { Batches } from './batches.ts'
import type { Connection, Socket } from './connection.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'
import type { Notifier } from './notifying.ts'
import type { Outbox } from './outbox.ts'
import type { Presence } from './presence.ts'
import type { Proofs } from './proofs.ts'
import type { Rate } from './rate.ts'
import type { Turnstile } from './turnstile.ts'

/** Two clocks, both in ms: the wall's for what is said and judged, uptime for whatever measures a time. */
export interface Clock {
  now(): number
  uptime(): number
}

export interface Desk {
  readonly visitors: Pick<Visitors, 'record' | 'isFull' | 'whenRoom'>
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly rate: Rate
  readonly limits: AddressLimits
  readonly admission: Admission
  readonly batches: Batches
  readonly proofs: Proofs
  readonly presence: Presence
  /** Sockets that come, their hellos, and who came and went pass it, so many a turn. */
  readonly turnstile: Turnstile
  readonly outbox: Outbox
  readonly notifier: Notifier
  /** Closes by the table of the wire; what was wrong goes before it, where the client can use it. */
  readonly close: (connection: Connection, name: CloseName, why?: string) => void

  readonly connections: Map<Socket, Connection>
  /** In the order they came: no hello yet. */
  readonly greeting: Set<Connection>
  /** Read ahead of what may be taken. */
  readonly stalled: Set<Connection>
  /** Said more than the rate allows, and have not been within it since. */
  readonly overRate: Set<Connection>
  /** Batches that are with the visitors, and posts that are not answered. */
  inFlight: number
  awaitsRoom: boolean
  isDraining: boolean
  /** When all sockets are looked at next, in uptime. */
  nextBeatAt: number
  /** Called when `inFlight` or the sockets fall to none; set while draining. */
  whenLess: () => void
}
