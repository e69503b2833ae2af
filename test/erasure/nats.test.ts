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
import { wordsIn } from './a-house.ts'

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

nats(
  '[Q12] messages of a person, and then of a device, are deleted one by one; all others stay',
  async () => {
    const bus = await startNatsServer()
    const folder = tempFolder()
    const config = { ...defaultConfig(), data: folder.path, port: 0, natsUrl: bus.url, publishEvents: ['*'] }
    const keys = `desk:${KEY}:history:read+history:write+erase`
    const { url, close } = await startServer({ config: { ...config, keys }, log: createLog('silent') })
    const connection = await connect({ servers: bus.url })
    const manager = await connection.jetstreamManager()
    const ask = async (method: string, path: string, body?: object) => {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
      const said: Record<string, unknown> = await response.json()
      return { status: response.status, location: response.headers.get('location') ?? '', said }
    }
    const base = '/backend/data'
    const receiptOf = (path: string) =>
      eventually(WAIT_MS, 'the receipt', async () => {
        const { said } = await ask('GET', path)
        return said.state === 'done' ? said : undefined
      })
    try {
      await ask('POST', `${base}/visits`, { globalVisitID: 'device-one', visitId: 'v1' })
      const look = { eventName: 'SecretLook', eventType: 'BUSINESS', url: 'https://shop.example/secret-page' }
      await ask('POST', `${base}/visits/v1/events`, look)
      await ask('POST', `${base}/visits/v1/sessions`, { identityId: 'pat@example.com', name: 'Patricia' })
      await ask('POST', `${base}/visits/v1/sessions`, { identityId: 'sam@example.com', name: 'Samuel' })
      const cart = { eventName: 'SamsCart', eventType: 'BUSINESS', url: 'https://shop.example/' }
      await ask('POST', `${base}/visits/v1/events`, cart)
      await ask('POST', `${base}/visits`, { globalVisitID: 'device-two', visitId: 'v2' })
      const isThere = (texts: readonly string[], word: string) => texts.some((text) => text.includes(word))
      await eventually(WAIT_MS, 'all is published', async () =>
        isThere(await messagesIn(manager), 'device-two') ? true : undefined,
      )
      assert.ok(isThere(await messagesIn(manager), 'pat@example.com'))
      await eventually(WAIT_MS, 'the contacts', async () => {
        const people = ['pat', 'sam'].map((name) => ask('GET', `${base}/identities/${name}%40example.com`))
        const known = (await Promise.all(people)).every(({ said }) => typeof said.entityInCS === 'string')
        return known ? true : undefined
      })
      const dry = await ask('POST', `${base}/identities/pat%40example.com/erase`, { dryRun: true })
      const begun = await ask('POST', `${base}/identities/pat%40example.com/erase`, {})
      assert.is(begun.status, 202)
      const receipt = await receiptOf(begun.location)
      assert.equal(receipt.counts, dry.said.counts)
      const left = await messagesIn(manager)
      // What led to the person in the same visit names nobody, and goes too.
      for (const word of ['pat@example.com', 'Patricia', 'SecretLook', 'secret-page']) {
        assert.not(isThere(left, word), word)
      }
      assert.ok(isThere(left, 'Samuel') && isThere(left, 'SamsCart'))
      const dryDevice = await ask('POST', `${base}/visitors/device-one/erase`, { dryRun: true })
      const { location } = await ask('POST', `${base}/visitors/device-one/erase`, {})
      assert.equal((await receiptOf(location)).counts, dryDevice.said.counts)
      const others = await messagesIn(manager)
      for (const word of ['device-one', 'Samuel', 'SamsCart']) assert.not(isThere(others, word), word)
      assert.ok(isThere(others, 'device-two'))
      await close()
      assert.equal(await wordsIn(folder.path, ['device-one', 'secret-page', 'SecretLook']), [])
    } finally {
      await connection.close()
      await close()
      await bus.stop()
      folder.remove()
    }
  },
)

nats.run()
