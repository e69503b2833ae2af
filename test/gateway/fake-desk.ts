/** A desk with a clock that stands still, and sockets that only remember: the core without a network. */
import { JSON_CODEC } from '../../protocol/codec.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import type { Connection, Socket } from '../../src/gateway/connection.ts'
import { receive } from '../../src/gateway/conversation.ts'
import type { Desk } from '../../src/gateway/desk.ts'
import type { Log } from '../../src/gateway/log.ts'
import { createDesk, letIn, letOut } from '../../src/gateway/reception.ts'
import { type FakeVisitors, fakeVisitors } from './fake-visitors.ts'
import { hello } from './words.ts'

export interface FakeSocket extends Socket {
  bufferedAmount: number
  readonly sent: Record<string, unknown>[]
  readonly closes: { readonly code: number; readonly reason: string }[]
  paused: boolean
  pings: number
  terminated: boolean
}

export interface Setting {
  readonly desk: Desk
  readonly visitors: FakeVisitors
  /** Lets time pass, in ms. */
  pass(ms: number): void
  /** What was logged, as `level message`. */
  readonly logged: string[]
  open(address?: string): Client
}

export interface Client {
  readonly connection: Connection
  readonly socket: FakeSocket
  say(message: unknown): void
  sayBytes(bytes: Uint8Array, isBinary?: boolean): void
  gone(): void
}

export const START = 1_790_000_000_000

export function setting(config: Partial<Config> = {}): Setting {
  let elapsed = 1
  const visitors = fakeVisitors()
  const logged: string[] = []
  const log = fakeLog(logged)
  const clock = { now: () => START + elapsed, uptime: () => elapsed }
  const desk = createDesk({ visitors, config: { ...defaultConfig(), ...config }, clock, log })
  visitors.onCommitted((committed) => desk.presence.committed(committed))
  return {
    desk,
    visitors,
    logged,
    pass(ms) {
      elapsed += ms
    },
    open: (address = '192.0.2.1') => openClient(desk, address),
  }
}

export function fakeLog(logged: string[]): Log {
  return {
    info: (_, message) => void logged.push(`info ${message}`),
    warn: (_, message) => void logged.push(`warn ${message}`),
    error: (_, message) => void logged.push(`error ${message}`),
  }
}

function openClient(desk: Desk, address: string): Client {
  const socket = fakeSocket()
  const cork = { cork: () => {}, uncork: () => {} }
  const connection = letIn(desk, { socket, cork, codec: JSON_CODEC, address, userAgent: null })
  const sayBytes = (bytes: Uint8Array, isBinary = false) => receive(desk, connection, bytes, isBinary)
  return {
    connection,
    socket,
    say: (message) => sayBytes(Buffer.from(JSON.stringify(message))),
    sayBytes,
    gone: () => letOut(desk, connection),
  }
}

function fakeSocket(): FakeSocket {
  const socket: FakeSocket = {
    bufferedAmount: 0,
    sent: [],
    closes: [],
    paused: false,
    pings: 0,
    terminated: false,
    send: (data) => void socket.sent.push(JSON.parse(String(data))),
    ping: () => {
      socket.pings += 1
    },
    pause: () => {
      socket.paused = true
    },
    resume: () => {
      socket.paused = false
    },
    close: (code, reason) => void socket.closes.push({ code, reason }),
    terminate: () => {
      socket.terminated = true
    },
  }
  return socket
}

/** Lets everything that is decided happen: promises and ticks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A client that said hello and was welcome, or not. */
export async function greeted(world: Setting, over: Record<string, unknown> = {}): Promise<Client> {
  const client = world.open()
  client.say(hello(over))
  await settle()
  return client
}

/** The ids of the batches that were acknowledged, in order. */
export function acks(client: Client): unknown[] {
  return client.socket.sent.filter(({ type }) => type === 'ack').map(({ id }) => id)
}

export function closeCode(client: Client): number | undefined {
  return client.socket.closes[0]?.code
}
