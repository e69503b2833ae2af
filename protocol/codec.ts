/** The two encodings of the wire (P1): the same messages as JSON text or as MessagePack bytes. */
import { Packr, Unpackr } from 'msgpackr'
import { ProtocolError } from './errors.ts'
import type { Ack, SentMessage, ServerMessage } from './messages.ts'
import { checkMsgpack } from './msgpack.ts'

export interface Codec {
  readonly subprotocol: string
  /** Whether its frames are binary ones. */
  readonly binary: boolean
  /** What the bytes say, unchecked; throws `ProtocolError` and nothing else. Never keeps the bytes. */
  readonly decode: (bytes: Uint8Array | string) => unknown
  readonly encode: (message: ServerMessage | SentMessage) => string | Uint8Array
}

export const JSON_CODEC: Codec = {
  subprotocol: 'vestibule.v1.json',
  binary: false,
  decode: decodeJson,
  encode: (message) => (message.type === 'ack' ? ackToJson(message) : JSON.stringify(message)),
}

export const MSGPACK_CODEC: Codec = {
  subprotocol: 'vestibule.v1.msgpack',
  binary: true,
  decode: decodeMsgpack,
  encode: (message) => packr.pack(message),
}

/** The encoding for the sub-protocol that was agreed on: none = JSON, unknown = null (HTTP 400). */
export function codecFor(subprotocol: string | undefined): Codec | null {
  switch (subprotocol) {
    case undefined:
    case JSON_CODEC.subprotocol:
      return JSON_CODEC
    case MSGPACK_CODEC.subprotocol:
      return MSGPACK_CODEC
    default:
      return null
  }
}

// Plain maps only: records would keep state between messages, and extensions make objects that JSON cannot say.
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  structuredClone: false,
})
const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true })
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeJson(bytes: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof bytes === 'string' ? bytes : utf8.decode(bytes))
  } catch {
    // The parser's own message quotes what it read: it may be personal.
    throw new ProtocolError('the message is not JSON')
  }
}

function decodeMsgpack(bytes: Uint8Array | string): unknown {
  if (typeof bytes === 'string')
    throw new ProtocolError('the message is text; MessagePack comes in binary frames')
  checkMsgpack(bytes)
  try {
    return unpackr.unpack(bytes)
  } catch {
    throw new ProtocolError('the message is not MessagePack')
  }
}

/** The message a server sends most often; visitIDs are ids (E6) and need no escaping, but it costs little to be sure. */
function ackToJson({ id, accepted, duplicates, rejected, visitID }: Ack): string {
  const refused = rejected.length === 0 ? '[]' : JSON.stringify(rejected)
  const visit = visitID === null ? 'null' : JSON.stringify(visitID)
  return `{"type":"ack","id":${id},"accepted":${accepted},"duplicates":${duplicates},"rejected":${refused},"visitID":${visit}}`
}
