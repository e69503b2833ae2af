/** Contacts over the real visitors and a real store; who knows them is the test's own, over HTTP or a bus in memory. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ATTRIBUTES_BYTES_MAX, CONTACT_ID_LENGTH_MAX, parseAnswer } from '../../src/bus/contacts/answer.ts'
import { type Contacts, startContacts } from '../../src/bus/contacts/contacts.ts'
import { createResolver } from '../../src/bus/contacts/resolvers.ts'
import { createWaitingRoom, TRIES_MAX } from '../../src/bus/contacts/waiting.ts'
import { type Config, ConfigError, defaultConfig } from '../../src/config.ts'
import { eventually } from '../helpers/within.ts'
import { event, openRoom, signIn, type TestRoom } from '../visitors/a-room.ts'
import { createMemoryBus, type MemoryBus } from './memory-bus.ts'
import { keptLog } from './quiet.ts'

const contacts = suite('contacts')
const WAIT_MS = 10_000

interface Setting {
  readonly room: TestRoom
  readonly bus: MemoryBus
  readonly log: ReturnType<typeof keptLog>
  readonly start: (config?: Partial<Config>) => Contacts
  readonly contactOf: (identityId: string) => string | null
}

function withRoom(run: (setting: Setting) => Promise<void>): () => Promise<void> {
  return async () => {
    const room = await openRoom()
    const bus = createMemoryBus()
    const log = keptLog()
    const started: Contacts[] = []
    try {
      await run({
        ...{ room, bus, log },
        start(config = {}) {
          const { store, visitors } = room
          const all = { ...defaultConfig(), ...config }
          const running = startContacts({ store, visitors, bus, log, config: all, retryFirstMs: 5 })
          started.push(running)
          return running
        },
        contactOf: (identityId) =>
          room.store.identity(room.store.identityNumber(identityId))?.contactId ?? null,
      })
    } finally {
      for (const running of started) await running.close()
      await room.end()
    }
  }
}

const found = ({ contactOf }: Setting, identityId: string) =>
  eventually(WAIT_MS, 'a contact is found', () => contactOf(identityId) ?? undefined)

contacts(
  'local: each person gets a contact of their own, by an entry of the stream, after the ack',
  withRoom(async (setting) => {
    const { room, start } = setting
    start()
    await room.record('g1', event('VisitStarted'), signIn('pat'))
    const pat = await found(setting, 'pat')
    assert.match(pat, /^[0-9a-f-]{36}$/)
    await room.record('g2', event('VisitStarted', { visit: 'v2' }), signIn('kim', { visit: 'v2' }))
    assert.is.not(await found(setting, 'kim'), pat)
    const [last] = room.store.entries(1, { limit: 1, reverse: true, from: Number.MAX_SAFE_INTEGER })
    assert.is(last?.kind, 'contact.linked')
    await room.record('g3', event('VisitStarted', { visit: 'v3' }), signIn('pat', { visit: 'v3' }))
    await new Promise(setImmediate)
    assert.is(await found(setting, 'pat'), pat)
  }),
)

contacts(
  'people who were there before the start are resolved too',
  withRoom(async (setting) => {
    const { room, start } = setting
    for (let count = 0; count < 450; count++) {
      const visit = `v${count}`
      await room.record(`g${count}`, event('VisitStarted', { visit }), signIn(`person ${count}`, { visit }))
    }
    start()
    for (const count of [0, 250, 449]) await found(setting, `person ${count}`)
  }),
)

contacts(
  'nats: the subject is asked with the id and the profile, tried again after failures, and its answer kept',
  withRoom(async (setting) => {
    const { room, bus, log, start } = setting
    const asked: unknown[] = []
    bus.answerRequest = async ({ subject, bytes }) => {
      asked.push([subject, JSON.parse(Buffer.from(bytes).toString())])
      if (asked.length < 3) throw new Error('nobody answers')
      return Buffer.from('{"contactId":"c1","attributes":{"tier":"gold"}}')
    }
    start({ contactsResolver: 'nats', contactsSubject: 'crm.find', natsUrl: 'nats://a' })
    await room.record('g1', event('VisitStarted'), signIn('pat', { data: { name: 'Pat' } }))
    assert.is(await found(setting, 'pat'), 'c1')
    assert.equal(asked, Array(3).fill(['crm.find', { identityId: 'pat', profile: { name: 'Pat' } }]))
    assert.equal(room.store.identity(1)?.contact, { tier: 'gold' })
    assert.is(log.lines().length, 1)
    assert.not.match(log.lines().join(), 'Pat|pat')
  }),
)

contacts(
  'an ack never waits for a contact server that does not answer',
  withRoom(async ({ room, bus, start }) => {
    let answer: () => void = () => undefined
    bus.answerRequest = () =>
      new Promise((resolve) => {
        answer = () => resolve(Buffer.from('{"contactId":"c1"}'))
      })
    const running = start({ contactsResolver: 'nats', natsUrl: 'nats://a' })
    await room.record('g1', event('VisitStarted'), signIn('pat'))
    await eventually(WAIT_MS, 'it is asked', () => (running.waiting() === 1 ? true : undefined))
    await room.record('g1', event('AddToCart'))
    answer()
  }),
)

contacts(
  'http: the URL is asked by POST with the token; a refusal is tried again',
  withRoom(async (setting) => {
    const asked: { readonly authorization: string | undefined; readonly body: unknown }[] = []
    const server = createServer(async (request, response) => {
      const body = JSON.parse(await textOf(request))
      asked.push({ authorization: request.headers.authorization, body })
      response.statusCode = asked.length === 1 ? 503 : 200
      response.end('{"contactId":"c2"}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const contactsUrl = `http://127.0.0.1:${port}/find`
      setting.start({ contactsResolver: 'http', contactsUrl, contactsToken: 't0ken' })
      await setting.room.record('g1', event('VisitStarted'), signIn('pat'))
      assert.is(await found(setting, 'pat'), 'c2')
      const question = { authorization: 'Bearer t0ken', body: { identityId: 'pat', profile: {} } }
      assert.equal(asked, [question, question])
      assert.match(setting.log.lines().join(), 'status 503')
      assert.not.match(setting.log.lines().join(), 't0ken')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }),
)

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

contacts('an answer has an id of 1 to 256 characters, and attributes that are an object', () => {
  const longest = 'c'.repeat(CONTACT_ID_LENGTH_MAX)
  assert.equal(parseAnswer(JSON.stringify({ contactId: longest })), {
    contactId: longest,
    attributes: null,
    isCut: false,
  })
  const wrong = ['', '[]', '{}', '{"contactId":7}', '{"contactId":""}', '{"contactId":"c","attributes":[]}']
  for (const text of [...wrong, JSON.stringify({ contactId: `${longest}c` })]) {
    assert.throws(() => parseAnswer(text), /answer/, text)
  }
})

contacts('attributes are at most 4 KiB; one byte more and they are left out, not the contact', () => {
  const padded = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) })
  const attributes = padded(ATTRIBUTES_BYTES_MAX)
  assert.equal(parseAnswer(JSON.stringify({ contactId: 'c', attributes })).attributes, attributes)
  const over = parseAnswer(JSON.stringify({ contactId: 'c', attributes: padded(ATTRIBUTES_BYTES_MAX + 1) }))
  assert.equal(over, { contactId: 'c', attributes: null, isCut: true })
})

contacts('a resolver that cannot be asked is refused at the start', () => {
  const wrong: readonly (readonly [Partial<Config>, string])[] = [
    [{ contactsResolver: 'nats' }, 'NATS_URL'],
    [{ contactsResolver: 'http' }, 'VESTIBULE_CONTACTS_URL'],
    [{ contactsResolver: 'http', contactsUrl: 'https://ann:s3cret@crm.example' }, 'VESTIBULE_CONTACTS_URL'],
  ]
  for (const [config, key] of wrong) {
    try {
      createResolver({ config: { ...defaultConfig(), ...config }, bus: null })
      assert.unreachable(key)
    } catch (error) {
      assert.instance(error, ConfigError)
      assert.match(String(error), key)
      assert.not.match(String(error), 's3cret')
    }
  }
})

contacts(
  'the waiting room is bounded, tells when it is empty again, and gives up after ten tries',
  async () => {
    const told: string[] = []
    let tries = 0
    const room = createWaitingRoom({
      ...{ most: 2, atOnce: 1, retryFirstMs: 0 },
      perform: async (number) => {
        if (number === 1) tries++
        if (number === 1) throw new Error('no')
      },
      failed: (_error, hasGivenUp) => hasGivenUp && told.push('given up'),
      emptied: () => told.push('emptied'),
    })
    assert.equal([room.add(1), room.add(2), room.add(2), room.add(3)], [true, true, true, false])
    await eventually(WAIT_MS, 'it is empty', () => told[1])
    assert.equal(told, ['emptied', 'given up'])
    assert.is(tries, TRIES_MAX)
    assert.is(room.count(), 0)
    await room.close()
  },
)

contacts.run()
