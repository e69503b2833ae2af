import { connect } from 'node:net'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MSGPACK_CODEC } from '../../protocol/codec.ts'
import type { ServerMessage } from '../../protocol/messages.ts'
import { eventually, within } from '../helpers/within.ts'
import { dial, type Listening, listen, type RealClient, statusOf } from './listening.ts'
import { batchOf, event, events, hello, system, TOKEN } from './words.ts'

const test = suite('gateway')

let servers: Listening[] = []
async function served(config = {}): Promise<Listening> {
  const server = await listen(config)
  servers.push(server)
  return server
}
test.after.each(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  servers = []
})

async function greeted(port: number, over = {}): Promise<RealClient> {
  const client = await dial(port)
  client.say(hello(over))
  assert.is((await client.next()).type, 'welcome')
  return client
}

test('[P1] without a sub-protocol it is JSON, and what is on disk is acknowledged', async () => {
  const { port, visitors } = await served()
  const client = await dial(port, { headers: { 'user-agent': 'Browser/1.0' } })
  assert.is(client.ws.protocol, '')
  client.say(hello())
  assert.is((await client.next()).globalVisitID, 'g1')
  client.say(events(1, [event(), event()]))
  assert.is((await client.until('ack')).accepted, 2)
  const [first, second] = visitors.events()
  assert.is(first?.via, 'socket')
  assert.is(first?.userAgent?.text, 'Browser/1.0')
  assert.is(first?.userAgent, second?.userAgent)
})

test('[P1] both sub-protocols are spoken; of several offered the first one known is taken', async () => {
  const { port } = await served()
  const json = await dial(port, { protocol: 'vestibule.v1.json' })
  json.say(hello())
  assert.is((await json.next()).type, 'welcome')
  const decode = (bytes: Uint8Array) => MSGPACK_CODEC.decode(bytes)
  const packed = await dial(port, { protocol: 'vestibule.v1.msgpack', decode })
  // An encoder for both ends: a client's message goes through it as well.
  packed.ws.send(MSGPACK_CODEC.encode(hello() as unknown as ServerMessage))
  assert.is((await packed.next()).type, 'welcome')
  packed.ws.send(MSGPACK_CODEC.encode(batchOf(1, 3) as unknown as ServerMessage))
  assert.is((await packed.until('ack')).accepted, 3)
  const chosen = await dial(port, { protocol: ['chat', 'vestibule.v1.msgpack', 'vestibule.v1.json'] })
  assert.is(chosen.ws.protocol, 'vestibule.v1.msgpack')
})

test('[P1] an unknown sub-protocol is HTTP 400, another path 404', async () => {
  const { port } = await served()
  assert.is(await statusOf(port, '/track', { 'sec-websocket-protocol': 'chat' }), 400)
  assert.is(await statusOf(port, '/tracker'), 404)
  assert.is(await statusOf(port, '/track?from=here'), 101)
})

test('[P1] compression is off', async () => {
  const { port } = await served()
  assert.is((await dial(port)).ws.extensions, '')
})

test('[P3] the page of a foreign origin is let in to be told, and closed 4505 before its hello', async () => {
  const { port, visitors, gateway } = await served()
  for (const origin of ['https://evil.example', 'null']) {
    const client = await dial(port, { headers: { origin } })
    client.say(hello())
    assert.is((await client.next()).code, 'origin_not_allowed')
    assert.equal(await client.closed(), { code: 4505, reason: 'origin not allowed' })
  }
  assert.not(visitors.isKnown('g1'))
  assert.is(gateway.connections(), 0)
})

test('[P3] pages of the list, and clients that are no browser, are served', async () => {
  const { port } = await served({ origins: ['https://shop.example'] })
  for (const headers of [{ origin: 'https://shop.example' }, {}]) {
    const client = await dial(port, { headers })
    client.say(hello())
    assert.is((await client.next()).type, 'welcome')
  }
})

test('[P3] an address has so many sockets; one more is closed 4005, and one that goes makes room', async () => {
  const { port, gateway } = await served({ connectionsPerAddress: 2 })
  const [first] = [await dial(port), await dial(port)]
  const third = await dial(port)
  assert.is((await third.closed()).code, 4005)
  first?.ws.close()
  await eventually(5_000, 'a socket less', () => (gateway.connections() === 1 ? true : undefined))
  const fourth = await greeted(port)
  assert.is(fourth.ws.readyState, fourth.ws.OPEN)
})

test('[P6] a client without an id gets one with a token, and with both it is known again', async () => {
  const { port } = await served()
  const stranger = await dial(port)
  stranger.say({ type: 'hello', sentAt: 1 })
  const { globalVisitID, deviceToken } = await stranger.next()
  assert.match(String(globalVisitID), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.match(String(deviceToken), /^[0-9a-f]{32}$/)
  const again = await dial(port)
  again.say({ type: 'hello', sentAt: 1, globalVisitID, deviceToken })
  const welcome = await again.next()
  assert.is(welcome.globalVisitID, globalVisitID)
  assert.not('deviceToken' in welcome)
})

test('[P6] an unknown id without a token gets one; known, it is nobody’s without it (4503)', async () => {
  const { port } = await served()
  const first = await dial(port)
  first.say({ type: 'hello', sentAt: 1, globalVisitID: 'g7' })
  const { deviceToken } = await first.next()
  assert.match(String(deviceToken), /^[0-9a-f]{32}$/)
  for (const over of [{}, { deviceToken: TOKEN }]) {
    const thief = await dial(port)
    thief.say({ type: 'hello', sentAt: 1, globalVisitID: 'g7', ...over })
    assert.is((await thief.next()).code, 'unauthorized')
    assert.equal(await thief.closed(), { code: 4503, reason: 'unauthorized' })
  }
})

test('[P6] a visitor made over REST has no token until its first hello binds one', async () => {
  const { port, visitors } = await served()
  visitors.make('g1', 'v1')
  const client = await dial(port)
  client.say(hello())
  assert.is((await client.next()).visitID, 'v1')
  const thief = await dial(port)
  thief.say(hello({ deviceToken: 'another-token-of-22-chars' }))
  assert.is((await thief.closed()).code, 4503)
})

test('[P6] new visitors past the limit of a minute are closed 4005, known ones are welcome', async () => {
  const { port } = await served({ newVisitorsPerMinute: 2 })
  await greeted(port, { globalVisitID: 'g1' })
  await greeted(port, { globalVisitID: 'g2' })
  const third = await dial(port)
  third.say(hello({ globalVisitID: 'g3' }))
  assert.is((await third.closed()).code, 4005)
  const nameless = await dial(port)
  nameless.say({ type: 'hello', sentAt: 1 })
  assert.is((await nameless.closed()).code, 4005)
  await greeted(port, { globalVisitID: 'g2' })
})

test('[P4] a frame of 64 KiB is taken, one byte more is closed 1009', async () => {
  const { port } = await served()
  const client = await greeted(port)
  const padded = (bytes: number) => {
    const text = JSON.stringify(batchOf(bytes, 1))
    return text + ' '.repeat(bytes - text.length)
  }
  client.ws.send(padded(65_536))
  assert.is((await client.until('ack')).accepted, 1)
  client.ws.send(padded(65_537))
  assert.is((await client.closed()).code, 1009)
})

test('[P4] 4501 and 4006 reach a real client', async () => {
  const { port } = await served({ helloTimeoutMs: 50 })
  const hasty = await dial(port)
  hasty.say(batchOf(1, 1))
  assert.equal(await hasty.closed(), { code: 4501, reason: 'hello first' })
  const silent = await dial(port)
  assert.equal(await silent.closed(), { code: 4006, reason: 'hello time-out' })
})

test('[P4] a half-open socket is found by its missing pong and cut', async () => {
  const { port, gateway, visitors } = await served({ pongTimeoutMs: 50 })
  visitors.make('g1', 'v1')
  const client = await greeted(port, { visitID: 'v1' })
  client.ws.pause()
  await eventually(5_000, 'the socket cut', () => (gateway.connections() === 0 ? true : undefined))
  await eventually(5_000, 'its departure', () => (visitors.presence().length === 2 ? true : undefined))
  client.ws.terminate()
})

test('[P4] a client that answers pings stays', async () => {
  const { port } = await served({ pongTimeoutMs: 20 })
  const client = await greeted(port)
  let pings = 0
  const asked = new Promise<void>((resolve) => {
    client.ws.on('ping', () => {
      pings += 1
      if (pings === 3) resolve()
    })
  })
  await within(5_000, 'three pings', asked)
  client.say(batchOf(1, 1))
  await client.until('ack')
})

test('[P4] a client that sends and does not read is cut off 4002, when more than its limit waits', async () => {
  const { port, visitors } = await served({
    unreadBytes: 64 * 1024,
    eventsPerSecond: 1_000_000,
    eventsBurst: 1_000_000,
  })
  visitors.make('g1', 'v1')
  const client = await greeted(port, { visitID: 'v1' })
  client.ws.pause()
  const wrong = Array.from({ length: 100 }, () => ({ eventID: 'x'.repeat(64) }))
  let id = 0
  await eventually(5_000, 'the slow reader gone', () => {
    for (let more = 0; more < 50; more += 1) client.say(events(++id, wrong))
    return visitors.presence().length === 2 ? true : undefined
  })
  client.ws.resume()
  assert.equal(await client.closed(), { code: 4002, reason: 'slow consumer' })
})

test('[Q2] a full disk closes 4001; after a reconnect the same events are sent again and none is doubled', async () => {
  const { port, visitors } = await served()
  const client = await greeted(port)
  const list = [system('VisitStarted'), event()]
  client.say(events(1, [list[0]]))
  await client.until('ack')
  visitors.failing = true
  client.say(events(2, list))
  assert.is((await client.closed()).code, 4001)
  visitors.failing = false
  const again = await greeted(port)
  again.say(events(1, list))
  const ack = await again.until('ack')
  assert.equal([ack.accepted, ack.duplicates], [1, 1])
  assert.is(visitors.events().length, 2)
})

test('[Q6] [Q7] a drain acknowledges, closes 1001, takes nobody new, and nobody departs by it', async () => {
  const { port, visitors, gateway } = await served()
  visitors.make('g1', 'v1')
  const client = await greeted(port, { visitID: 'v1' })
  await eventually(5_000, 'presence', () => (visitors.presence().length === 1 ? true : undefined))
  visitors.hold()
  client.say(batchOf(1, 1))
  client.ws.ping()
  await new Promise((resolve) => client.ws.once('pong', resolve))
  const drained = gateway.drain()
  assert.is(await statusOf(port, '/track'), 503)
  visitors.release()
  assert.is((await client.until('ack')).id, 1)
  assert.equal(await client.closed(), { code: 1001, reason: 'going away' })
  await within(5_000, 'the drain', drained)
  assert.equal(visitors.presence(), ['presence.came v1'])
})

test('[Q9] trusted proxies say whose limits count', async () => {
  const { port } = await served({ trustedProxies: ['127.0.0.1'], connectionsPerAddress: 1 })
  const from = (address: string) => dial(port, { headers: { 'x-forwarded-for': address } })
  await from('203.0.113.1')
  await from('203.0.113.2')
  assert.is((await (await from('203.0.113.1')).closed()).code, 4005)
})

test('[Q9] a header as long as HTTP allows is kept to 512 characters', async () => {
  const { port, visitors } = await served()
  const client = await dial(port, { headers: { 'user-agent': `${'x'.repeat(511)}ab${'x'.repeat(8_000)}` } })
  client.say(hello())
  client.say(batchOf(1, 1))
  await client.until('ack')
  assert.is(visitors.events()[0]?.userAgent?.text, `${'x'.repeat(511)}a`)
})

test('[Q9] many messages of one read are taken in order, past every wait', async () => {
  const { port } = await served()
  const client = await dial(port)
  client.ws.send(JSON.stringify(hello()))
  const ids = Array.from({ length: 150 }, (_, index) => index + 1)
  for (const id of ids) client.say(batchOf(id, 1))
  const acked = []
  while (acked.length < ids.length) acked.push((await client.until('ack')).id)
  assert.equal(acked, ids)
})

test('[Q9] what is over the rate waits in the network, and all of it comes in, in order', async () => {
  const { port } = await served({ eventsPerSecond: 500, eventsBurst: 10 })
  const client = await greeted(port)
  const ids = Array.from({ length: 100 }, (_, index) => index + 1)
  for (const id of ids) client.say(batchOf(id, 1))
  const acked = []
  while (acked.length < ids.length) acked.push((await client.until('ack')).id)
  assert.equal(acked, ids)
})

test('[Q9] a client that stays over the rate is closed 4003, and hears it though it was not read', async () => {
  const { port } = await served({ eventsPerSecond: 1, eventsBurst: 1, overRateMs: 150 })
  const client = await greeted(port)
  for (let id = 1; id <= 2_000; id += 1) client.say(batchOf(id, 1))
  assert.equal(await client.closed(), { code: 4003, reason: 'over the rate' })
})

test('[P7] where no proof is configured, the log says at the start that none is asked for', async () => {
  const { logged } = await served()
  assert.equal(logged, ['warn no identity secret and no JWKS: sign-ins are believed without proof'])
  assert.equal((await served({ identitySecret: 'secret' })).logged, [])
})

test('[Q9] a message in so many pieces is taken, in one more it is closed 1008', async () => {
  const { port } = await served()
  const client = await greeted(port)
  const inPieces = (message: unknown, count: number) => {
    const text = Buffer.from(JSON.stringify(message))
    for (let piece = 0; piece < count; piece += 1) {
      const last = piece === count - 1
      client.ws.send(last ? text.subarray(piece) : text.subarray(piece, piece + 1), {
        fin: last,
        binary: false,
      })
    }
  }
  inPieces(batchOf(1, 1), 128)
  assert.is((await client.until('ack')).accepted, 1)
  inPieces(batchOf(2, 1), 129)
  assert.is((await client.closed()).code, 1008)
})

const ARBITRARY_FRAME = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record({
      type: fc.constantFrom('hello', 'events', 'notified'),
      id: fc.jsonValue(),
      events: fc.jsonValue(),
    })
    .map((message) => Buffer.from(JSON.stringify(message))),
)

test('[Q9] whatever a frame holds, its socket is closed by the table and everybody else goes on', async () => {
  const { port, visitors, logged } = await served({ newVisitorsPerMinute: 0 })
  const witness = await greeted(port, { globalVisitID: 'witness' })
  const property = fc.asyncProperty(
    ARBITRARY_FRAME,
    fc.boolean(),
    fc.boolean(),
    async (frame, binary, says) => {
      const client = await dial(port, {
        protocol: binary ? 'vestibule.v1.msgpack' : undefined,
        decode: Buffer.from,
      })
      if (says)
        client.ws.send(
          binary ? MSGPACK_CODEC.encode(hello() as unknown as ServerMessage) : JSON.stringify(hello()),
        )
      client.ws.send(frame, { binary })
      client.ws.ping()
      const pong = new Promise<number>((resolve) => client.ws.once('pong', () => resolve(0)))
      const code = await Promise.race([client.closed().then((closed) => closed.code), pong])
      client.ws.terminate()
      assert.ok([0, 4500, 4501].includes(code), `closed with ${code}`)
    },
  )
  await fc.assert(property, { numRuns: 60, seed: 20_261 })
  witness.say(batchOf(1, 1))
  await witness.until('ack')
  assert.equal(
    visitors.entries.filter(
      ({ globalVisitID, entry }) => globalVisitID !== 'witness' && entry.type === 'event',
    ),
    [],
  )
  assert.equal(
    logged.filter((line) => line.startsWith('error')),
    [],
  )
})

for (const [what, bytes] of [
  ['a frame that is not masked', [0x81, 0x02, 0x7b, 0x7d]],
  ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0]],
  ['an unknown kind of frame', [0x83, 0x80, 0, 0, 0, 0]],
  ['a length of two to the sixty-third', [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0]],
] as const) {
  test(`[Q9] ${what} ends its own socket and nothing else`, async () => {
    const { port, gateway } = await served()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.write(
      'GET /track HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await new Promise((resolve) => socket.once('data', resolve))
    socket.on('data', () => {})
    socket.write(Buffer.from(bytes))
    // A polite client ends its side when it is told.
    socket.once('end', () => socket.destroy())
    await eventually(8_000, 'the socket gone', () =>
      gateway.connections() === 0 ? true : undefined,
    ).finally(() => socket.destroy())
    await ended
    await greeted(port)
  })
}

test.run()
