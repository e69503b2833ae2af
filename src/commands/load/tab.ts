/** One tab: its socket, its queue, and the manners of a client that the wire asks for. */
import { WebSocket } from 'ws'
import { CLOSING } from '../../../protocol/closing.ts'
import type { Codec } from '../../../protocol/codec.ts'
import { ProtocolError } from '../../../protocol/errors.ts'
import type { WireEvent } from '../../../protocol/events.ts'
import type { Ack, ServerMessage, Welcome } from '../../../protocol/messages.ts'
import { waitBeforeMs } from './coming-back.ts'
import { type Device, stampAnew, startAnew } from './device.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import { addLatency, countOne, type Tally } from './tally.ts'

/** What all tabs of a run share. */
export interface Line {
  readonly url: string
  readonly codec: Codec
  /** Events of one message, if so many happen within `LINGER_MS`. */
  readonly eventsPerMessage: number
  /** For waits and new beginnings only: what happens does not depend on it. */
  readonly random: Random
  readonly tally: Tally
  readonly ledger: Ledger
}

/** How long an event waits for others to travel with, in ms. */
const LINGER_MS = 500

interface Sent {
  readonly id: number
  readonly events: readonly WireEvent[]
  /** Monotonic, ms. */
  readonly at: number
}

/** offline: no network. waiting: will come back. stopped: never again. */
type TabState = 'offline' | 'waiting' | 'connecting' | 'open' | 'closed' | 'stopped'

export interface Tab {
  readonly line: Line
  readonly device: Device
  state: TabState
  socket: WebSocket | null
  pageID: string
  queue: WireEvent[]
  /** Not acknowledged yet, oldest first. */
  inFlight: Sent[]
  lastId: number
  limits: Welcome['limits'] | null
  /** Halved by each close for a frame too large. */
  batchMax: number
  /** Attempts in a row that led to no welcome. */
  attempts: number
  wasWelcome: boolean
  /** The id that the last hello named. */
  saidID: string
  /** When nothing counts against its rate any more; monotonic, ms. */
  fullAt: number
  /** Since when the oldest of the queue waits; monotonic, ms. */
  lingersSince: number
  retry: NodeJS.Timeout | null
  flush: NodeJS.Timeout | null
}

/** Opens a tab that connects at once, and takes over what tabs before it left. */
export function openTab(device: Device, line: Line, pageID: string): Tab {
  const tab: Tab = {
    line,
    device,
    state: 'waiting',
    socket: null,
    pageID,
    queue: device.leftover,
    inFlight: [],
    lastId: 0,
    limits: null,
    batchMax: line.eventsPerMessage,
    attempts: 0,
    wasWelcome: false,
    saidID: '',
    fullAt: 0,
    lingersSince: performance.now(),
    retry: null,
    flush: null,
  }
  device.leftover = []
  connect(tab)
  return tab
}

/** Something happened on the page: it is sent when it may be. */
export function say(tab: Tab, event: WireEvent): void {
  if (tab.queue.length === 0) tab.lingersSince = performance.now()
  tab.queue.push(event)
  pump(tab)
}

/** Events of this tab that are not acknowledged. */
export function waitingOf(tab: Tab): number {
  return tab.inFlight.reduce((sum, { events }) => sum + events.length, tab.queue.length)
}

/** The network is gone, without a word to anybody. */
export function loseNetwork(tab: Tab): void {
  if (tab.state === 'stopped') return
  leave(tab, 'offline')?.terminate()
}

export function findNetwork(tab: Tab): void {
  if (tab.state === 'offline') connect(tab)
}

/** The tab is closed; what was not acknowledged is left for the device's next tab (P5). */
export function closeTab(tab: Tab): void {
  if (tab.state !== 'stopped') leave(tab, 'closed')?.close()
  tab.device.leftover.push(...tab.queue)
  tab.queue = []
}

/** Forgets the socket and keeps what it had not acknowledged; the caller ends the socket. */
function leave(tab: Tab, state: TabState): WebSocket | null {
  const { socket } = tab
  tab.socket = null
  tab.state = state
  if (tab.retry !== null) clearTimeout(tab.retry)
  if (tab.flush !== null) clearTimeout(tab.flush)
  tab.retry = null
  tab.flush = null
  // P5: in their order, before what happened since.
  tab.queue = [...tab.inFlight.flatMap(({ events }) => events), ...tab.queue]
  tab.inFlight = []
  return socket
}

function connect(tab: Tab): void {
  const { url, codec, tally } = tab.line
  const socket = new WebSocket(url, codec.subprotocol, { perMessageDeflate: false, handshakeTimeout: 10_000 })
  tab.socket = socket
  tab.state = 'connecting'
  tab.lastId = 0
  tab.fullAt = 0
  socket.on('open', () => tab.socket === socket && greet(tab, socket))
  socket.on('message', (data: Buffer) => {
    if (tab.socket === socket) read(tab, socket, data)
  })
  // A close follows each error.
  socket.on('error', ({ message }) => {
    if (tab.socket === socket) tally.lastError = message
  })
  socket.on('close', (code) => tab.socket === socket && wasClosed(tab, code))
}

function greet(tab: Tab, socket: WebSocket): void {
  const { globalVisitID, deviceToken, visitID } = tab.device
  tab.saidID = globalVisitID
  const { pageID } = tab
  socket.send(
    tab.line.codec.encode({ type: 'hello', globalVisitID, deviceToken, visitID, pageID, sentAt: Date.now() }),
  )
}

/** The server is ours: what decodes is taken at its word. */
function read(tab: Tab, socket: WebSocket, frame: Uint8Array): void {
  const { codec, tally } = tab.line
  try {
    hear(tab, codec.decode(frame) as ServerMessage)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    tally.lastError = `the server's answer: ${cause.message}`
    socket.terminate()
  }
}

function hear(tab: Tab, message: ServerMessage): void {
  switch (message.type) {
    case 'welcome':
      tab.limits = message.limits
      tab.state = 'open'
      tab.attempts = 0
      tab.line.tally.welcomes += 1
      if (tab.wasWelcome) tab.line.tally.reconnects += 1
      tab.wasWelcome = true
      pump(tab)
      break
    case 'ack':
      acknowledged(tab, message)
      pump(tab)
      break
    case 'visit':
      adopt(tab, message.visitID)
      break
    case 'notify':
      tab.socket?.send(tab.line.codec.encode({ type: 'notified', id: message.id, outcome: 'noHandler' }))
      break
    case 'identity':
    case 'error':
    // A close follows where there is anything to do.
  }
}

/** Another visitID is adopted only from a message that names one. */
function adopt({ device }: Tab, visitID: string | null): void {
  if (visitID !== null) device.visitID = visitID
}

function acknowledged(tab: Tab, { id, accepted, duplicates, rejected, visitID }: Ack): void {
  const { tally, ledger } = tab.line
  const batch = tab.inFlight.shift()
  if (batch === undefined || batch.id !== id) {
    tally.wrongAcks += 1
    return
  }
  addLatency(tally.ackLatency, performance.now() - batch.at)
  tally.accepted += accepted
  tally.duplicates += duplicates
  for (const { code } of rejected) countOne(tally.rejected, code)
  const refused = new Set(rejected.map(({ eventID }) => eventID))
  for (const { eventID } of batch.events) {
    if (!refused.has(eventID)) ledger.acknowledged(tab.saidID, eventID)
  }
  adopt(tab, visitID)
}

/** Sends what may be sent: within the limits of `welcome`, and in batches of the size asked for. */
function pump(tab: Tab): void {
  const { limits, socket, queue } = tab
  if (tab.state !== 'open' || limits === null || socket === null) return
  while (queue.length > 0 && tab.inFlight.length < limits.inFlight) {
    const wanted = Math.max(1, Math.min(tab.batchMax, limits.batchEvents, limits.eventsPerSecond))
    const count = Math.min(wanted, queue.length)
    const now = performance.now()
    const fullAt = Math.max(tab.fullAt, now) + (count * 1_000) / limits.eventsPerSecond
    const waitMs = Math.max(fullAt - now - 1_000, count < wanted ? tab.lingersSince + LINGER_MS - now : 0)
    if (waitMs > 0) {
      pumpIn(tab, waitMs)
      return
    }
    const events = queue.slice(0, count)
    const frame = tab.line.codec.encode({ type: 'events', id: tab.lastId + 1, sentAt: Date.now(), events })
    if (count > 1 && Buffer.byteLength(frame) > limits.frameBytes) {
      tab.batchMax = Math.floor(count / 2)
      continue
    }
    queue.splice(0, count)
    tab.lastId += 1
    tab.fullAt = fullAt
    tab.lingersSince = now
    tab.inFlight.push({ id: tab.lastId, events, at: now })
    tab.line.tally.sent += count
    socket.send(frame)
  }
}

function pumpIn(tab: Tab, waitMs: number): void {
  if (tab.flush !== null) clearTimeout(tab.flush)
  tab.flush = setTimeout(() => {
    tab.flush = null
    pump(tab)
  }, waitMs + 1)
}

function wasClosed(tab: Tab, code: number): void {
  const { tally, random } = tab.line
  countOne(tally.closes, code)
  leave(tab, 'waiting')
  if (code === CLOSING.frameTooLarge.code) tab.batchMax = Math.max(1, Math.floor(tab.batchMax / 2))
  const mayStartAnew = code === CLOSING.unauthorized.code && startAnew(tab.device, tab.saidID, random)
  if (mayStartAnew) tab.queue = stampAnew(tab.queue, tab.device)
  const waitMs = mayStartAnew ? 0 : waitBeforeMs(code, tab.attempts, random)
  tab.attempts += 1
  if (waitMs === null) {
    tab.state = 'stopped'
    countOne(tally.stopped, String(code))
    return
  }
  tab.retry = setTimeout(() => connect(tab), waitMs)
}
