/** Q12 in a real JetStream stream: messages that name the person are gone, the other person's are there. */
import { connect, type JetStreamManager } from 'nats'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { startServer } from '../../src/server.ts'
import { startNatsServer } from '../helpers/nats-server.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'

const nats = suite('erasures in JetStream')

const KEY = 'erasing-secret-0123'
const STREAM = 'VESTIBULE'
const WAIT_MS = 15_000

async function messagesIn(manager: JetStreamManager): Promise<readonly string[]> {
  const { state } = await manager.streams.info(STREAM)
  const texts: string[] = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(STREAM, { seq }).catch(() => null)
    if (message !== null) texts.push(new TextDecoder().decode(message.data))
  }
  return texts
}

nats('[Q12] messages that name the person are deleted, those of the other person stay', async () => {
  const bus = await startNatsServer()
  const folder = tempFolder()
  const config = { ...defaultConfig(), data: folder.path, port: 0, natsUrl: bus.url, publishEvents: ['*'] }
  const keys = `desk:${KEY}:history:read+history:write+erase`
  const { url, close } = await startServer({ config: { ...config, keys }, log: createLog('silent') })
  const connection = await connect({ servers: bus.url })
  const manager = await connection.jetstreamManager()
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const said: Record<string, unknown> = await response.json()
    return { status: response.status, location: response.headers.get('location') ?? '', said }
  }
  const base = '/backend/data'
  try {
    await ask('POST', `${base}/visits`, { globalVisitID: 'g1', visitId: 'v1' })
    await ask('POST', `${base}/visits/v1/sessions`, { identityId: 'pat@example.com', name: 'Patricia' })
    await ask('POST', `${base}/visits/v1/sessions`, { identityId: 'sam@example.com', name: 'Samuel' })
    const cart = { eventName: 'SamsCart', eventType: 'BUSINESS', url: 'https://shop.example/' }
    await ask('POST', `${base}/visits/v1/events`, cart)
    const isThere = (texts: readonly string[], word: string) => texts.some((text) => text.includes(word))
    await eventually(WAIT_MS, 'all is published', async () =>
      isThere(await messagesIn(manager), 'SamsCart') ? true : undefined,
    )
    assert.ok(isThere(await messagesIn(manager), 'pat@example.com'))
    const dry = await ask('POST', `${base}/identities/pat%40example.com/erase`, { dryRun: true })
    const begun = await ask('POST', `${base}/identities/pat%40example.com/erase`, {})
    assert.is(begun.status, 202)
    const receipt = await eventually(WAIT_MS, 'the receipt', async () => {
      const { said } = await ask('GET', begun.location)
      return said.state === 'done' ? said : undefined
    })
    assert.equal(receipt.counts, dry.said.counts)
    const left = await messagesIn(manager)
    for (const word of ['pat@example.com', 'Patricia']) assert.not(isThere(left, word), word)
    assert.ok(isThere(left, 'Samuel') && isThere(left, 'SamsCart'))
  } finally {
    await connection.close()
    await close()
    await bus.stop()
    folder.remove()
  }
})

nats.run()
