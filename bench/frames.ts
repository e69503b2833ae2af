/** WebSocket frames as a load generator wants them: written and read with as little work as there can be. */
import { randomBytes } from 'node:crypto'

/** The request that upgrades a connection to the wire of `vestibule.v1.json`; a peer finds the visitor by its query. */
export function upgradeRequest(port: number, globalVisitID: string): string {
  return [
    `GET /track?_visitor=${globalVisitID} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: vestibule.v1.json',
    '\r\n',
  ].join('\r\n')
}

/** A masked text frame; its mask is zero, so that the payload stays as it is. ASCII, less than 64 KiB. */
export function textFrame(payload: string): Buffer {
  const { length } = payload
  const isShort = length < 126
  const start = isShort ? 6 : 8
  const frame = Buffer.alloc(start + length)
  frame[0] = 0x81
  frame[1] = 0x80 | (isShort ? length : 126)
  if (!isShort) frame.writeUInt16BE(length, 2)
  frame.write(payload, start, 'latin1')
  return frame
}

/** A pong, and a close with 1000, masked with zero. */
export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
export const GOODBYE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])

/** The server could not take, or keep, a connection, or answers no more: it gave no wrong answer. */
export class NotCarried extends Error {
  override readonly name = 'NotCarried'
  /** Browsers it had welcomed until then; null where nobody counted. */
  readonly welcomed: number | null

  constructor(message: string, welcomed: number | null = null) {
    super(message)
    this.welcomed = welcomed
  }
}

const OPCODE_TEXT = 1
const OPCODE_CLOSE = 8
const OPCODE_PING = 9

/** Reads a server's frames from chunks; what is not whole waits for the next chunk. */
export function frameReader(onText: (payload: string) => void, onPing: () => void): (chunk: Buffer) => void {
  let rest: Buffer | null = null
  return (chunk) => {
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const frame = frameAt(bytes, at)
      if (frame === null) break
      at = frame.end
      if (frame.opcode === OPCODE_TEXT) onText(bytes.toString('latin1', frame.start, frame.end))
      else if (frame.opcode === OPCODE_PING) onPing()
      else if (frame.opcode === OPCODE_CLOSE) throw closedWith(bytes.subarray(frame.start, frame.end))
      else throw new Error(`the server sent opcode ${frame.opcode}`)
    }
    rest = at === bytes.length ? null : bytes.subarray(at)
  }
}

function frameAt(bytes: Buffer, at: number): { opcode: number; start: number; end: number } | null {
  if (bytes.length < at + 2) return null
  const opcode = (bytes[at] ?? 0) & 0x0f
  const short = bytes[at + 1] ?? 0
  if (short === 127) throw new Error('a frame of more than 64 KiB')
  if (short === 126 && bytes.length < at + 4) return null
  const start = short === 126 ? at + 4 : at + 2
  const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short)
  return end > bytes.length ? null : { opcode, start, end }
}

function closedWith(payload: Buffer): NotCarried {
  const code = payload.length < 2 ? 'no code' : String(payload.readUInt16BE(0))
  return new NotCarried(`the server closed a connection: ${code} ${payload.toString('latin1', 2)}`)
}
