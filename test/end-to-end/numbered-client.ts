/** A browser of the simplest kind: it counts its events, and sends again what was not acknowledged (P5). */
import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { JSON_CODEC } from '../../protocol/codec.ts'
import type { WireEvent } from '../../protocol/events.ts'
import type { ServerMessage } from '../../protocol/messages.ts'

export interface NumberedClient {
  readonly globalVisitID: string
  /** The eventIDs that were acknowledged, in the order of their numbers. */
  readonly acknowledged: readonly string[]
  /** No new events; what is on its way is sent until it is acknowledged. */
  readonly finish: () => void
  readonly isDone: () => boolean
  readonly close: () => void
}

/** Batches on their way at once. */
const IN_FLIGHT = 4
const RETRY_MS = 20
/** What is said instead of counting, by the event's number in every 32. */
const SAID: Readonly<Record<number, string>> = {
  1: 'PageEntered',
  5: 'SignIn',
  15: 'PageEntered',
  20: 'SignOut',
  25: 'PageExited',
}

/** Connects to `url` for ever, and goes on talking until it is told to finish. */
export function startNumberedClient(url: string): NumberedClient {
  const globalVisitID = randomUUID()
  const deviceToken = randomUUID().replaceAll('-', '')
  const visitID = randomUUID()
  const acknowledged: string[] = []
  /** Batches that are not acknowledged, oldest first. */
  const waiting: WireEvent[][] = []
  let made = 0
  let sent = 0
  let lastId = 0
  let isFinishing = false
  let isClosed = false
  let socket = connect()
  let retry: NodeJS.Timeout | undefined

  function connect(): WebSocket {
    const opened = new WebSocket(url, JSON_CODEC.subprotocol, { perMessageDeflate: false })
    sent = 0
    lastId = 0
    opened.on('open', () =>
      opened.send(JSON.stringify({ type: 'hello', globalVisitID, deviceToken, visitID, sentAt: Date.now() })),
    )
    opened.on('message', (data) => hear(JSON.parse(String(data)) as ServerMessage))
    // A close follows each error.
    opened.on('error', () => undefined)
    opened.on('close', () => {
      if (isClosed) return
      retry = setTimeout(() => {
        socket = connect()
      }, RETRY_MS)
    })
    return opened
  }

  function hear(message: ServerMessage): void {
    if (message.type === 'ack') {
      const batch = waiting.shift()
      sent -= 1
      if (message.rejected.length > 0) throw new Error(`rejected: ${message.rejected[0]?.code}`)
      acknowledged.push(...(batch ?? []).map(({ eventID }) => eventID))
    }
    if (message.type === 'ack' || message.type === 'welcome') pump()
  }

  function pump(): void {
    while (sent < IN_FLIGHT) {
      if (sent === waiting.length) {
        if (isFinishing) return
        waiting.push(nextBatch())
      }
      lastId += 1
      socket.send(JSON.stringify({ type: 'events', id: lastId, sentAt: Date.now(), events: waiting[sent] }))
      sent += 1
    }
  }

  function nextBatch(): WireEvent[] {
    return Array.from({ length: 1 + (made % 3) }, () => {
      made += 1
      const eventName = SAID[made % 32]
      return {
        eventType: eventName === undefined ? 'BUSINESS' : 'SYSTEM',
        eventName: eventName ?? 'Counted',
        eventID: randomUUID(),
        visitID,
        pageID: 'page',
        timestamp: Date.now(),
        url: 'https://shop.example/',
        data: { number: made, ...(eventName === 'SignIn' ? { identityId: `customer-${made % 5}` } : {}) },
      } satisfies WireEvent
    })
  }

  return {
    globalVisitID,
    acknowledged,
    finish: () => {
      isFinishing = true
    },
    isDone: () => isFinishing && waiting.length === 0,
    close: () => {
      isClosed = true
      clearTimeout(retry)
      socket.terminate()
    },
  }
}
