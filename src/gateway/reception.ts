/** Puts the parts of the gateway together, and lets sockets in and out; still without a network. */
import type { Config } from '../config.ts'
import type { Visitors } from '../visitors/contract.ts'
import { createAddressLimits } from './address-limits.ts'
import { createAdmission } from './admission.ts'
import { createBatches } from './batches.ts'
import { closeConnection, detach } from './closing.ts'
import { type About, type Connection, newConnection, type Socket } from './connection.ts'
import type { Clock, Desk } from './desk.ts'
import type { Log } from './log.ts'
import { type Meter, NO_METER } from './meter.ts'
import { createNotifier } from './notifying.ts'
import { createOutbox } from './outbox.ts'
import { createPresence } from './presence.ts'
import { createProofs } from './proofs.ts'
import { createTurnstile } from './turnstile.ts'

export interface DeskParts {
  readonly visitors: Visitors
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly meter?: Meter
  /** How it waits for the end of a turn: for a simulation. */
  readonly soon?: (run: () => void) => void
}

/** A desk with nobody before it. Throws `ConfigError` where proofs are asked for that cannot be checked. */
export function createDesk({
  visitors,
  config,
  clock,
  log,
  meter = NO_METER,
  soon = setImmediate,
}: DeskParts): Desk {
  const proofs = createProofs(config, log, meter)
  const limits = createAddressLimits(config)
  const close: Desk['close'] = (connection, name, why) => closeConnection(desk, connection, { name, why })
  const outbox = createOutbox(config.unreadBytes, close)
  const turnstile = createTurnstile({ perTurn: config.arrivalsPerTurn, soon })
  const presence = createPresence({ visitors, config, log, outbox, close, inTurn: turnstile.enter })
  const desk: Desk = {
    visitors,
    config,
    clock,
    log,
    meter,
    rate: { perSecond: config.eventsPerSecond, burst: config.eventsBurst },
    limits,
    proofs,
    admission: createAdmission({ visitors, limits, config }),
    batches: createBatches({ proofs, presence, noIdentities: config.noIdentities }),
    presence,
    turnstile,
    outbox,
    notifier: createNotifier(presence, outbox),
    close,
    connections: new Map<Socket, Connection>(),
    greeting: new Set<Connection>(),
    stalled: new Set<Connection>(),
    overRate: new Set<Connection>(),
    inFlight: 0,
    awaitsRoom: false,
    isDraining: false,
    nextBeatAt: 0,
    whenLess: () => {},
  }
  return desk
}

/** A socket whose address was counted; it has to say hello. */
export function letIn(desk: Desk, about: About): Connection {
  const connection = newConnection(about, desk.clock.uptime())
  desk.connections.set(about.socket, connection)
  desk.greeting.add(connection)
  return connection
}

/** The socket is closed, by whomever. */
export function letOut(desk: Desk, connection: Connection): void {
  detach(desk, connection)
  if (!desk.connections.delete(connection.socket)) return
  desk.limits.disconnect(connection.address)
  desk.whenLess()
}

/**
 * Q6. Takes nothing more, acknowledges what was taken, closes all sockets (1001) and waits until they are gone; each
 * step at most `drainMs`. Nobody departs by it (V4, Q7).
 */
export async function drain(desk: Desk): Promise<void> {
  desk.isDraining = true
  for (const connection of desk.connections.values()) connection.closedByServer = true
  desk.turnstile.open()
  await untilNone(desk, () => desk.inFlight)
  for (const connection of [...desk.connections.values()]) desk.close(connection, 'goingAway')
  await untilNone(desk, () => desk.connections.size)
  for (const { socket } of desk.connections.values()) socket.terminate()
}

async function untilNone(desk: Desk, count: () => number): Promise<void> {
  if (count() === 0) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, desk.config.drainMs)
    desk.whenLess = () => {
      if (count() > 0) return
      clearTimeout(timer)
      resolve()
    }
  })
}
