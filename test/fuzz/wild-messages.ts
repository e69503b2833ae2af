/** Messages as no tracker sends them: structure with something unpleasant in it, and damaged frames. Seeded. */
import { Packr } from 'msgpackr'
import { type Codec, MSGPACK_CODEC } from '../../protocol/codec.ts'
import type { Random } from '../../src/commands/load/random.ts'
import { anEvent } from '../protocol/an-event.ts'

/** Everything msgpackr can say, also what no browser may. */
export const liberal = new Packr({
  structuredClone: true,
  moreTypes: true,
  useRecords: false,
  useBigIntExtension: true,
  useToJSON: false,
})

/** What a client of that encoding would send to say this. */
export function aFrame({ subprotocol }: Codec, value: unknown): Uint8Array {
  if (subprotocol === MSGPACK_CODEC.subprotocol) return Uint8Array.from(liberal.pack(value))
  return Buffer.from(JSON.stringify(value, jsonWords) ?? 'null')
}

/** Nearly a message: most are one but for a field. */
export function aMessage(random: Random): unknown {
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

/** A value that nobody should have sent. */
export function hostile(random: Random, levels: number): unknown {
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
export function mutated(frame: Uint8Array, random: Random): Uint8Array {
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
