/** The WebSocket of a tab (P1). */
import type { SentMessage, ServerMessage } from '../../protocol/messages.ts'
import type { Line, LineOptions } from './line.ts'
import { parse, Socket } from './own.ts'

/** Without a sub-protocol the frames are JSON. Throws where there are no WebSockets. */
export function openSocket([url, guard, hello, onMessage, onLost, toText]: LineOptions): Line {
  // A boundary: where there are none, this throws as said.
  const socket = new (Socket as typeof WebSocket)(url.replace(/^http/, 'ws'))
  const send = (message: SentMessage): void => socket.send(toText(message))
  socket.onopen = guard(() => send(hello()))
  // A boundary: the server that the site named; unknown types are ignored.
  socket.onmessage = guard(({ data }: MessageEvent) => onMessage(parse(data) as ServerMessage))
  socket.onclose = guard(({ code }: CloseEvent) => onLost(code))
  return {
    send,
    close() {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    },
  }
}
