/** `tracker-http.js`: requests in the place of a WebSocket, for networks that block those (P2). */
import type { SentMessage, TrackAnswer } from '../../protocol/messages.ts'
import type { Line, LineOptions } from './line.ts'

/** What an answer would be as a close; whatever is none of ours says that the server is away. */
const CLOSE_CODES: Readonly<Record<number, number>> = { 400: 4500, 401: 4503, 403: 4505, 413: 1009 }
const AWAY = 4001
const NOTHING_CAME = 1006

/** Each batch is a request that says hello too; what is answered is what a socket would have said. */
export function openHttp([url, guard, hello, onMessage, onLost, toText]: LineOptions): Line {
  let isOpen = true

  async function post(message: SentMessage): Promise<void> {
    const response = await fetch(url, { method: 'POST', body: toText({ ...hello(), ...message }) })
    // A boundary: the server that the site named.
    const answer: TrackAnswer | null = response.ok ? await response.json() : null
    if (!isOpen) return
    if (!answer) return onLost(CLOSE_CODES[response.status] || AWAY)
    onMessage(answer.welcome)
    onMessage({ ...answer.ack, id: message.type === 'events' ? message.id : 0 })
  }

  return {
    send(message) {
      post(message).catch(guard(() => isOpen && onLost(NOTHING_CAME)))
    },
    close() {
      isOpen = false
    },
  }
}
