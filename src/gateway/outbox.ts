/** What is sent to sockets: encoded, gathered by turn, and never more than a slow reader may owe. */
import type { CloseName } from '../../protocol/closing.ts'
import type { ServerMessage } from '../../protocol/messages.ts'
import type { Connection } from './connection.ts'

export interface Outbox {
  /** Sends, unless the connection is closed or its reader is too far behind, which closes it (4002). */
  send(connection: Connection, message: ServerMessage): void
}

/**
 * `unreadBytes` may wait for a client that does not read. The first message of a turn corks the stream and the end
 * of the turn uncorks it: many acks of one commit are one write.
 */
export function createOutbox(
  unreadBytes: number,
  close: (connection: Connection, name: CloseName) => void,
): Outbox {
  let corked: Connection[] = []

  function uncorkAll(): void {
    const connections = corked
    corked = []
    for (const connection of connections) {
      connection.corked = false
      connection.cork.uncork()
    }
  }

  return {
    send(connection, message) {
      if (connection.state === 'closed') return
      if (connection.socket.bufferedAmount > unreadBytes) {
        close(connection, 'slowConsumer')
        return
      }
      if (!connection.corked) {
        connection.corked = true
        connection.cork.cork()
        if (corked.push(connection) === 1) process.nextTick(uncorkAll)
      }
      connection.socket.send(connection.codec.encode(message))
    },
  }
}
