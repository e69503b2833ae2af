/** What time does to sockets: one walk for all of them instead of a timer for each. */
import type { Connection } from './connection.ts'
import { goOn } from './conversation.ts'
import type { Desk } from './desk.ts'

/** How often what waits for a rate or a hello is looked at. */
export const SWEEP_MS = 100
/** All sockets are looked at so many times within a pong's time. */
const BEATS_PER_PONG = 10

/** One walk: rates, hellos, and from time to time the heartbeat. */
export function sweep(desk: Desk): void {
  const now = desk.clock.uptime()
  sweepRates(desk, now)
  for (const connection of desk.greeting) {
    // Nothing was heard yet: this is when it came. They are in that order.
    if (now - connection.heardAt < desk.config.helloTimeoutMs) break
    desk.close(connection, 'helloTimeout')
  }
  if (now < desk.nextBeatAt) return
  desk.nextBeatAt = now + desk.config.pongTimeoutMs / BEATS_PER_PONG
  for (const connection of desk.connections.values()) beat(desk, connection, now)
}

/** Over the rate is who waits for the bucket at each walk; who once did not has caught up. */
function sweepRates(desk: Desk, now: number): void {
  for (const connection of desk.overRate) {
    if (!connection.stalled?.forRate) {
      connection.overSince = 0
      desk.overRate.delete(connection)
    } else if (now - connection.overSince >= desk.config.overRateMs) {
      desk.close(connection, 'overRate')
    }
  }
  if (desk.stalled.size === 0) return
  for (const connection of [...desk.stalled]) goOn(desk, connection)
}

function beat(desk: Desk, connection: Connection, now: number): void {
  const { pongTimeoutMs } = desk.config
  switch (connection.state) {
    case 'greeting':
    case 'closed':
      return
    case 'admitting':
    case 'open':
    case 'verifying':
  }
  if (connection.stalled !== null) {
    // Not read, so its pong could not be seen.
    connection.heardAt = now
    connection.pingedAt = 0
  } else if (connection.pingedAt !== 0) {
    if (now - connection.pingedAt >= pongTimeoutMs) desk.close(connection, 'noPong')
  } else if (now - connection.heardAt >= pongTimeoutMs) {
    connection.pingedAt = now
    connection.socket.ping()
  }
}
