/** Bodies that are too long: refused so that the client learns it, and nobody's next request is lost behind them. */
import { Agent, request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { takeBody } from '../src/body.ts'
import { within } from './helpers/within.ts'
import { openServer } from './live/a-server.ts'

const bodies = suite('bodies')

const WRITER = { authorization: 'Bearer writer-secret-012345', 'content-type': 'application/json' }
const KEYS = 'writer:writer-secret-012345:history:read+history:write'
/** Each route that reads a body in its own way, and how long one may be. */
const ROUTES = [
  { path: '/track', bytesMax: 65_536 },
  { path: '/backend/data/visits/v1/events', bytesMax: 65_536 },
  { path: '/live/tickets', bytesMax: 4_096 },
] as const
const READ_ON = 16
/** A connection that goes wrong does so by a race. */
const ROUNDS = 10

async function* chunksOf(count: number, each: number, read: { bytes: number }): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    read.bytes += each
    yield new Uint8Array(each)
  }
}

bodies('[Q9] a body at its limit is taken, one byte more is not, and far more is not read', async () => {
  const read = { bytes: 0 }
  assert.is((await takeBody(chunksOf(10, 100, read), 1_000))?.length, 1_000)
  assert.is(await takeBody(chunksOf(1, 1_001, read), 1_000), null)
  read.bytes = 0
  assert.is(await takeBody(chunksOf(160, 100, read), 1_000), null)
  assert.is(read.bytes, 16_000, 'read to its end')
  read.bytes = 0
  assert.is(await takeBody(chunksOf(1_000_000, 100, read), 1_000), null)
  assert.is(read.bytes, 16_100, 'left where it is far too long')
})

bodies(
  '[Q9] [H2] whoever sends too much is told so, and no request is lost behind it on the same connection',
  async () => {
    const server = await openServer({ keys: KEYS })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      for (const { path, bytesMax } of ROUTES) {
        for (const framing of [{}, { 'transfer-encoding': 'chunked' }, { expect: '100-continue' }]) {
          for (let round = 0; round < ROUNDS; round += 1) {
            const label = `${path} ${JSON.stringify(framing)} ${round}`
            const body = 'x'.repeat(bytesMax * READ_ON)
            const refused = await ask(server.url + path, { agent, body, headers: { ...WRITER, ...framing } })
            assert.equal(refused, { status: 413, connection: 'close' }, label)
            const next = await ask(`${server.url}/healthz`, { agent, body: null, headers: {} })
            assert.is(next.status, 200, label)
          }
        }
      }
    } finally {
      agent.destroy()
      await server.close()
    }
  },
)

interface Asking {
  readonly agent: Agent
  readonly body: string | null
  readonly headers: Readonly<Record<string, string>>
}

function ask(url: string, { agent, body, headers }: Asking) {
  const answered = new Promise<{
    readonly status: number | undefined
    readonly connection: string | undefined
  }>((resolve, reject) => {
    const method = body === null ? 'GET' : 'POST'
    const asked = request(url, { agent, method, headers }, (answer) => {
      const { statusCode: status, headers: told } = answer
      answer.once('error', reject).once('end', () => resolve({ status, connection: told.connection }))
      answer.resume()
    })
    asked.once('error', reject).end(body ?? undefined)
  })
  return within(10_000, url, answered)
}

bodies.run()
