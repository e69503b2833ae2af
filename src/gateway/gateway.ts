/** The gateway: browsers' sockets on `GET /track` (P1), and the same work by `POST /track` (P2). */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { CLOSING } from '../../protocol/closing.ts'
import { type Codec, codecFor } from '../../protocol/codec.ts'
import type { Config } from '../config.ts'
import type { Visitors } from '../visitors/contract.ts'
import { createAddressOf } from './addresses.ts'
import { receive } from './conversation.ts'
import type { Clock, Desk } from './desk.ts'
import type { Door } from './door.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'
import type { Notifier } from './notifying.ts'
import { createOriginPolicy } from './origins.ts'
import { createDesk, drain, letIn, letOut } from './reception.ts'
import { SWEEP_MS, sweep } from './sweep.ts'
import { createTrackPost } from './track-post.ts'
import { createUserAgents } from './user-agents.ts'

export interface GatewayParts {
  /** Its upgrades are the gateway's: on another path than `/track` they are answered 404. */
  readonly server: Server
  readonly visitors: Visitors
  readonly config: Config
  readonly log: Log
  readonly clock?: Clock
  /** Counts for `/metrics`; without it nothing is counted. */
  readonly meter?: Meter
}

export interface Gateway {
  /** Answers a request to `/track` that is no upgrade. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** Open sockets, for the log and `/readyz`. */
  connections(): number
  /** Open sockets of one visitor (H5). */
  connectionsOf(globalVisitID: string): number
  /** Tells all sockets of a visitor; resolves within `NOTIFIED_MS` with what became of it. */
  readonly notify: Notifier['notify']
  /** Stops: acknowledges what was taken, closes every socket with 1001; resolves when all are gone. */
  drain(): Promise<void>
}

const REPORT_MS = 60_000
/** How long a closed socket may take to answer before it is cut. */
const CLOSE_TIMEOUT_MS = 5_000
/** A message in more pieces than any browser makes costs more memory than its bytes: ws closes it (1008). */
const FRAGMENTS_MAX = 128
const CHUNKS_MAX = 1_024

const SYSTEM_CLOCK: Clock = { now: () => Date.now(), uptime: () => performance.now() }

/** Starts to take sockets from the server's upgrades. Throws `ConfigError` at an option that cannot be used. */
export function startGateway(parts: GatewayParts): Gateway {
  const { server, visitors, config, log, clock = SYSTEM_CLOCK } = parts
  const desk = createDesk({ ...parts, clock })
  const door: Door = {
    desk,
    addressOf: createAddressOf(config.trustedProxies),
    userAgentOf: createUserAgents(),
    allowsOrigin: createOriginPolicy(config.origins),
  }
  const admit = createDoorkeeper(door)
  server.on('upgrade', admit)
  const stopListening = visitors.onCommitted((committed) => desk.presence.committed(committed))
  const sweeping = setInterval(() => sweep(desk), SWEEP_MS).unref()
  const reporting = setInterval(() => {
    desk.limits.sweep(clock.uptime())
    desk.proofs.report()
  }, REPORT_MS).unref()
  if (!desk.proofs.areAsked)
    log.warn({}, 'no identity secret and no JWKS: sign-ins are believed without proof')

  return {
    handle: createTrackPost(door),
    connections: () => desk.connections.size,
    connectionsOf: (globalVisitID) => desk.presence.count(globalVisitID),
    notify: desk.notifier.notify,
    async drain() {
      await drain(desk)
      clearInterval(sweeping)
      clearInterval(reporting)
      stopListening()
      desk.proofs.report()
    },
  }
}

function createDoorkeeper(door: Door) {
  const { desk } = door
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: desk.config.frameBytes,
    maxFragments: FRAGMENTS_MAX,
    maxBufferedChunks: CHUNKS_MAX,
    // The codecs refuse what is not UTF-8, once.
    skipUTF8Validation: true,
    // Not in the types of ws yet.
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered: Set<string>) => chosenProtocol(offered) ?? false,
  }
  const sockets = new WebSocketServer(options)
  const listen = createListeners(desk)

  return (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (pathOf(request) !== '/track') return refuse(stream, 404, 'Not Found')
    if (desk.isDraining) return refuse(stream, 503, 'Service Unavailable')
    const codec = codecOffered(request.headers['sec-websocket-protocol'])
    if (codec === null) return refuse(stream, 400, 'Bad Request')
    if (desk.turnstile.waiting() >= desk.config.arrivalsWaiting) {
      return refuse(stream, 503, 'Service Unavailable')
    }
    // Until it is its turn nobody else would hear of it.
    stream.on('error', destroy)
    desk.turnstile.enter(() => {
      stream.off('error', destroy)
      if (desk.isDraining) refuse(stream, 503, 'Service Unavailable')
      else upgrade(request, { stream, head, codec })
    })
  }

  function upgrade(
    request: IncomingMessage,
    { stream, head, codec }: { readonly stream: Duplex; readonly head: Buffer; readonly codec: Codec },
  ): void {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const address = door.addressOf(request)
      if (!door.allowsOrigin(request.headers.origin)) return turnAway(socket, codec, 'originNotAllowed')
      if (!desk.limits.connect(address)) return turnAway(socket, codec, 'tooManyConnections')
      const userAgent = door.userAgentOf(request.headers['user-agent'])
      letIn(desk, { socket, cork: stream, codec, address, userAgent })
      listen(socket)
    })
  }
}

/** The same four functions for all sockets: a connection costs no closure. */
function createListeners(desk: Desk): (socket: WebSocket) => void {
  function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
    const connection = desk.connections.get(this)
    if (connection !== undefined && data instanceof Uint8Array) receive(desk, connection, data, isBinary)
  }
  function onPong(this: WebSocket): void {
    const connection = desk.connections.get(this)
    if (connection === undefined || connection.state === 'greeting') return
    connection.heardAt = desk.clock.uptime()
    connection.pingedAt = 0
  }
  function onClose(this: WebSocket, code: number): void {
    desk.meter.closed(code)
    const connection = desk.connections.get(this)
    if (connection !== undefined) letOut(desk, connection)
  }
  return (socket) => {
    socket.on('message', onMessage)
    socket.on('pong', onPong)
    socket.on('error', leaveToWs)
    socket.on('close', onClose)
  }
}

/** A broken frame or stream: ws has closed it already (1002, 1008, 1009), and `close` follows. */
function leaveToWs(): void {}

function destroy(this: Duplex): void {
  this.destroy()
}

/** A page must be able to learn why: it is let in to be told, and counts for nothing. */
function turnAway(socket: WebSocket, codec: Codec, name: 'originNotAllowed' | 'tooManyConnections'): void {
  socket.on('error', leaveToWs)
  const { code, reason } = CLOSING[name]
  const errorCode = name === 'originNotAllowed' ? 'origin_not_allowed' : 'too_many_connections'
  socket.send(codec.encode({ type: 'error', code: errorCode, message: reason }))
  socket.close(code, reason)
}

function codecOffered(header: string | undefined): Codec | null {
  if (header === undefined) return codecFor(undefined)
  const chosen = chosenProtocol(header.split(',').map((name) => name.trim()))
  return chosen === null ? null : codecFor(chosen)
}

function chosenProtocol(offered: Iterable<string>): string | null {
  for (const name of offered) if (codecFor(name) !== null) return name
  return null
}

function refuse(stream: Duplex, status: number, title: string): void {
  stream.on('error', () => stream.destroy())
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
