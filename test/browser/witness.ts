/** Watches the sockets of pages from outside: which events the server acknowledged, and which it refused. */
import type { BrowserContext, WebSocket } from 'playwright-core'
import type { SentMessage, ServerMessage } from '../../protocol/messages.ts'

export interface Witness {
  /** Watches every page of this window, from now on. */
  watch(context: BrowserContext): void
  /** eventID and eventName of every event that was acknowledged, once each. */
  acknowledged(): ReadonlyMap<string, string>
  readonly rejected: string[]
}

export function openWitness(): Witness {
  const acknowledged = new Map<string, string>()
  const rejected: string[] = []

  function watchSocket(socket: WebSocket): void {
    const batches = new Map<number, readonly { readonly eventID: string; readonly eventName: string }[]>()
    socket.on('framesent', ({ payload }) => {
      const message = JSON.parse(String(payload)) as SentMessage
      if (message.type === 'events') batches.set(message.id, message.events)
    })
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(String(payload)) as ServerMessage
      if (message.type !== 'ack') return
      const refused = message.rejected.map(({ eventID }) => eventID)
      rejected.push(...message.rejected.map(({ code, message: why }) => `${code}: ${why}`))
      for (const { eventID, eventName } of batches.get(message.id) ?? []) {
        if (!refused.includes(eventID)) acknowledged.set(eventID, eventName)
      }
    })
  }

  return {
    watch(context) {
      context.on('page', (page) => page.on('websocket', watchSocket))
    },
    acknowledged: () => acknowledged,
    rejected,
  }
}
