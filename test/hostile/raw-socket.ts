/** A TCP connection that says whatever bytes it likes, and tells what it heard. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { within } from '../helpers/within.ts'

export interface RawSocket {
  readonly write: (bytes: string | Uint8Array) => void
  /** Every piece as soon as a byte of it may be seen: one byte a write. */
  readonly dribble: (bytes: string | Uint8Array, pauseMs: number) => Promise<void>
  /** Reads nothing any more. */
  readonly pause: () => void
  readonly resume: () => void
  /** All that came, one character a byte. */
  readonly heard: () => string
  readonly isGone: () => boolean
  /** Resolves, with all that came, when the server has ended or cut it. */
  readonly gone: (ms: number) => Promise<string>
  /** Resolves when the socket takes more. */
  readonly drained: () => Promise<void>
  readonly destroy: () => void
}

/** Connects; what goes wrong shows as the end. */
export function openRaw(port: number): RawSocket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
  })
  // A close follows.
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return {
    write: (bytes) => void socket.write(bytes),
    async dribble(bytes, pauseMs) {
      for (const byte of Buffer.from(bytes)) {
        if (socket.destroyed) return
        socket.write(Uint8Array.of(byte))
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    heard: () => heard,
    isGone: () => socket.destroyed,
    async gone(ms) {
      await within(ms, 'the server ends a connection', closed)
      return heard
    },
    async drained() {
      if (!socket.writableNeedDrain || socket.destroyed) return
      await Promise.race([closed, new Promise<void>((resolve) => socket.once('drain', () => resolve()))])
    },
    destroy: () => void socket.destroy(),
  }
}

/** The request that makes a WebSocket of a connection. */
export function upgradeRequest(headers: readonly string[] = []): string {
  const own = [
    'GET /track HTTP/1.1',
    'Host: shop.example',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ]
  return `${[...own, ...headers].join('\r\n')}\r\n\r\n`
}

export const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A frame of a client, masked with zeros; `first` is its first byte where it is no whole message. */
export function clientFrame(
  kind: keyof typeof OPCODES,
  payload: Uint8Array,
  first = 0x80 | OPCODES[kind],
): Buffer {
  const length = payload.length
  const head =
    length < 126
      ? [first, 0x80 | length]
      : length < 65_536
        ? [first, 0x80 | 126, length >> 8, length & 255]
        : [
            first,
            0x80 | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          ]
  return Buffer.concat([Uint8Array.from([...head, 0, 0, 0, 0]), payload])
}
