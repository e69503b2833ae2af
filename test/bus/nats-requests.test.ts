/** Requests over a real nats-server: found as a micro service, answered, refused, and answered again after a restart. */
import { headers, type NatsConnection, RequestStrategy, ServiceError, type ServiceIdentity } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Bus } from '../../src/bus/bus.ts'
import { openBus } from '../../src/bus/open-bus.ts'
import { type Operations, serveOperations } from '../../src/bus/operations.ts'
import { type Config, defaultConfig } from '../../src/config.ts'
import type { NatsServer } from '../helpers/nats-server.ts'
import { eventually } from '../helpers/within.ts'
import { QUIET } from './quiet.ts'
import { arrivedAll, WAIT_MS, withConnection, withServer } from './real-stream.ts'

const requests = suite('requests over a real nats-server')

const PROBLEM = { type: 'about:blank', title: 'Conflict', status: 409, detail: 'somebody signed in' }
const OPERATIONS: Operations = {
  get: async (call) => ({ status: 200, body: call }),
  engage: async () => ({ status: 409, body: PROBLEM }),
}

/** The operations are served there, until `run` is over. */
async function serving(server: NatsServer, run: (bus: Bus) => Promise<void>, changed: Partial<Config> = {}) {
  const config = { ...defaultConfig(), natsUrl: server.url, ...changed }
  const bus = openBus(config, QUIET)
  assert.ok(bus !== null)
  const stop = serveOperations({ bus, operations: OPERATIONS, config, log: QUIET })
  try {
    await run(bus)
  } finally {
    await stop()
    await bus.close()
  }
}

const ONE = { strategy: RequestStrategy.Count, maxWait: 500, maxMessages: 1 }

const found = (nats: NatsConnection): Promise<ServiceIdentity> =>
  eventually(WAIT_MS, 'the service is found', async () => {
    try {
      for await (const service of await nats.services.client(ONE).ping('vestibule')) return service
    } catch {
      // Nobody serves it yet.
    }
    return undefined
  })

requests(
  '[B8] the service is found by $SRV.*, with its endpoints and what they have answered',
  withServer(async ({ server }) => {
    await withConnection(server, (nats) =>
      serving(server, async () => {
        const { name, id } = await found(nats)
        assert.is(name, 'vestibule')
        await nats.request('vestibule.visitor.get', '{}')
        const client = nats.services.client(ONE)
        for await (const info of await client.info('vestibule', id)) {
          assert.equal(
            info.endpoints.map(({ subject }) => subject),
            ['vestibule.visitor.get', 'vestibule.visitor.engage'],
          )
        }
        for await (const stats of await client.stats('vestibule', id)) {
          assert.is(stats.endpoints?.find(({ name: endpoint }) => endpoint === 'get')?.num_requests, 1)
        }
      }),
    )
  }),
)

requests(
  '[B8] a request brings its key in a header; an error is the protocol of services, with the problem in it',
  withServer(async ({ server }) => {
    await withConnection(server, (nats) =>
      serving(server, async () => {
        await found(nats)
        const header = headers()
        header.set('authorization', 'Bearer k')
        const got = await nats.request('vestibule.visitor.get', '{"globalVisitID":"g1"}', {
          timeout: WAIT_MS,
          headers: header,
        })
        assert.is(ServiceError.isServiceError(got), false)
        assert.is(got.headers?.get('content-type'), 'application/json')
        assert.equal(got.json(), { authorization: 'Bearer k', open: false, body: { globalVisitID: 'g1' } })

        const refused = await nats.request('vestibule.visitor.engage', '{}')
        assert.equal({ ...ServiceError.toServiceError(refused) }, { code: 409 })
        assert.is(refused.headers?.get('Nats-Service-Error-Code'), '409')
        assert.is(refused.headers?.get('Nats-Service-Error'), 'Conflict')
        assert.is(refused.headers?.get('content-type'), 'application/problem+json')
        assert.equal(refused.json(), PROBLEM)
        const wrong = await nats.request('vestibule.visitor.get', 'no json')
        assert.is(wrong.headers?.get('Nats-Service-Error-Code'), '400')
      }),
    )
  }),
)

requests(
  '[B8] it is answered again after the server was killed, under another prefix too',
  withServer(async ({ server }) => {
    await serving(
      server,
      async (bus) => {
        const ask = () =>
          withConnection(server, async (nats) => {
            await found(nats)
            return (await nats.request('shop.visitor.get', '{}')).json<{ readonly open: boolean }>().open
          })
        assert.is(await ask(), true)
        await server.kill()
        await eventually(WAIT_MS, 'it is away', () => (bus.isConnected() ? undefined : true))
        await server.start()
        assert.is(await ask(), true)
      },
      { natsPrefix: 'shop', natsRequestsOpen: true },
    )
  }),
)

requests(
  '[B3] the stream takes no request: what answers is the service, not JetStream',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    store.commit('g1', [{ kind: 'visit', name: 'opened' }])
    await arrivedAll(relay)
    await withConnection(server, async (nats) => {
      const nobody = await nats.request('vestibule.visitor.get', '{}').catch((error: Error) => error.message)
      assert.is(nobody, '503')
    })
  }),
)

requests.run()
