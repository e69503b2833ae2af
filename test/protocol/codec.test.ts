/** Both encodings: the same messages, and hostile bytes that are nothing but a ProtocolError. */
import { Packr } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Codec, codecFor, JSON_CODEC, MSGPACK_CODEC } from '../../protocol/codec.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import type { SentMessage, ServerMessage } from '../../protocol/messages.ts'

const test = suite('protocol/codec')
const codecs = [JSON_CODEC, MSGPACK_CODEC]

test('[P1] the sub-protocol names the encoding; none is JSON, an unknown one is none of ours', () => {
  assert.is(codecFor(undefined), JSON_CODEC)
  assert.is(codecFor('vestibule.v1.json'), JSON_CODEC)
  assert.is(codecFor('vestibule.v1.msgpack'), MSGPACK_CODEC)
  for (const other of ['', 'vestibule.v2.json', 'VESTIBULE.V1.JSON', 'json', 'toString']) {
    assert.is(codecFor(other), null)
  }
  assert.equal([JSON_CODEC.binary, MSGPACK_CODEC.binary], [false, true])
})

const messages: readonly (ServerMessage | SentMessage)[] = [
  { type: 'hello', globalVisitID: 'g1', sentAt: 1_790_000_000_000 },
  { type: 'notified', id: 'n1', outcome: 'noHandler' },
  {
    type: 'events',
    id: 1,
    sentAt: 1_790_000_000_000,
    events: [
      {
        eventType: 'BUSINESS',
        eventName: 'Add',
        eventID: 'e1',
        visitID: 'v1',
        pageID: 'p1',
        timestamp: 1_790_000_000_000,
        url: 'https://shop.example/ü?😀',
        data: { list: [1, -1, 0.5, 2 ** 40, null, true, { deep: 'x'.repeat(300) }] },
      },
    ],
  },
  {
    type: 'welcome',
    globalVisitID: 'g1',
    visitID: null,
    state: 'WM-Recognized',
    serverTime: 1,
    limits: { frameBytes: 65_536, batchEvents: 100, inFlight: 16, eventsPerSecond: 50 },
  },
  { type: 'ack', id: 7, accepted: 2, duplicates: 1, rejected: [], visitID: 'v1' },
  { type: 'ack', id: 8, accepted: 0, duplicates: 0, rejected: [], visitID: null },
  {
    type: 'ack',
    id: 9,
    accepted: 0,
    duplicates: 0,
    rejected: [{ eventID: null, code: 'bad_event', message: 'a "quoted" name' }],
    visitID: 'quote"\\',
  },
  { type: 'visit', visitID: null, reason: 'withdrawn' },
  { type: 'identity', state: 'Authenticated', identityId: 'ada' },
  { type: 'notify', id: 'n1', channel: 'chat', data: { text: 'Hello' } },
  { type: 'error', code: 'bad_frame', message: 'type must be ...' },
]
for (const codec of codecs) {
  for (const message of messages) {
    test(`[P1] ${codec.subprotocol} gives ${message.type} back as it was`, () => {
      const frame = codec.encode(message)
      assert.is(typeof frame === 'string', !codec.binary)
      assert.equal(codec.decode(frame), message)
      if (typeof frame === 'string') assert.equal(codec.decode(new TextEncoder().encode(frame)), message)
    })
  }
}

const notJson: readonly (string | Uint8Array)[] = [
  '',
  '{',
  '{"type":"hello"}x',
  'undefined',
  'NaN',
  "{'a':1}",
  '\ufeff{}',
  '['.repeat(60_000),
  '{"a":'.repeat(10_000),
  new Uint8Array([0x7b, 0xff, 0x7d]),
  new Uint8Array([0x22, 0xc3, 0x22]),
  new Uint8Array([]),
]
notJson.forEach((bytes, index) => {
  test(`[P4] hostile JSON ${index + 1} is a ProtocolError that quotes nothing`, () => {
    assert.is(refusal(JSON_CODEC, bytes).message, 'the message is not JSON')
  })
})

test('[P4] deep JSON decodes, and is for the check to refuse', () => {
  assert.ok(JSON_CODEC.decode(`${'['.repeat(30_000)}${']'.repeat(30_000)}`))
})

const structured = new Packr({ structuredClone: true, moreTypes: true, useRecords: false })
const circle: Record<string, unknown> = {}
circle.self = circle
const refusedTypes: Readonly<Record<string, Uint8Array>> = {
  'binary data': structured.pack({ a: Buffer.from('x') }),
  'a date': structured.pack({ a: new Date(0) }),
  'a set': structured.pack({ a: new Set([1]) }),
  'a regular expression': structured.pack({ a: /x/ }),
  'an error': structured.pack({ a: new Error('x') }),
  'a typed array': structured.pack({ a: new Float64Array(2) }),
  'undefined as an extension': new Packr({ useRecords: false }).pack({ a: undefined }),
  'a circle': structured.pack(circle),
  'a big integer as an extension': new Packr({ useBigIntExtension: true }).pack(2n ** 80n),
  'a record': new Packr().pack({ a: 1, b: 2 }),
  'bundled texts': new Packr({ bundleStrings: true, useRecords: false }).pack({ a: 'long enough text' }),
  'a pointer to an object of another message': bytes(0xd6, 0x70, 0, 0, 0, 1),
  'the token that is never used': bytes(0x91, 0xc1),
  'an unknown extension': bytes(0xd4, 0x55, 0),
  'a record definition': bytes(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1),
}
for (const [name, packed] of Object.entries(refusedTypes)) {
  test(`[P4] MessagePack of ${name} is refused before it is decoded`, () => {
    assert.match(refusal(MSGPACK_CODEC, packed).message, 'binary and extension types are refused')
  })
}

const notWhole: Readonly<Record<string, Uint8Array>> = {
  nothing: bytes(),
  'a map without its values': bytes(0x82, 0xa1, 0x61),
  'a text that is cut': bytes(0xa5, 0x61),
  'a text that lies about its length': bytes(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61),
  'a length that is cut': bytes(0xda, 0x01),
  'a list that lies about its length': bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
  'a map that lies about its length': bytes(0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61),
  'a number that is cut': bytes(0xcb, 0, 0),
  'two values': bytes(0x01, 0x02),
}
for (const [name, packed] of Object.entries(notWhole)) {
  test(`[P4] MessagePack of ${name} is not one whole value`, () => {
    assert.is(refusal(MSGPACK_CODEC, packed).message, 'the message is not one whole MessagePack value')
  })
}

test('[P4] MessagePack of 72 levels is decoded, one more is refused', () => {
  assert.ok(MSGPACK_CODEC.decode(deep(72)))
  assert.match(refusal(MSGPACK_CODEC, deep(73)).message, 'nests deeper than 72 levels')
  assert.match(refusal(MSGPACK_CODEC, deep(60_000)).message, 'nests deeper')
})

test('[P4] MessagePack keys that are no texts are names or nothing', () => {
  assert.equal(MSGPACK_CODEC.decode(bytes(0x81, 0x01, 0x02)), { 1: 2 })
  assert.is(refusal(MSGPACK_CODEC, bytes(0x81, 0x80, 0x02)).message, 'the message is not MessagePack')
})

test('[P4] text where MessagePack is spoken is refused', () => {
  assert.match(refusal(MSGPACK_CODEC, '{}').message, 'binary frames')
})

test('[P4] a refused message leaves nothing behind for the next', () => {
  for (const packed of [...Object.values(refusedTypes), ...Object.values(notWhole)]) {
    refusal(MSGPACK_CODEC, packed)
    assert.equal(MSGPACK_CODEC.decode(bytes(0x92, 0x40, 0x41)), [64, 65])
  }
})

test('[P4] a name of __proto__ reaches no prototype', () => {
  const packed = bytes(0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x78, 1)
  const value = MSGPACK_CODEC.decode(packed)
  assert.is(Object.getPrototypeOf(value), Object.prototype)
  assert.is(({} as Record<string, unknown>).x, undefined)
})

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

function deep(levels: number): Uint8Array {
  const packed = new Uint8Array(levels).fill(0x91)
  packed[levels - 1] = 0x90
  return packed
}

function refusal(codec: Codec, frame: string | Uint8Array): ProtocolError {
  try {
    codec.decode(frame)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error('it was decoded')
}

test.run()
