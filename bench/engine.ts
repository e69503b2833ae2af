/** From a browser's sign-in to an engine over NATS, at a calm pace, beside a bare NATS round trip in the same seconds. */
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type NatsConnection } from 'nats'
import { WebSocket } from 'ws'
import { type NatsServer, startNatsServer } from '../test/helpers/nats-server.ts'
import { type Latency, latencyOf } from './latency.ts'
import { startServerProcess } from './server-process.ts'
import type { Row } from './table.ts'

export interface EngineLatency {
  /** From the moment before a SignIn is sent until the engine has read who it is. */
  readonly signIn: Latency
  /** A request of one client and its answer by another. */
  readonly bare: Latency
}

const BROWSERS = 20
const SIGN_INS_PER_SECOND = 50
const WARM_UP = 100

/** The rows of the table: sign-ins are told over JetStream, and every one is on disk before. */
export async function engineRows({ measureMs }: { readonly measureMs: number }): Promise<readonly Row[]> {
  const { signIn, bare } = await measureEngine(measureMs * 3)
  return [
    {
      name: 'sign-in to engine over NATS p50, ms',
      floor: bare.p50Ms,
      ours: signIn.p50Ms,
      note: 'floor: a NATS round trip',
    },
    {
      name: 'sign-in to engine over NATS p99, ms',
      floor: bare.p99Ms,
      ours: signIn.p99Ms,
      note: `${(signIn.p99Ms - bare.p99Ms).toFixed(1)} ms more; goal 10`,
    },
  ]
}

/** Both latencies over so many ms, each in its half of every turn. */
export async function measureEngine(measureMs: number): Promise<EngineLatency> {
  const nats = await startNatsServer()
  const server = await startServerProcess('ours', { NATS_URL: nats.url })
  const [asking, answering] = await Promise.all([open(nats), open(nats)])
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => openBrowser(server.port)))
  try {
    answering.subscribe('bare', { callback: (_fault, message) => message.respond(message.data) })
    const arrivals = listen(answering)
    await answering.flush()
    const signIns: number[] = []
    const bares: number[] = []
    const turns = WARM_UP + Math.ceil((measureMs / 1_000) * SIGN_INS_PER_SECOND)
    for (let turn = 0; turn < turns; turn += 1) {
      const signInMs = await timed(() => signIn(browsers[turn % BROWSERS], turn, arrivals))
      await pause(500 / SIGN_INS_PER_SECOND)
      const bareMs = await timed(() => asking.request('bare', 'who?'))
      await pause(500 / SIGN_INS_PER_SECOND)
      if (turn < WARM_UP) continue
      signIns.push(signInMs)
      bares.push(bareMs)
    }
    return { signIn: latencyOf(signIns), bare: latencyOf(bares) }
  } finally {
    for (const browser of browsers) browser?.socket.terminate()
    await Promise.all([asking.close(), answering.close()])
    await server.stop()
    await nats.stop()
  }
}

interface Browser {
  readonly socket: WebSocket
  readonly visitID: string
}

async function openBrowser(port: number): Promise<Browser> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/track`, 'vestibule.v1.json')
  const visitID = randomUUID()
  await once(socket, 'open')
  const deviceToken = randomBytes(16).toString('hex')
  const hello = { type: 'hello', globalVisitID: randomUUID(), deviceToken, visitID, sentAt: Date.now() }
  socket.send(JSON.stringify(hello))
  await once(socket, 'message')
  return { socket, visitID }
}

/** Two people take turns at each browser: every sign-in is a change of identity. Resolves when the engine knows of it. */
async function signIn(browser: Browser | undefined, turn: number, arrivals: Arrivals): Promise<void> {
  if (browser === undefined) throw new Error('a browser is missing')
  const eventID = randomUUID()
  const person = Math.floor(turn / BROWSERS) % 2
  const event = {
    ...{ eventType: 'SYSTEM', eventName: 'SignIn', eventID, visitID: browser.visitID, pageID: 'page' },
    ...{ timestamp: Date.now(), url: 'https://shop.example/account' },
    data: { identityId: `person-${turn % BROWSERS}-${person}` },
  }
  const arrived = arrivals.of(eventID)
  browser.socket.send(JSON.stringify({ type: 'events', id: turn + 1, sentAt: Date.now(), events: [event] }))
  await arrived
}

interface Arrivals {
  /** Resolves when the change that this event caused has arrived. */
  readonly of: (eventID: string) => Promise<void>
}

function listen(nats: NatsConnection): Arrivals {
  const waiting = new Map<string, () => void>()
  nats.subscribe('vestibule.identity.authenticated.>', {
    callback: (_fault, message) => {
      const { data } = message.json<{ readonly data: { readonly cause: { readonly eventID?: string } } }>()
      waiting.get(data.cause.eventID ?? '')?.()
    },
  })
  return {
    of: (eventID) =>
      new Promise((resolve) => {
        waiting.set(eventID, () => {
          waiting.delete(eventID)
          resolve()
        })
      }),
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

function open({ url }: NatsServer): Promise<NatsConnection> {
  return connect({ servers: url })
}
