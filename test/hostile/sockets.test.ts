/** What hostile clients send on `/track`, to the whole server: it goes on, holds no more, and serves the neighbour. */
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { JSON_CODEC, MSGPACK_CODEC } from '../../protocol/codec.ts'
import { randomFrom } from '../../src/commands/load/random.ts'
import { aFrame, aMessage, mutated } from '../fuzz/wild-messages.ts'
import { eventually, within } from '../helpers/within.ts'
import { besiege } from './besieged.ts'
import { clientFrame, openRaw, type RawSocket, upgradeRequest } from './raw-socket.ts'

const sockets = suite('hostile sockets')

/** FUZZ_SEED repeats a run, FUZZ_SOCKETS makes it longer. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32)
const SOCKETS = Number(process.env.FUZZ_SOCKETS ?? 200)
console.log(`hostile/sockets: FUZZ_SEED=${seed} FUZZ_SOCKETS=${SOCKETS}`)

const HELLO = { type: 'hello', globalVisitID: 'mallory', deviceToken: 'M'.repeat(32), sentAt: 1 }
const MIB = 1024 * 1024
/** The limit that is waited for, sooner than by default. */
const SOON = ['--request-timeout-ms', '4000']

async function raised(port: number, headers: readonly string[] = []): Promise<RawSocket> {
  const raw = openRaw(port)
  raw.write(upgradeRequest(headers))
  await eventually(10_000, 'the upgrade', () => raw.heard().includes('\r\n\r\n') || undefined)
  return raw
}

sockets(
  '[Q10] whatever frames come, in either encoding, a socket is answered or closed by the table',
  async () => {
    await besiege({}, async (server) => {
      const random = randomFrom(seed)
      const closes = new Set<number>()
      for (let count = 0; count < SOCKETS; count += 1) {
        const codec = random.pick([JSON_CODEC, MSGPACK_CODEC])
        const isBinary = codec === MSGPACK_CODEC
        const socket = new WebSocket(server.track, codec.subprotocol)
        socket.on('error', () => undefined)
        const closed = new Promise<number>((resolve) => socket.once('close', resolve))
        const pong = new Promise<number>((resolve) => socket.once('pong', () => resolve(0)))
        await within(10_000, 'a socket opens', new Promise((resolve) => socket.once('open', resolve)))
        if (random.chance(0.8))
          socket.send(aFrame(codec, { ...HELLO, globalVisitID: `m${count}` }), { binary: isBinary })
        for (let frames = 1 + random.below(6); frames > 0; frames -= 1) {
          const frame = mutated(aFrame(codec, aMessage(random)), random)
          const binary = random.chance(0.95) ? isBinary : !isBinary
          const cut = random.below(frame.length + 1)
          if (random.chance(0.7)) socket.send(frame, { binary })
          else {
            socket.send(frame.subarray(0, cut), { binary, fin: false })
            socket.send(frame.subarray(cut), { binary, fin: true })
          }
        }
        socket.ping()
        const code = await within(10_000, `FUZZ_SEED=${seed} socket ${count}`, Promise.race([closed, pong]))
        closes.add(code)
        socket.terminate()
        assert.ok(
          [0, 1009, 4003, 4500, 4501, 4503].includes(code),
          `FUZZ_SEED=${seed} socket ${count}: closed ${code}`,
        )
      }
      assert.ok(closes.has(0) && closes.has(4500), `only ${[...closes].join()}`)
    })
  },
)

sockets(
  '[Q9] who sends byte by byte, or half of something, is cut off in time and hurts nobody',
  async () => {
    const args = ['--hello-timeout-ms', '1000', '--pong-timeout-ms', '1000', ...SOON]
    await besiege({ args }, async (server) => {
      const slow: RawSocket[] = []
      const open = (bytes: string, pauseMs: number): RawSocket => {
        const raw = openRaw(server.port)
        slow.push(raw)
        void raw.dribble(bytes, pauseMs)
        return raw
      }
      try {
        const heads = Array.from({ length: 20 }, () =>
          open(upgradeRequest([`X-Slow: ${'x'.repeat(4_000)}`]), 100),
        )
        const frames = await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const raw = await raised(server.port)
            slow.push(raw)
            if (index % 2 === 0) raw.write(clientFrame('text', Buffer.from(JSON.stringify(HELLO))))
            void raw.dribble(clientFrame('text', Buffer.alloc(60_000, 32)), 50)
            return raw
          }),
        )
        await Promise.all(frames.map((raw) => raw.gone(20_000)))
        // Node looks at slow heads by its own clock.
        await Promise.all(heads.map((raw) => raw.gone(20_000)))
      } finally {
        for (const raw of slow) raw.destroy()
      }
    })
  },
)

/** A POST of an event, whole. */
function postOf(globalVisitID: string, headers: readonly string[] = []): string {
  const event = {
    ...{ eventType: 'SYSTEM', eventName: 'VisitStarted', eventID: 'e1', visitID: 'v1', pageID: 'p1' },
    ...{ timestamp: 1, url: 'https://shop.example/', data: {} },
  }
  const body = JSON.stringify({ ...HELLO, globalVisitID, events: [event] })
  const type = 'Content-Type: application/json'
  const own = ['POST /track HTTP/1.1', 'Host: shop.example', type, `Content-Length: ${body.length}`]
  return `${[...own, ...headers].join('\r\n')}\r\n\r\n${body}`
}

sockets(
  '[Q9] a body that comes byte by byte is taken when it is whole in time, and cut off in the middle when it is not',
  async () => {
    await besiege({ args: SOON }, async (server) => {
      const hurried = openRaw(server.port)
      await hurried.dribble(postOf('hurried'), 1)
      await eventually(10_000, 'an answer', () => hurried.heard().includes('"accepted":1') || undefined)
      hurried.destroy()
      const slow = Array.from({ length: 40 }, (_, index) => {
        const raw = openRaw(server.port)
        const isChunked = index % 2 === 0
        raw.write(
          isChunked
            ? 'POST /track HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'
            : postOf(`slow-${index}`, ['X-Slow: 1']).slice(0, -100),
        )
        // A chunk of one byte each time, or the rest of a body that is never whole in time.
        void (isChunked ? raw.dribble('1\r\n{\r\n'.repeat(200), 250) : raw.dribble('x'.repeat(99), 2_000))
        return raw
      })
      try {
        await Promise.all(slow.map((raw) => raw.gone(60_000)))
        for (const raw of slow) assert.not.match(raw.heard(), ' 200 ')
        assert.is(await server.figure('vestibule_visitors'), 2, 'the neighbour, and who hurried')
      } finally {
        for (const raw of slow) raw.destroy()
      }
    })
  },
)

/** A message in so many frames, nearly all of one byte. */
function fragmented(message: Buffer, pieces: number): Buffer {
  const frames = Array.from({ length: pieces }, (_, at) => {
    const isLast = at === pieces - 1
    // The first says what kind it is, the last that it is the last.
    const first = (at === 0 ? 1 : 0) | (isLast ? 0x80 : 0)
    return clientFrame('text', message.subarray(at, isLast ? message.length : at + 1), first)
  })
  return Buffer.concat(frames)
}

sockets(
  '[Q9] a frame byte by byte is taken like any other, and 128 fragments; one more ends the socket',
  async () => {
    await besiege({}, async (server) => {
      const raw = await raised(server.port)
      const hello = Buffer.from(JSON.stringify({ ...HELLO, globalVisitID: 'fragments' }))
      await raw.dribble(clientFrame('text', hello), 1)
      await eventually(10_000, 'a welcome', () => raw.heard().includes('welcome') || undefined)
      const event = { eventType: 'BUSINESS', eventName: 'Waved', visitID: 'v1', pageID: 'p1', timestamp: 1 }
      const saying = (id: number): Buffer => {
        const events = [{ ...event, eventID: `e${id}`, url: 'https://shop.example/', data: {} }]
        return Buffer.from(JSON.stringify({ type: 'events', id, sentAt: 1, events }))
      }
      raw.write(fragmented(saying(1), 128))
      await eventually(10_000, 'an ack', () => raw.heard().includes('"accepted":1') || undefined)
      raw.write(fragmented(saying(2), 129))
      const heard = await raw.gone(10_000)
      assert.is(heard.split('"ack"').length, 2, 'one ack')
      assert.is(Buffer.from(heard.slice(-2), 'latin1').readUInt16BE(), 1008)
      // Fragments of nothing have no bytes that a limit could count.
      const endless = await raised(server.port)
      endless.write(fragmented(Buffer.alloc(0), 2_000).subarray(0, -6))
      await endless.gone(10_000)
    })
  },
)

const LARGE_GET = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

sockets('[Q9] who reads a byte at a time gets all of it, and makes nobody wait', async () => {
  await besiege({}, async (server) => {
    const quick = openRaw(server.port)
    quick.write(LARGE_GET)
    const whole = (await quick.gone(20_000)).length
    const slow = Array.from({ length: 5 }, async () => {
      let length = 0
      const callback = (bytes: number): boolean => {
        length += bytes
        return true
      }
      const onread = { buffer: Buffer.alloc(1), callback }
      const socket = connect({ port: server.port, host: '127.0.0.1', onread })
      socket.write(LARGE_GET)
      await within(30_000, 'all is read', new Promise((resolve) => socket.once('close', resolve)))
      return length
    })
    assert.equal(await Promise.all(slow), [whole, whole, whole, whole, whole])
  })
})

sockets(
  '[Q9] a flood of pings of a client that reads nothing ends its socket, and their answers pile up nowhere',
  async () => {
    await besiege({}, async (server) => {
      const greedy = await raised(server.port)
      greedy.write(clientFrame('text', Buffer.from(JSON.stringify(HELLO))))
      await eventually(10_000, 'a welcome', () => greedy.heard().includes('welcome') || undefined)
      greedy.pause()
      const pings = Buffer.concat(Array.from({ length: 500 }, () => clientFrame('ping', Buffer.alloc(125))))
      // As many answers as fill what the system holds for both ends, and many times our limit.
      for (let sent = 0; sent < 64 * MIB && !greedy.isGone(); sent += pings.length) {
        greedy.write(pings)
        await within(20_000, 'more is read', greedy.drained())
      }
      await eventually(10_000, 'its socket is gone', async () => {
        return (await server.figure('vestibule_sockets')) === 1 || undefined
      })
      greedy.destroy()
    })
  },
)

sockets(
  '[Q9] a deflate offer is not taken up, and a thousand headers or a giant one end the request',
  async () => {
    await besiege({}, async (server) => {
      const offering = await raised(server.port, [
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      ])
      assert.match(offering.heard(), ' 101 ')
      assert.not.match(offering.heard().toLowerCase(), 'extensions')
      // A frame that says it is compressed.
      offering.write(clientFrame('text', Buffer.alloc(10), 0xc1))
      await offering.gone(10_000)
      for (const headers of [
        [`X-Giant: ${'x'.repeat(1 * MIB)}`],
        Array.from({ length: 5_000 }, (_, index) => `X-${index}: ${index}`),
        [`Cookie: ${'a=b; '.repeat(100_000)}`],
      ]) {
        const raw = openRaw(server.port)
        raw.write(upgradeRequest(headers))
        assert.match(await raw.gone(10_000), /^(HTTP\/1\.1 431 |$)/)
      }
      for (const header of [
        'Origin: ../../x',
        'User-Agent: __proto__',
        'X-Forwarded-For: ,,,;;,::1,%00',
        'Upgrade: h2c',
      ]) {
        const raw = openRaw(server.port)
        raw.write(upgradeRequest([header]))
        await eventually(
          10_000,
          header,
          () => raw.heard().startsWith('HTTP/1.1 ') || raw.isGone() || undefined,
        )
        assert.not.match(raw.heard(), /^HTTP\/1\.1 5/)
        raw.destroy()
      }
    })
  },
)

sockets.run()
