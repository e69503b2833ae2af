/** A tiny Vestibule for tests of the tracker alone: keeps what came, acknowledges it, and fails as it is told. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { WireEvent } from '../../protocol/events.ts'
import type { Ack, Hello, Notified, SentEvents, SentMessage, ServerMessage } from '../../protocol/messages.ts'
import { eventually } from '../helpers/within.ts'

export interface Beacon extends Omit<Hello, 'type'> {
  readonly events: readonly WireEvent[]
  readonly final?: boolean
}

export interface FakeServer {
  readonly url: string
  readonly hellos: Hello[]
  /** What came over sockets, with each event as often as it came. */
  readonly batches: SentEvents[]
  readonly beacons: Beacon[]
  readonly notified: Notified[]
  /** Sockets that are open now. */
  sockets(): readonly WebSocket[]
  /** Every event that came, over sockets or beacons, once each, in the order of its first coming. */
  events(): readonly WireEvent[]
  /** How the next messages are answered; null = not at all. */
  answer(how: Answer | null): void
  /** Which hellos are unauthorized from now on. */
  refuse(which: (hello: Hello) => boolean): void
  say(message: ServerMessage): void
  /** Waits until an event of this name has come `count` times. */
  saw(eventName: string, count?: number): Promise<readonly WireEvent[]>
  /** How often each path was asked for. */
  readonly asked: ReadonlyMap<string, number>
  /** The pages there are: path and HTML. */
  readonly pages: Map<string, string>
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** What a batch is told; a number closes the socket with that code. */
export type Answer = (batch: SentEvents, socket: WebSocket) => Partial<Ack> | number | null

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
}
const dist = new URL('../../dist/', import.meta.url)

/** The least page that uses the tracker. */
export const pageWith = (config: string, more = ''): string =>
  `<!doctype html><html lang="en"><title>A page</title><body><a href="/two">two</a>
  <script>var _gt = window._gt || []; _gt.push(['config', ${config}])</script>
  <script async src="/tracker.js"></script>${more}</body></html>`

export async function openFakeServer(): Promise<FakeServer> {
  const hellos: Hello[] = []
  const batches: SentEvents[] = []
  const beacons: Beacon[] = []
  const notified: Notified[] = []
  const order: WireEvent[] = []
  const pages = new Map<string, string>()
  const asked = new Map<string, number>()
  let answer: Answer | null = () => ({})
  let refused: (hello: Hello) => boolean = () => false
  let server = createServer(serve)
  let sockets = listenForSockets()

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://here').pathname.replace(/^\/demo\/$/, '/demo/index.html')
    asked.set(path, (asked.get(path) ?? 0) + 1)
    // A page that goes away in the middle of it has nothing to hear.
    if (request.method === 'POST') readBeacon(request, response).catch(() => response.destroy())
    else if (path === '/favicon.ico') response.writeHead(204).end()
    else {
      const page = pages.get(path)
      const type = page ? 'html' : (path.split('.').pop() ?? '')
      const body = page ?? readOrNull(path)
      response.writeHead(body === null ? 404 : 200, { 'content-type': TYPES[type] ?? 'text/plain' })
      response.end(body ?? 'not here')
    }
  }

  async function readBeacon(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const beacon = JSON.parse(text) as Beacon
    beacons.push(beacon)
    order.push(...beacon.events)
    response.end('{}')
  }

  function listenForSockets(): WebSocketServer {
    const listening = new WebSocketServer({ server, path: '/track' })
    listening.on('connection', (socket) => {
      socket.on('message', (bytes) => receive(JSON.parse(String(bytes)) as SentMessage, socket))
    })
    return listening
  }

  function receive(message: SentMessage, socket: WebSocket): void {
    const tell = (reply: ServerMessage) => socket.send(JSON.stringify(reply))
    if (message.type === 'hello') {
      hellos.push(message)
      if (refused(message)) return socket.close(4503)
      tell({
        type: 'welcome',
        globalVisitID: message.globalVisitID ?? '',
        visitID: null,
        state: 'Anonymous',
        serverTime: Date.now(),
        limits: { frameBytes: 65_536, batchEvents: 100, inFlight: 16, eventsPerSecond: 50 },
      })
    } else if (message.type === 'notified') notified.push(message)
    else {
      batches.push(message)
      order.push(...message.events)
      const reply = answer?.(message, socket) ?? null
      if (typeof reply === 'number') socket.close(reply)
      else if (reply) {
        const accepted = message.events.length
        tell({
          type: 'ack',
          id: message.id,
          accepted,
          duplicates: 0,
          rejected: [],
          visitID: null,
          ...reply,
        })
      }
    }
  }

  const events = () => [...new Map(order.map((event) => [event.eventID, event])).values()]

  async function up(): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  let port = 0
  await up()
  const address = server.address()
  if (address && typeof address === 'object') port = address.port

  async function down(): Promise<void> {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    server = createServer(serve)
    sockets = listenForSockets()
  }

  return {
    url: `http://127.0.0.1:${port}`,
    hellos,
    batches,
    beacons,
    notified,
    asked,
    pages,
    sockets: () => [...sockets.clients].filter((socket) => socket.readyState === socket.OPEN),
    events,
    answer(how) {
      answer = how
    },
    refuse(which) {
      refused = which
    },
    say(message) {
      for (const socket of sockets.clients) socket.send(JSON.stringify(message))
    },
    saw: (eventName, count = 1) =>
      eventually(8_000, `${count} times ${eventName}`, () => {
        const found = events().filter((event) => event.eventName === eventName)
        return found.length >= count ? found : undefined
      }),
    down,
    up,
    async close() {
      await down()
      sockets.close()
    },
  }
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(new URL(`.${path}`, dist))
  } catch {
    return null
  }
}
