import { createServer, request } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../helpers/within.ts'
import { AUTHORIZATION, openHouse, SECRET } from './house.ts'

const http = suite('History: over HTTP')

/** The app behind a real server; `get` sends a path as it is written. */
async function openServer() {
  const addresses: (string | undefined)[] = []
  const house = await openHouse({
    addressOf: ({ socket }) => {
      addresses.push(socket.remoteAddress)
      return socket.remoteAddress ?? ''
    },
  })
  const { scribe } = house
  const visit = scribe.visit('g1', 'v1')
  const link = scribe.link(visit, scribe.identity('pat@example.com'), 'Recognized')
  scribe.event(visit.number, { visit, link })
  await scribe.commit()
  const server = createServer(getRequestListener(house.app.fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')
  const { port } = address
  const get = (path: string, headers: Readonly<Record<string, string>> = { authorization: AUTHORIZATION }) =>
    within(
      5_000,
      `an answer to ${path}`,
      new Promise<{ readonly status: number | undefined; readonly text: string }>((resolve, reject) => {
        const asked = request({ port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
          let text = ''
          response.on('data', (part) => {
            text += part
          })
          response.on('end', () => resolve({ status: response.statusCode, text }))
        })
        asked.on('error', reject)
        asked.end()
      }),
    )
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve))
    await house.close()
  }
  return { get, close, addresses }
}

http('[H4] an e-mail works raw in a path, and a path is not read twice', async () => {
  const { get, close } = await openServer()
  const statuses: readonly (readonly [string, number])[] = [
    ['/backend/data/identities/pat@example.com', 200],
    ['/backend/data/identities/pat%40example.com', 200],
    ['/backend/data/identities/pat%2540example.com', 404],
    ['/backend/data/identities/pat@example.com/events?page_size=1', 200],
    ['/backend/data/visits/../visits/v1', 200],
    ['/backend/data/visits/%2e%2e/visits/v1', 200],
    ['/backend/data/visits/..%2fvisits%2fv1', 404],
    ['/backend/data//visits/v1', 404],
    ['/backend/data/visits/v1#x', 200],
    ['/backend/data/identities/%', 400],
    ['/backend/data/visits/v1?%', 400],
    ['/BACKEND/data/visits/v1', 404],
  ]
  for (const [path, expected] of statuses) assert.is((await get(path)).status, expected, path)
  await close()
})

http('[Q9] a wrong key is counted by the address it comes from; curl and its -u work', async () => {
  const { get, close, addresses } = await openServer()
  const path = '/server/data/visits/v1'
  const basic = `Basic ${Buffer.from(`reader:${SECRET}`).toString('base64')}`
  assert.is((await get(path, { authorization: basic })).status, 200)
  assert.is((await get(path, {})).status, 401)
  assert.is((await get(path, { authorization: 'Bearer guess' })).status, 401)
  assert.equal([...new Set(addresses)], ['127.0.0.1'])
  await close()
})

http.run()
