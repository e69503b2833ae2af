/** A gateway on a free port of this machine, and clients that talk to it over real sockets. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { type Config, defaultConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts'
import type { Visitors } from '../../src/visitors/contract.ts'
import { within } from '../helpers/within.ts'
import { fakeLog } from './fake-desk.ts'
import { type FakeVisitors, fakeVisitors } from './fake-visitors.ts'

export interface Listening<V extends Visitors = FakeVisitors> {
  readonly gateway: Gateway
  readonly visitors: V
  readonly port: number
  readonly logged: string[]
  stop(): Promise<void>
}

export function listen(config: Partial<Config> = {}): Promise<Listening> {
  return listenWith(fakeVisitors(), config)
}

export async function listenWith<V extends Visitors>(
  visitors: V,
  config: Partial<Config> = {},
): Promise<Listening<V>> {
  const logged: string[] = []
  const server: Server = createServer((request, response) => gateway.handle(request, response))
  const gateway = startGateway({
    server,
    visitors,
    config: { ...defaultConfig(), ...config },
    log: fakeLog(logged),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    gateway,
    visitors,
    port: (server.address() as AddressInfo).port,
    logged,
    async stop() {
      await gateway.drain()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface RealClient {
  readonly ws: WebSocket
  say(message: unknown): void
  /** The next message of the server. */
  next(): Promise<Record<string, unknown>>
  /** Messages until one of that type, which is given. */
  until(type: string): Promise<Record<string, unknown>>
  closed(): Promise<{ readonly code: number; readonly reason: string }>
}

interface Dialing {
  readonly protocol?: string | string[] | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly decode?: (bytes: Uint8Array) => unknown
}

const PATIENCE_MS = 5_000

/** Resolves when the socket is open; rejects where the upgrade is refused. */
export async function dial(port: number, { protocol, headers, decode }: Dialing = {}): Promise<RealClient> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/track`, protocol ?? [], { headers: { ...headers } })
  const arrived: Record<string, unknown>[] = []
  let wake = () => {}
  ws.on('message', (data: Buffer) => {
    arrived.push((decode ?? ((bytes) => JSON.parse(String(bytes))))(data) as Record<string, unknown>)
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  const opened = new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.on('error', reject)
  })
  async function next(): Promise<Record<string, unknown>> {
    for (;;) {
      const message = arrived.shift()
      if (message !== undefined) return message
      const more = new Promise<void>((resolve) => {
        wake = resolve
      })
      await within(PATIENCE_MS, 'a message of the server', more)
    }
  }
  await within(PATIENCE_MS, 'an open socket', opened)
  return {
    ws,
    say: (message) => ws.send(JSON.stringify(message)),
    next,
    async until(type) {
      for (;;) {
        const message = await next()
        if (message.type === type) return message
      }
    },
    closed: () => within(PATIENCE_MS, 'a closed socket', closed),
  }
}

/** What an upgrade is answered with. */
export function statusOf(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { ...headers } })
  const status = new Promise<number>((resolve, reject) => {
    ws.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
      ws.terminate()
    })
    ws.on('open', () => {
      resolve(101)
      ws.terminate()
    })
    ws.on('error', reject)
  })
  return within(PATIENCE_MS, 'an answer', status)
}
