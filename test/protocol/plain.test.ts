/** The copy of an event's data: plain JSON only, counted exactly, nothing shared. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EventFault } from '../../protocol/errors.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { copyData } from '../../protocol/plain.ts'

const test = suite('protocol/plain')
const refusedNames = new Set(['__proto__', '__proto_', 'constructor', 'prototype', 'toJSON'])

test('[P4] what JSON can say is copied deep', () => {
  const data = { text: 'a"\\\n\u0001é€😀', number: -1.5e-7, list: [1, [true, null]], nested: { '': {} } }
  const copy = copyData(data, WIRE_LIMITS)
  assert.equal(copy, data)
  assert.is.not(copy.nested, data.nested)
  assert.is(JSON.stringify(copy), JSON.stringify(data))
})

test('[P4] dataBytes counts exactly the bytes of the JSON: as many are taken, one less is too_large', () => {
  const seed = 20_260_101
  const data = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5 }), {
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(data, (sent) => {
      fc.pre(!hasRefusedName(sent))
      const dataBytes = new TextEncoder().encode(JSON.stringify(sent)).length
      assert.equal(copyData(sent, { ...WIRE_LIMITS, dataBytes }), sent)
      assert.is(faultOf(() => copyData(sent, { ...WIRE_LIMITS, dataBytes: dataBytes - 1 })).code, 'too_large')
    }),
    { seed, numRuns: 500 },
  )
})

const sizes: Readonly<Record<string, unknown>> = {
  nothing: {},
  numbers: {
    a: 0,
    b: -0,
    c: 10,
    d: -99,
    e: 1e15,
    f: 1e21,
    g: 0.1,
    h: 5e-324,
    i: -1e15,
    j: 999_999_999_999_999,
  },
  escapes: { a: '\b\t\n\u000b\f\r\u0000\u001f"\\/\u007f' },
  characters: { é: '߿ࠀ\uffff😀' },
  lists: { a: [], b: [[]], c: [1], d: [1, 2, {}] },
  words: { a: true, b: false, c: null },
}
for (const [name, value] of Object.entries(sizes)) {
  test(`[P4] the size of ${name} is that of their JSON`, () => {
    const dataBytes = new TextEncoder().encode(JSON.stringify(value)).length
    copyData(value, { ...WIRE_LIMITS, dataBytes })
    const fault = faultOf(() => copyData(value, { ...WIRE_LIMITS, dataBytes: dataBytes - 1 }))
    assert.is(fault.message, `data must be at most ${dataBytes - 1} bytes as JSON, got more`)
  })
}

test('[P4] data of 16,384 bytes is taken, one more is too_large', () => {
  const overhead = JSON.stringify({ a: '' }).length
  const text = 'x'.repeat(WIRE_LIMITS.dataBytes - overhead)
  assert.is(copyData({ a: text }, WIRE_LIMITS).a, text)
  assert.is(faultOf(() => copyData({ a: `${text}x` }, WIRE_LIMITS)).code, 'too_large')
})

test('[P4] data of 8 levels is taken, one more is too_large, as objects and as lists', () => {
  for (const wrap of [(inner: unknown) => ({ inner }), (inner: unknown) => [inner]]) {
    const fits = { data: nested(7, wrap) }
    assert.equal(copyData(fits, WIRE_LIMITS), fits)
    const fault = faultOf(() => copyData({ data: nested(8, wrap) }, WIRE_LIMITS))
    assert.is(fault.code, 'too_large')
    assert.is(fault.message, 'data must nest at most 8 levels, got more')
  }
})

const circle: Record<string, unknown> = {}
circle.self = circle
const circleOfLists: unknown[] = []
circleOfLists.push(circleOfLists)
test('[P4] a circle is too deep, not endless', () => {
  assert.is(faultOf(() => copyData(circle, WIRE_LIMITS)).code, 'too_large')
  assert.is(faultOf(() => copyData({ circleOfLists }, WIRE_LIMITS)).code, 'too_large')
})

const notPlain: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  'a bigint': 1n,
  'a symbol': Symbol('x'),
  'a function': () => 1,
  'a Date': new Date(0),
  'a Map': new Map(),
  'a Set': new Set(),
  'a RegExp': /x/,
  'an Error': new Error('x'),
  'a typed array': new Uint8Array(1),
  'an ArrayBuffer': new ArrayBuffer(1),
  'a boxed text': new String('x'),
  'an object of a class': new (class Thing {})(),
  'a child of an object': Object.create({ inherited: 1 }),
}
for (const [name, value] of Object.entries(notPlain)) {
  test(`[P4] ${name} is not plain JSON: bad_event names where it is`, () => {
    for (const data of [{ there: value }, { there: [value] }, { a: { there: [[value]] } }]) {
      const fault = faultOf(() => copyData(data, WIRE_LIMITS))
      assert.is(fault.code, 'bad_event')
      assert.match(fault.message, /^data must hold plain JSON values, got .* in there$/)
    }
    assert.is(faultOf(() => copyData(value, WIRE_LIMITS)).code, 'bad_event')
  })
}

test('[P4] names that mean something to code are refused at any level', () => {
  for (const name of refusedNames) {
    for (const json of [`{"${name}":1}`, `{"a":[{"${name}":{}}]}`]) {
      const fault = faultOf(() => copyData(JSON.parse(json), WIRE_LIMITS))
      assert.is(fault.code, 'bad_event')
      assert.is(fault.message, `data must not have a field named ${name}`)
    }
  }
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

test('[P4] other names of Object.prototype are only names', () => {
  const data = { hasOwnProperty: 1, toString: 'x', valueOf: null, length: 3 }
  assert.equal(copyData(data, WIRE_LIMITS), data)
})

test('[P4] an object without a prototype is as good as any', () => {
  const bare = Object.assign(Object.create(null), { a: 1 })
  const copy = copyData(bare, WIRE_LIMITS)
  assert.equal(copy, { a: 1 })
  assert.is(Object.getPrototypeOf(copy), Object.prototype)
})

test('[P4] a long name is cut in the message', () => {
  const fault = faultOf(() => copyData({ ['n'.repeat(9_000)]: 1n }, WIRE_LIMITS))
  assert.ok(fault.message.length < 200)
})

test('[P4] half a surrogate pair becomes U+FFFD, in values and in names', () => {
  const copy = copyData({ 'a\ud83d': 'b\udc00c', pair: '😀', twice: '\ud83d\ud83d\ude00' }, WIRE_LIMITS)
  assert.equal(copy, { 'a\ufffd': 'b\ufffdc', pair: '😀', twice: '\ufffd😀' })
})

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  return levels === 0 ? 1 : wrap(nested(levels - 1, wrap))
}

function hasRefusedName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, inner]) => refusedNames.has(name) || hasRefusedName(inner))
}

function faultOf(work: () => unknown): EventFault {
  try {
    work()
  } catch (fault) {
    if (fault instanceof EventFault) return fault
    throw fault
  }
  throw new Error('nothing was refused')
}

test.run()
