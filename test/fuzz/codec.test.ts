/** Random and mutated messages through both encodings: a checked message or a ProtocolError, and nothing else. */
import { Packr } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Codec, JSON_CODEC, MSGPACK_CODEC } from '../../protocol/codec.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { type CheckedEvent, checkClientMessage, checkTrackBody } from '../../protocol/messages.ts'
import { type Random, randomFrom } from '../../src/commands/load/random.ts'
import { anEvent } from '../protocol/an-event.ts'

const test = suite('fuzz/codec')
/** FUZZ_SEED repeats a run, FUZZ_ROUNDS makes it longer. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32)
const rounds = Number(process.env.FUZZ_ROUNDS ?? 5_000)
console.log(`fuzz/codec: FUZZ_SEED=${seed} FUZZ_ROUNDS=${rounds}`)

/** Everything msgpackr can say, also what no browser may. */
const liberal = new Packr({
  structuredClone: true,
  moreTypes: true,
  useRecords: false,
  useBigIntExtension: true,
  useToJSON: false,
})

const frames: Readonly<Record<string, (value: unknown) => Uint8Array>> = {
  [JSON_CODEC.subprotocol]: (value) => Buffer.from(JSON.stringify(value, jsonWords) ?? 'null'),
  [MSGPACK_CODEC.subprotocol]: (value) => Uint8Array.from(liberal.pack(value)),
}

for (const codec of [JSON_CODEC, MSGPACK_CODEC]) {
  test(`[P4] ${codec.subprotocol}: whatever comes is a checked message or a ProtocolError`, () => {
    const random = randomFrom(seed)
    let taken = 0
    for (let round = 0; round < rounds; round += 1) {
      const frame = mutated(frames[codec.subprotocol]?.(aMessage(random)) ?? new Uint8Array(), random)
      const whole = `FUZZ_SEED=${seed} round ${round}: ${Buffer.from(frame).toString('hex')}`
      if (survives(codec, frame, whole)) taken += 1
    }
    assert.ok(taken > rounds / 20, 'some of it is still a message, or nothing is tested')
    assert.equal(Object.keys(Object.prototype), [], 'no prototype was reached')
  })
}

/** True for a message; throws for anything that is neither a message nor a ProtocolError. */
function survives(codec: Codec, frame: Uint8Array, whole: string): boolean {
  try {
    const value = codec.decode(frame)
    const message = checkClientMessage(value, WIRE_LIMITS)
    if (message.type === 'events') keepsLimits(message.events, whole)
    keepsLimits(checkTrackBody({ ...Object(value), sentAt: 1, events: [value] }, WIRE_LIMITS).events, whole)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw new Error(whole, { cause: error })
  }
}

/** What the rooms behind may rely on, whatever was sent. */
function keepsLimits(events: readonly CheckedEvent[], whole: string): void {
  assert.ok(events.length <= WIRE_LIMITS.batchEvents, whole)
  for (const checked of events) {
    if (!checked.ok) {
      assert.ok(checked.rejection.message.length < 300, whole)
      continue
    }
    const { event } = checked
    for (const id of [event.eventID, event.visitID, event.pageID]) assert.match(id, /^[\w-]{1,64}$/, whole)
    assert.ok(event.url.length <= WIRE_LIMITS.urlLength, whole)
    const json = JSON.stringify(event.data)
    assert.ok(Buffer.byteLength(json) <= WIRE_LIMITS.dataBytes, whole)
    assert.equal(JSON.parse(json), event.data, whole)
    assert.equal(MSGPACK_CODEC.decode(liberal.pack(event.data)), event.data, whole)
  }
}

function aMessage(random: Random): unknown {
  const sentAt = 1_790_000_000_000
  switch (random.below(8)) {
    case 0:
      return {
        type: 'hello',
        sentAt,
        ...someHostile(random, ['globalVisitID', 'deviceToken', 'visitID', 'sentAt']),
      }
    case 1:
      return {
        type: 'notified',
        id: 'n1',
        outcome: 'handled',
        ...someHostile(random, ['id', 'outcome', 'type']),
      }
    case 2:
      return hostile(random, 4)
    default: {
      const events = Array.from({ length: 1 + random.below(4) }, () => aWildEvent(random))
      return {
        type: 'events',
        id: random.below(100),
        sentAt,
        events,
        ...someHostile(random, ['id', 'events', 'more']),
      }
    }
  }
}

function aWildEvent(random: Random): unknown {
  const fields = [
    'eventID',
    'eventType',
    'eventName',
    'visitID',
    'timestamp',
    'url',
    'title',
    'data',
    'globalVisitID',
  ]
  const data = { sku: '42', ...(random.below(2) === 0 && { [aText(random)]: hostile(random, 5) }) }
  return { ...anEvent({ data }), ...someHostile(random, fields) }
}

/** Now and then one field is replaced by something unpleasant. */
function someHostile(random: Random, fields: readonly string[]): Record<string, unknown> {
  const field = fields[random.below(fields.length * 3)]
  return field === undefined ? {} : { [field]: hostile(random, 3) }
}

const texts = [
  '',
  'a',
  'ID_-9',
  '__proto__',
  'constructor',
  'toJSON',
  'x'.repeat(65),
  '\ud800',
  'é€😀',
  '\u0000',
  '"\\',
] as const
const numbers = [
  0,
  -0,
  1,
  -1,
  0.1,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
] as const
const objects = [
  new Date(0),
  new Set([1]),
  new Map([[1, 2]]),
  /x/,
  new Uint8Array(3),
  new Error('x'),
] as const

function aText(random: Random): string {
  return random.below(20) === 0 ? 'y'.repeat(random.below(20_000)) : random.pick(texts)
}

function hostile(random: Random, levels: number): unknown {
  const kind = random.below(levels > 0 ? 12 : 6)
  switch (kind) {
    case 0:
    case 1:
      return aText(random)
    case 2:
      return random.pick(numbers)
    case 3:
      return random.pick([true, false, null, undefined])
    case 4:
      return random.pick<unknown>(objects)
    case 5:
      return random.pick([2n ** 62n, 2n ** 90n, -1n])
    case 6:
      return Array.from({ length: 200 }, () => 0)
    case 7:
    case 8:
      return Array.from({ length: random.below(4) }, () => hostile(random, levels - 1))
    default: {
      const names = Array.from({ length: random.below(4) }, () => aText(random))
      return Object.fromEntries(names.map((name) => [name, hostile(random, levels - 1)]))
    }
  }
}

/** Half of the frames are damaged: bytes changed, cut, put in or doubled. */
function mutated(frame: Uint8Array, random: Random): Uint8Array {
  let bytes = Array.from(frame)
  for (let left = random.pick([0, 0, 0, 1, 1, 2, 8]); left > 0; left -= 1) {
    const at = random.below(bytes.length + 1)
    const end = at + random.below(16)
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256)
        break
      case 1:
        bytes = bytes.slice(0, at)
        break
      case 2:
        bytes = [...bytes.slice(0, at), ...bytes.slice(end)]
        break
      default:
        bytes = [...bytes.slice(0, end), ...bytes.slice(at)]
    }
  }
  return Uint8Array.from(bytes)
}

/** JSON has no words for big integers. */
function jsonWords(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

test.run()
