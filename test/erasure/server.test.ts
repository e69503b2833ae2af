/** Q12 over the whole server: what is asked over HTTP, and what a browser of an erased device is told. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { JSON_CODEC } from '../../protocol/codec.ts'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually, within } from '../helpers/within.ts'

const server = suite('erasures over the whole server')

const KEY = 'erasing-secret-0123'

server('[Q12] a dry run, a receipt, and 4503 for an erased device', async () => {
  const folder = tempFolder()
  const keys = `desk:${KEY}:history:read+history:write+erase`
  const { url, close } = await startServer({
    config: { ...defaultConfig(), data: folder.path, port: 0, keys },
    log: createLog('silent'),
  })
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await response.text()
    const said: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
    return { status: response.status, location: response.headers.get('location') ?? '', said }
  }
  const base = '/backend/data'
  const made = await ask('POST', `${base}/visits`, { globalVisitID: 'g1', visitId: 'v1' })
  assert.is(made.status, 201)
  assert.is((await ask('POST', `${base}/visits/v1/sessions`, { identityId: 'pat' })).status, 201)

  // The contact server's answer is an entry of its own.
  await eventually(5_000, 'the contact', async () => {
    const { said } = await ask('GET', `${base}/identities/pat`)
    return typeof said.entityInCS === 'string' ? true : undefined
  })
  const dry = await ask('POST', `${base}/identities/pat/erase`, { dryRun: true })
  assert.is(dry.status, 200)
  const begun = await ask('POST', `${base}/identities/pat/erase`, {})
  assert.equal([begun.status, begun.said.kind], [202, 'person'])
  assert.is((await ask('GET', `${base}/identities/pat`)).status, 404)
  const receipt = await eventually(5_000, 'the receipt', async () => {
    const { said } = await ask('GET', begun.location)
    return said.state === 'done' ? said : undefined
  })
  assert.equal(receipt.counts, dry.said.counts)
  // VisitStarted led to the person, and went with them.
  assert.equal((await ask('GET', `${base}/visits/v1/events`)).said, [])

  const device = await ask('POST', `${base}/visitors/g1/erase`, {})
  assert.is(device.status, 202)
  assert.is((await ask('GET', `${base}/visitors/g1`)).status, 404)
  assert.is((await ask('GET', `${base}/visits/v1`)).status, 404)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/track`, JSON_CODEC.subprotocol)
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  socket.on('open', () =>
    socket.send(
      JSON.stringify({ type: 'hello', globalVisitID: 'g1', deviceToken: 'a'.repeat(32), sentAt: 1 }),
    ),
  )
  assert.is(await within(5_000, 'the close', closed), 4503)
  await close()
  folder.remove()
})

server.run()
