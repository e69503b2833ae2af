/** Closing a socket from our side: what was wrong is said first, then it counts no more. */
import { CLOSING, type CloseName } from '../../protocol/closing.ts'
import type { ErrorCode } from '../../protocol/messages.ts'
import { type Connection, isClosed } from './connection.ts'
import type { Desk } from './desk.ts'

/** The closes that an `error` message goes before; the others have no reader, or nothing to say. */
const ERROR_CODES: Partial<Record<CloseName, ErrorCode>> = {
  badFrame: 'bad_frame',
  helloFirst: 'hello_first',
  helloTimeout: 'hello_timeout',
  unauthorized: 'unauthorized',
  originNotAllowed: 'origin_not_allowed',
  overRate: 'over_rate',
  tooManyConnections: 'too_many_connections',
  storageUnavailable: 'storage_unavailable',
}

export interface Close {
  readonly name: CloseName
  /** For whoever wrote the client; it holds nothing personal. */
  readonly why?: string | undefined
  /** Of the batch that it is about. */
  readonly id?: number | undefined
}

/** Closes by the table of the wire. */
export function closeConnection(desk: Desk, connection: Connection, { name, why, id }: Close): void {
  if (isClosed(connection)) return
  const { code, reason } = CLOSING[name]
  const errorCode = ERROR_CODES[name]
  if (errorCode !== undefined) {
    const blamed = id === undefined ? {} : { id }
    desk.outbox.send(connection, { type: 'error', code: errorCode, message: why ?? reason, ...blamed })
    // Its reader was too slow even for that.
    if (isClosed(connection)) return
  }
  // A restart, or a disk that is full, is no departure (V4).
  if (name === 'goingAway' || name === 'storageUnavailable') connection.closedByServer = true
  detach(desk, connection)
  connection.socket.close(code, reason)
  // Whoever did not answer a ping will not answer a close.
  if (name === 'noPong') connection.socket.terminate()
}

/** It says nothing more, and is told nothing more. */
export function detach(desk: Desk, connection: Connection): void {
  if (isClosed(connection)) return
  connection.state = 'closed'
  desk.greeting.delete(connection)
  desk.overRate.delete(connection)
  if (connection.stalled !== null) {
    connection.stalled = null
    desk.stalled.delete(connection)
    // Read on, or the answer to our close is never seen.
    connection.socket.resume()
  }
  desk.presence.leave(connection)
}
