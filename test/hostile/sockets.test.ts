/** What hostile clients send on `/track`, to the whole server: it goes on, holds no more, and serves the neighbour. */
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
    const args = ['--hello-timeout-ms', '1000', '--pong-timeout-ms', '1000']
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
