/** Requests over NATS, as far as no server is needed: what becomes a call, and what is refused before. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BusReply, RequestService } from '../../src/bus/bus.ts'
import { type OperationCall, type Operations, serveOperations } from '../../src/bus/operations.ts'
import { defaultConfig } from '../../src/config.ts'
import { createMemoryBus } from './memory-bus.ts'
import { keptLog } from './quiet.ts'

const operations = suite('operations over NATS')

function serving(given: Operations, config = {}) {
  const bus = createMemoryBus()
  const log = keptLog()
  const stop = serveOperations({ bus, operations: given, config: { ...defaultConfig(), ...config }, log })
  const service = bus.served()
  assert.ok(service !== null)
  return { service, stop, log, bus }
}

function ask(service: RequestService, text: string, authorization?: string): Promise<BusReply> {
  return service.answer('get', { authorization, bytes: Buffer.from(text) })
}

const echo = async (call: OperationCall) => ({ status: 200, body: call })
const said = ({ bytes }: BusReply): unknown => JSON.parse(Buffer.from(bytes).toString())

operations(
  '[B8] a request is a call with its key and its body; the account is not trusted by itself',
  async () => {
    const { service } = serving({ get: echo })
    assert.is(service.name, 'vestibule')
    assert.is(service.group, 'vestibule.visitor')
    assert.equal(service.endpoints, ['get'])
    const reply = await ask(service, '{"globalVisitID":"g1"}', 'Bearer k')
    assert.is(reply.status, 200)
    assert.is(reply.contentType, 'application/json')
    assert.equal(said(reply), { authorization: 'Bearer k', open: false, body: { globalVisitID: 'g1' } })
  },
)

operations('[B8] NATS_REQUESTS_OPEN trusts the account, and the log says so', async () => {
  const { service, log } = serving({ get: echo }, { natsRequestsOpen: true })
  assert.equal(said(await ask(service, '{}')), { open: true, body: {} })
  assert.match(log.lines().join(), 'NATS_REQUESTS_OPEN')
  assert.is(serving({ get: echo }).log.lines().length, 0)
})

operations('[B8] a problem is answered as one, with the status as the code', async () => {
  const body = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'somebody signed in' }
  const { service } = serving({ get: async () => ({ status: 409, body }) })
  const reply = await ask(service, '{}')
  assert.equal([reply.status, reply.title, reply.contentType], [409, 'Conflict', 'application/problem+json'])
  assert.equal(said(reply), body)
})

operations('[B8] what is no JSON, what is too long, and a fault of ours are problems', async () => {
  const { service, log } = serving({
    get: async ({ body }) => {
      if (body === 'long') return { status: 200, body: 'ok' }
      throw new Error('a secret place')
    },
  })
  assert.is((await ask(service, '')).status, 400)
  assert.is((await ask(service, '{')).status, 400)
  const padding = ' '.repeat(defaultConfig().frameBytes - '"long"'.length)
  assert.is((await ask(service, `"long"${padding}`)).status, 200)
  assert.is((await ask(service, `"long"${padding} `)).status, 413)
  const reply = await ask(service, '{}')
  assert.is(reply.status, 500)
  assert.not.match(JSON.stringify(said(reply)), 'secret')
  assert.match(log.lines().join(), 'a request over NATS failed')
})

operations(
  '[B8] so many requests are answered at once, one more is refused; a stop waits for them',
  async () => {
    const waiting: (() => void)[] = []
    const { service, stop, bus } = serving(
      { get: () => new Promise((resolve) => waiting.push(() => resolve({ status: 200, body: 1 }))) },
      { natsRequestsAtOnce: 2 },
    )
    const [first, second] = [ask(service, '{}'), ask(service, '{}')]
    assert.is((await ask(service, '{}')).status, 429)
    let isStopped = false
    const stopping = stop().then(() => {
      isStopped = true
    })
    await new Promise(setImmediate)
    assert.is(bus.served(), null)
    assert.is(isStopped, false)
    for (const finish of waiting) finish()
    assert.equal([(await first).status, (await second).status], [200, 200])
    await stopping
  },
)

operations.run()
