/** Attackers in a process of their own: wild frames, wild bodies, wrong keys and floods of pings, as fast as each is answered. */
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { JSON_CODEC, MSGPACK_CODEC } from '../protocol/codec.ts'
import { randomFrom } from '../src/commands/load/random.ts'
import { aFrame, aMessage, mutated } from '../test/fuzz/wild-messages.ts'

export interface Siege {
  readonly port: number
  readonly seed: number
}

/** How often each was done so far. */
export interface Attacks {
  readonly frames: number
  readonly sockets: number
  readonly bodies: number
  readonly keys: number
  readonly pings: number
}

const SOCKETS = 20
const POSTERS = 4
const GUESSERS = 4
const done = { frames: 0, sockets: 0, bodies: 0, keys: 0, pings: 0 }

process.on('message', (siege: Siege | 'count') => {
  if (siege === 'count') process.send?.({ ...done })
  else begin(siege)
})
// A bench that ends, however it ends, leaves no attacker behind.
process.on('disconnect', () => process.exit())

function begin({ port, seed }: Siege): void {
  const each = (count: number, attack: (seed: number) => Promise<void>): void => {
    for (let index = 0; index < count; index += 1) void attack(seed + index)
  }
  each(SOCKETS, (own) => sendWildFrames(port, own))
  each(POSTERS, (own) => postWildBodies(port, own))
  each(GUESSERS, () => guessKeys(port))
  each(1, () => floodWithPings(port))
}

async function sendWildFrames(port: number, seed: number): Promise<void> {
  const random = randomFrom(seed)
  for (;;) {
    const codec = random.pick([JSON_CODEC, MSGPACK_CODEC])
    const binary = codec === MSGPACK_CODEC
    const socket = await opened(port, codec.subprotocol)
    done.sockets += 1
    const hello = {
      type: 'hello',
      globalVisitID: `m${seed}-${done.sockets}`,
      deviceToken: 'M'.repeat(32),
      sentAt: 1,
    }
    socket?.send(aFrame(codec, hello), { binary })
    while (socket?.readyState === WebSocket.OPEN) {
      for (let frames = 0; frames < 10; frames += 1) {
        socket.send(mutated(aFrame(codec, aMessage(random)), random), { binary })
        done.frames += 1
      }
      await pause(1)
    }
  }
}

function opened(port: number, subprotocol: string): Promise<WebSocket | null> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/track`, subprotocol, { perMessageDeflate: false })
  return new Promise((resolve) => {
    socket.on('open', () => resolve(socket))
    socket.on('error', () => resolve(null))
    socket.on('close', () => resolve(null))
  })
}

async function postWildBodies(port: number, seed: number): Promise<void> {
  const random = randomFrom(seed)
  for (;;) {
    const body = Buffer.from(mutated(aFrame(JSON_CODEC, { events: [aMessage(random)], sentAt: 1 }), random))
    await asked(port, {
      method: 'POST',
      path: '/track',
      headers: { 'content-type': 'application/json' },
      body,
    })
    done.bodies += 1
  }
}

async function guessKeys(port: number): Promise<void> {
  for (;;) {
    const headers = { authorization: `Bearer guess-${done.keys}` }
    await asked(port, { method: 'GET', path: '/backend/data/visits', headers, body: null })
    done.keys += 1
  }
}

interface Asking {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

function asked(port: number, { body, ...options }: Asking): Promise<void> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, ...options }, (answer) =>
      answer.resume().on('close', resolve),
    )
    asking.on('error', () => resolve())
    asking.end(body ?? undefined)
  })
}

/** It reads nothing of what it is answered. */
async function floodWithPings(port: number): Promise<void> {
  for (;;) {
    const socket = await opened(port, JSON_CODEC.subprotocol)
    socket?.pause()
    while (socket?.readyState === WebSocket.OPEN) {
      for (let pings = 0; pings < 100; pings += 1) socket.ping(Buffer.alloc(125))
      done.pings += 100
      await pause(5)
    }
    await pause(5)
  }
}
