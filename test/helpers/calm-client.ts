/** A browser that goes on quietly, one event at a time, through whatever befalls its server; it remembers all it was told. */
import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { JSON_CODEC } from '../../protocol/codec.ts'
import type { WireEvent } from '../../protocol/events.ts'
import type { ServerMessage } from '../../protocol/messages.ts'
import { eventually } from './within.ts'

type Welcome = Extract<ServerMessage, { type: 'welcome' }>

export interface CalmClient {
  readonly globalVisitID: string
  readonly deviceToken: string
  readonly visitID: string
  /** The eventIDs that were acknowledged, in the order in which they were made. */
  readonly acknowledged: readonly string[]
  /** The close codes of its sockets, in order. */
  readonly closes: readonly number[]
  readonly welcomes: readonly Welcome[]
  /** The visits that it was told are over or replaced; nothing here calls for one. */
  readonly told: readonly string[]
  readonly isServed: () => boolean
  /** Cuts the socket as a network does; it comes back by itself. */
  readonly cut: () => void
  /** Resolves when `more` events were acknowledged from now on. */
  readonly goesOn: (more?: number) => Promise<void>
  /** Makes no new events; resolves when all are acknowledged. */
  readonly finish: () => Promise<void>
  readonly close: () => void
}

export interface CalmOptions {
  /** Between an ack and the next event. */
  readonly pauseMs?: number
  /** Who signs in at the start; nobody by default. */
  readonly identityId?: string
}

const RETRY_MS = 50
const PATIENCE_MS = 30_000

/** Connects to `url` (`ws://HOST:PORT/track`) for ever. */
export function startCalmClient(url: string, { pauseMs = 20, identityId }: CalmOptions = {}): CalmClient {
  const globalVisitID = randomUUID()
  const deviceToken = randomUUID().replaceAll('-', '')
  const visitID = randomUUID()
  const acknowledged: string[] = []
  const closes: number[] = []
  const welcomes: Welcome[] = []
  const told: string[] = []
  const first: WireEvent[] = [system('VisitStarted', {})]
  if (identityId !== undefined) first.push(system('SignIn', { identityId }))
  let waiting: readonly WireEvent[] = first
  let lastId = 0
  let isFinishing = false
  let isClosed = false
  let isServed = false
  let socket = connect()
  let timer: NodeJS.Timeout | undefined

  function connect(): WebSocket {
    const opened = new WebSocket(url, JSON_CODEC.subprotocol, { perMessageDeflate: false })
    lastId = 0
    opened.on('open', () => say({ type: 'hello', globalVisitID, deviceToken, visitID, sentAt: Date.now() }))
    opened.on('message', (data) => hear(JSON.parse(String(data)) as ServerMessage))
    // A close follows each error.
    opened.on('error', () => undefined)
    opened.on('close', (code) => {
      if (isServed) closes.push(code)
      isServed = false
      clearTimeout(timer)
      if (!isClosed) timer = setTimeout(reconnect, RETRY_MS)
    })
    return opened
  }

  function reconnect(): void {
    socket = connect()
  }

  function say(message: object): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }

  function hear(message: ServerMessage): void {
    if (message.type === 'welcome') {
      isServed = true
      welcomes.push(message)
      pump()
    } else if (message.type === 'ack') {
      acknowledged.push(...waiting.map(({ eventID }) => eventID))
      waiting = []
      if (message.rejected.length > 0) told.push(`rejected: ${message.rejected[0]?.code}`)
      if (!isFinishing) timer = setTimeout(pump, pauseMs)
    } else if (message.type === 'visit' && message.visitID !== visitID) {
      told.push(`${message.reason} -> ${message.visitID}`)
    }
  }

  function pump(): void {
    if (waiting.length === 0 && isFinishing) return
    if (waiting.length === 0) waiting = [{ ...system('Looked', {}), eventType: 'BUSINESS' }]
    lastId += 1
    say({ type: 'events', id: lastId, sentAt: Date.now(), events: waiting })
  }

  function system(eventName: string, data: WireEvent['data']): WireEvent {
    return {
      ...{ eventType: 'SYSTEM', eventName, eventID: randomUUID(), visitID, pageID: 'page' },
      ...{ timestamp: Date.now(), url: 'https://shop.example/', data },
    }
  }

  return {
    ...{ globalVisitID, deviceToken, visitID, acknowledged, closes, welcomes, told },
    isServed: () => isServed,
    cut: () => socket.terminate(),
    async goesOn(more = 5) {
      const until = acknowledged.length + more
      await eventually(
        PATIENCE_MS,
        'a calm browser is acknowledged',
        () => acknowledged.length >= until || undefined,
      )
    },
    async finish() {
      isFinishing = true
      await eventually(PATIENCE_MS, 'all is acknowledged', () => waiting.length === 0 || undefined)
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      socket.terminate()
    },
  }
}
