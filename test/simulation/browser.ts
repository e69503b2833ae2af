/** Browsers as the server meets them: tabs with a queue, visit ids that differ, sockets whose frames are moved by hand. */
import { JSON_CODEC } from '../../protocol/codec.ts'
import type { Ack, ServerMessage } from '../../protocol/messages.ts'
import type { Connection, Socket } from '../../src/gateway/connection.ts'
import { receive } from '../../src/gateway/conversation.ts'
import type { Desk } from '../../src/gateway/desk.ts'
import { letIn, letOut } from '../../src/gateway/reception.ts'

/** An event as the page said it. */
export interface Said {
  readonly eventID: string
  readonly words: Readonly<Record<string, unknown>>
  readonly timestamp: number
}

export interface Browser {
  /** Another from when its device was erased. */
  globalVisitID: string
  deviceToken: string
  readonly tabs: readonly Tab[]
  /** Its clock minus the server's; a browser's clock is only a stopwatch (E5). */
  readonly skewMs: number
  /** What was acknowledged once, to be said again by mistake. */
  readonly acknowledged: Said[]
}

export interface Tab {
  readonly browser: Browser
  /** What new events name. */
  visitID: string
  wire: Wire | null
  /** Not acknowledged yet, oldest first. */
  queue: Said[]
}

/** A batch on its way. */
export interface Sent {
  readonly id: number
  readonly sentAt: number
  readonly events: readonly Said[]
}

/** One socket: what is on its way up and down, and who still believes in it. */
export interface Wire {
  readonly tab: Tab
  readonly globalVisitID: string
  /** It said hello for a device that was erased by then. */
  readonly knewGone: boolean
  readonly number: number
  readonly connection: Connection
  readonly up: Uint8Array[]
  readonly down: Down[]
  /** Sent and not acknowledged, in order. */
  readonly sent: Sent[]
  readonly namesVisit: string | null
  isWelcome: boolean
  /** V4: the open visit that its hello named; null from when that changed. */
  entered: string | null
  nextId: number
  /** The browser has it no more. */
  isGone: boolean
  /** The server has it no more. */
  isOver: boolean
}

export type Down =
  | { readonly is: 'message'; readonly message: ServerMessage }
  | { readonly is: 'ping' }
  | { readonly is: 'close'; readonly code: number }

/** What a world listens to. */
export interface Hearing {
  readonly welcome: (wire: Wire) => void
  readonly acknowledged: (wire: Wire, ack: Ack) => void
  readonly closed: (wire: Wire, code: number) => void
}

let wires = 0

/** Opens a socket and says hello. */
export function connect(
  desk: Desk,
  tab: Tab,
  {
    names,
    rightToken,
    knewGone,
    sentAt,
  }: {
    readonly names: boolean
    readonly rightToken: boolean
    readonly knewGone: boolean
    readonly sentAt: number
  },
): Wire {
  const { globalVisitID, deviceToken } = tab.browser
  const down: Down[] = []
  const socket: Socket = {
    bufferedAmount: 0,
    // The codec's own text: what it cannot say would not come.
    send: (data) => void down.push({ is: 'message', message: JSON.parse(String(data)) }),
    ping: () => void down.push({ is: 'ping' }),
    pause: () => {},
    resume: () => {},
    close: (code) => void down.push({ is: 'close', code }),
    terminate: () => void down.push({ is: 'close', code: 1006 }),
  }
  const about = {
    socket,
    cork: { cork: () => {}, uncork: () => {} },
    codec: JSON_CODEC,
    address: globalVisitID,
  }
  const connection = letIn(desk, { ...about, userAgent: null })
  wires += 1
  const wire: Wire = {
    tab,
    globalVisitID,
    knewGone,
    number: wires,
    connection,
    up: [],
    down,
    sent: [],
    namesVisit: names ? tab.visitID : null,
    isWelcome: false,
    entered: null,
    nextId: 1,
    isGone: false,
    isOver: false,
  }
  tab.wire = wire
  const named = names ? { visitID: tab.visitID } : {}
  const token = rightToken ? deviceToken : `${deviceToken.slice(0, -1)}x`
  write(wire, { type: 'hello', globalVisitID, deviceToken: token, sentAt, ...named })
  return wire
}

/** Sends a batch of what waits; null where there is nothing to send it on, or nothing to send. */
export function send(
  tab: Tab,
  { count, now }: { readonly count: number; readonly now: number },
): Sent | null {
  const { wire } = tab
  if (wire === null || !wire.isWelcome) return null
  const onItsWay = new Set(wire.sent.flatMap(({ events }) => events))
  const events = tab.queue.filter((said) => !onItsWay.has(said)).slice(0, count)
  if (events.length === 0) return null
  const sent = { id: wire.nextId, sentAt: now + tab.browser.skewMs, events }
  wire.nextId += 1
  wire.sent.push(sent)
  write(wire, { type: 'events', id: sent.id, sentAt: sent.sentAt, events: events.map(({ words }) => words) })
  return sent
}

function write(wire: Wire, message: unknown): void {
  wire.up.push(Buffer.from(JSON.stringify(message)))
}

/** The server reads the next frame; false where there is none. */
export function deliverUp(desk: Desk, wire: Wire): boolean {
  const frame = wire.up.shift()
  if (frame === undefined) return false
  if (!wire.isOver) receive(desk, wire.connection, frame, false)
  return true
}

/** The browser reads what comes next; false where there is nothing. */
export function deliverDown(desk: Desk, wire: Wire, hearing: Hearing): boolean {
  const next = wire.down.shift()
  if (next === undefined) return false
  if (next.is === 'close') {
    lose(wire)
    over(desk, wire)
    hearing.closed(wire, next.code)
  } else if (!wire.isGone) {
    if (next.is === 'message') hear(wire, next.message, hearing)
    else pong(desk, wire)
  }
  return true
}

function hear(wire: Wire, message: ServerMessage, hearing: Hearing): void {
  switch (message.type) {
    case 'welcome':
      hearing.welcome(wire)
      wire.isWelcome = true
      wire.entered = message.visitID === wire.namesVisit ? message.visitID : null
      return
    case 'visit':
      wire.entered = null
      return adopt(wire.tab, message.visitID)
    case 'ack':
      hearing.acknowledged(wire, message)
      return adopt(wire.tab, message.visitID)
    case 'identity':
    case 'notify':
    case 'error':
      return
  }
}

/** New events name what an `ack` or a `visit` named: so two tabs come to agree. */
function adopt(tab: Tab, visitID: string | null): void {
  if (visitID !== null) tab.visitID = visitID
}

function pong(desk: Desk, { connection }: Wire): void {
  connection.heardAt = desk.clock.uptime()
  connection.pingedAt = 0
}

/** The browser has lost its socket; what was on its way up may have been lost, and what was not acknowledged waits. */
export function lose(wire: Wire): void {
  wire.isGone = true
  if (wire.tab.wire === wire) wire.tab.wire = null
}

/** The server hears that a socket is closed. */
export function over(desk: Desk, wire: Wire): void {
  if (wire.isOver) return
  wire.isOver = true
  wire.up.length = 0
  letOut(desk, wire.connection)
}
