/** A server that keeps the wire's promises in memory, and misbehaves where a test asks it to. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Codec, codecFor } from '../../protocol/codec.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { checkClientMessage, type EventsMessage, type Hello, type Welcome } from '../../protocol/messages.ts'

export interface Asked {
  readonly limits?: Partial<Welcome['limits']>
  /** Closes with this code instead of a welcome; null = welcome. */
  readonly refuses?: (hello: Hello, hellos: number) => number | null
  /** What becomes of a batch: an ack, nothing but the loss of the connection before or after it is kept, a close. */
  readonly treats?: (batch: EventsMessage, batches: number) => 'acks' | 'losesIt' | 'losesTheAck' | number
  /** Ms between a batch and its ack. */
  readonly ackMs?: number
}

export interface FakeServer {
  readonly url: string
  readonly hellos: Hello[]
  /** eventIDs kept, by visitor, in order. */
  readonly kept: Map<string, string[]>
  readonly batchSizes: number[]
  /** The most batches of one connection that waited for their ack at once. */
  readonly inFlightMost: () => number
  readonly close: () => Promise<void>
}

interface Standing {
  readonly server: FakeServer
  readonly asked: Asked
  inFlightMost: number
}

export async function startFakeServer(asked: Asked = {}): Promise<FakeServer> {
  const sockets = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: ([first]) => first ?? false,
  })
  await once(sockets, 'listening')
  // A server on a port, not on a pipe.
  const { port } = sockets.address() as AddressInfo
  const server: FakeServer = {
    url: `ws://127.0.0.1:${port}/track`,
    hellos: [],
    kept: new Map(),
    batchSizes: [],
    inFlightMost: () => standing.inFlightMost,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await once(sockets, 'close')
    },
  }
  const standing: Standing = { server, asked, inFlightMost: 0 }
  sockets.on('connection', (socket) => converse(standing, socket))
  return server
}

function converse(standing: Standing, socket: WebSocket): void {
  const codec = codecFor(socket.protocol)
  if (codec === null) throw new Error(`unknown sub-protocol ${socket.protocol}`)
  let globalVisitID = ''
  let inFlight = 0
  socket.on('message', (frame: Buffer) => {
    const message = checkClientMessage(codec.decode(frame), WIRE_LIMITS)
    if (message.type === 'hello') {
      globalVisitID = message.globalVisitID ?? ''
      greet(standing, socket, { codec, hello: message })
    }
    if (message.type !== 'events') return
    inFlight += 1
    standing.inFlightMost = Math.max(standing.inFlightMost, inFlight)
    const ack = take(standing, socket, { batch: message, globalVisitID })
    setTimeout(() => {
      inFlight -= 1
      if (ack !== null && socket.readyState === socket.OPEN) socket.send(codec.encode(ack))
    }, standing.asked.ackMs ?? 1)
  })
}

function greet(
  { server, asked }: Standing,
  socket: WebSocket,
  { codec, hello }: { readonly codec: Codec; readonly hello: Hello },
): void {
  server.hellos.push(hello)
  const code = asked.refuses?.(hello, server.hellos.length) ?? null
  if (code !== null) {
    socket.close(code)
    return
  }
  const { frameBytes, batchEvents, inFlight, eventsPerSecond } = WIRE_LIMITS
  socket.send(
    codec.encode({
      type: 'welcome',
      globalVisitID: hello.globalVisitID ?? 'made',
      visitID: null,
      state: 'Anonymous',
      serverTime: 0,
      limits: { frameBytes, batchEvents, inFlight, eventsPerSecond, ...asked.limits },
    }),
  )
}

function take(
  { server, asked }: Standing,
  socket: WebSocket,
  { batch, globalVisitID }: { readonly batch: EventsMessage; readonly globalVisitID: string },
) {
  server.batchSizes.push(batch.events.length)
  const treatment = asked.treats?.(batch, server.batchSizes.length) ?? 'acks'
  if (treatment !== 'losesIt' && typeof treatment !== 'number') {
    const events = batch.events.map((checked) => {
      if (!checked.ok) throw new Error(checked.rejection.message)
      return checked.event.eventID
    })
    const kept = server.kept.get(globalVisitID) ?? []
    server.kept.set(globalVisitID, kept)
    const fresh = events.filter((eventID) => !kept.includes(eventID))
    kept.push(...fresh)
    const counts = { accepted: fresh.length, duplicates: events.length - fresh.length }
    if (treatment === 'acks')
      return { type: 'ack', id: batch.id, ...counts, rejected: [], visitID: null } as const
  }
  if (typeof treatment === 'number') socket.close(treatment)
  else socket.terminate()
  return null
}
