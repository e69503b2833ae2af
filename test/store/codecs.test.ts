// Every row comes back as it went in, whatever is in it; keys order as their numbers do.
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createReader, createWriter } from '../../src/store/bytes.ts'
import { decodeChunk, encodeChunk } from '../../src/store/chunk.ts'
import { idKey, keyShape, seenKey } from '../../src/store/keys.ts'
import { nameKey } from '../../src/store/name-key.ts'
import * as node from '../../src/store/node-rows.ts'
import { orderOf } from '../../src/store/order.ts'
import * as resource from '../../src/store/resource-rows.ts'
import type { Ranges, StoredEntry } from '../../src/store/rows.ts'
import { decodeVisitor, encodeVisitor } from '../../src/store/visitor-row.ts'
import { AT, anEvent, anOther, someWords } from './a-row.ts'

const seed = Number(process.env.TEST_SEED ?? randomInt(2 ** 31))
const runs = { seed, numRuns: 200 }
const out = createWriter()
const reader = createReader()

/** The reader at the beginning of a copy: what is read must not depend on the writer's arena. */
function read(bytes: Uint8Array) {
  reader.open(Uint8Array.from(bytes))
  return reader
}

const whole = fc.oneof(fc.nat(), fc.maxSafeNat())
const time = fc.oneof(fc.integer({ min: 1, max: 2 ** 45 }), fc.constant(AT))
const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  hex(32),
  hex(32).map((digits) => digits.toUpperCase()),
  hex(36),
  hex(32).map((digits) => `F${digits.slice(1)}`),
  fc.string({ unit: fc.constantFrom(...'ABCxyz019_-'), minLength: 1, maxLength: 64 }),
  fc.constantFrom(
    '[object Object]',
    'x'.repeat(63),
    'x'.repeat(64),
    'ünï-¢ode',
    '--------------------------------',
  ),
)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const plain = fc.dictionary(
  fc.string({ maxLength: 12 }).filter((key) => key !== '__proto__'),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value), positiveZero)),
  { maxKeys: 6, noNullPrototype: true },
)
const ranges: fc.Arbitrary<Ranges> = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 1e9 }), fc.nat({ max: 1e6 }))
    .map(([from, length]): [number, number] => [from, length === 0 ? 0 : from + length]),
  { maxLength: 32 },
)

/** MessagePack has no -0, and msgpackr renames the key `__proto__`: the edge lets neither in. */
function positiveZero(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return Object.is(value, -0) ? 0 : value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'))
}

/** An object like any other, of all these fields. */
function record<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true })
}

const place = { visit: whole, session: whole, page: whole, identity: whole }
const kept = { at: time, ...place, given: maybe(plain), outcome: maybe(plain), faulted: fc.boolean() }
const words = fc.record(
  {
    eventType: fc.constantFrom('SYSTEM' as const, 'BUSINESS' as const),
    eventName: fc.constantFrom('PageEntered', 'SignIn', 'Bought', 'x'.repeat(64)),
    eventID: id,
    visitID: id,
    pageID: id,
    timestamp: fc.oneof(
      time,
      fc.double({ noNaN: true }).map((value) => value + 0),
      fc.constant(0),
    ),
    url: text,
    title: text,
    referrer: text,
    category: text,
    languageCode: text,
    data: plain,
  },
  {
    requiredKeys: ['eventType', 'eventName', 'eventID', 'visitID', 'pageID', 'timestamp', 'url', 'data'],
    noNullPrototype: true,
  },
)
const entry: fc.Arbitrary<StoredEntry> = fc.oneof(
  fc
    .record({
      ...kept,
      words,
      occurredAt: time,
      via: fc.constantFrom('socket' as const, 'http' as const, 'rest' as const),
      final: fc.boolean(),
      late: fc.boolean(),
    })
    .map((event) => anEvent(event)),
  fc
    .record({ ...kept, kind: fc.constantFrom('deadline', 'presence.came'), payload: plain })
    .map((other) => anOther(other)),
)

const test = suite('codecs')
test.before(() => console.log(`codecs: TEST_SEED=${seed}`))

test('[E6] any id comes back byte for byte, in a value and apart from every other in a key', () => {
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 20 }), (ids) => {
      for (const one of ids) {
        out.begin()
        out.id(one)
        assert.is(read(out.end()).id(), one)
      }
      const distinct = new Set(ids).size
      assert.is(new Set(ids.map((one) => Buffer.from(idKey(one)).toString('hex'))).size, distinct)
      assert.is(new Set(ids.map((one) => Buffer.from(nameKey('page', one)).toString('hex'))).size, distinct)
    }),
    runs,
  )
})

test('[E6] an id in a key never makes it long, whatever comes from outside', () => {
  for (const length of [63, 64, 65, 10_000]) {
    for (const letter of ['x', 'ü', '\ud800']) assert.ok(idKey(letter.repeat(length)).length <= 65)
  }
  assert.not.equal(idKey('\ud800'), idKey('\ud801'))
})

test('[E3] a chunk gives its entries back, whatever they share', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), whole, (entries, first) => {
      const firstSeq = Math.min(first, 2 ** 40)
      const numbered = entries.map((one, index) => ({
        ...one,
        seq: firstSeq + index,
        position: firstSeq + 7 + index,
      }))
      assert.equal(decodeChunk(read(encodeChunk(out, numbered)), firstSeq), numbered)
    }),
    runs,
  )
})

test('[E3] a chunk of one event takes at most 170 bytes for 300 of JSON, and each further one much less', () => {
  const one = (index: number) =>
    anEvent({
      seq: 1 + index,
      position: 1_000_000 + index,
      outcome: null,
      words: someWords({
        eventID: `5b7a9a3e-6a1e-4c2f-9d38-0d5e2c8f41${10 + index}`,
        pageID: '0d9f0b7e-8d0c-4d57-a2a4-6f1f0b3c7a10',
        data: { sku: 'A-123', price: 19.9 },
      }),
    })
  const json = JSON.stringify(one(0).kind === 'event' && one(0).words).length
  const single = encodeChunk(out, [one(0)]).length
  const ten = encodeChunk(
    out,
    Array.from({ length: 10 }, (_, index) => one(index)),
  ).length
  assert.ok(json >= 300 && json < 320, `${json}`)
  assert.ok(single <= 170, `${single}`)
  assert.ok((ten - single) / 9 <= 60, `${ten}`)
})

const visitorRow = record({
  number: fc.nat(),
  globalVisitID: id,
  seq: fc.nat(),
  position: whole,
  at: time,
  firstAt: time,
  machineVersion: fc.nat(),
  snapshot: maybe(plain),
  armedAt: time,
  disarmed: fc.array(text, { maxLength: 3 }),
  keptFrom: whole,
  newest: fc.maxSafeNat(),
  replayFrom: record({ seq: whole, machineVersion: fc.nat(), snapshot: maybe(plain) }),
  connected: fc.nat(),
})
const dates = { startDate: time, endDate: fc.oneof(time, fc.constant(0)) }
const rowKey = { number: whole, visit: whole, ordinal: whole }
const visitRow = record({
  number: whole,
  ordinal: whole,
  visitId: id,
  position: whole,
  ...dates,
  reason: maybe(text),
  implicit: fc.boolean(),
  userAgentId: maybe(id),
  authenticated: whole,
  recognized: whole,
  ranges,
})
const sessionRow = record({
  ...rowKey,
  sessionId: id,
  identity: whole,
  position: whole,
  ...dates,
  reason: maybe(text),
  ranges,
})
const pageRow = fc.record(
  {
    ...rowKey,
    pageId: id,
    browserPageID: id,
    session: whole,
    identity: whole,
    position: whole,
    ...dates,
    url: text,
    title: text,
    category: text,
    referrer: text,
    ranges,
  },
  {
    requiredKeys: [
      'number',
      'visit',
      'ordinal',
      'pageId',
      'browserPageID',
      'session',
      'identity',
      'position',
      'startDate',
      'endDate',
      'url',
      'ranges',
    ],
    noNullPrototype: true,
  },
)
const linkRow = record({
  number: whole,
  visit: whole,
  identity: whole,
  association: maybe(text),
  position: whole,
  ranges,
})

test('[E3] the rows of a visitor come back as they went in', () => {
  fc.assert(
    fc.property(visitorRow, visitRow, sessionRow, pageRow, linkRow, (a, b, c, d, e) => {
      assert.equal(decodeVisitor(read(encodeVisitor(out, a)), a.number), a)
      assert.equal(resource.decodeVisit(read(resource.encodeVisit(out, b)), b.number, b.ordinal), b)
      assert.equal(resource.decodeSession(read(resource.encodeSession(out, c)), keyOf(c)), c)
      assert.equal(resource.decodePage(read(resource.encodePage(out, d)), keyOf(d)), d)
      assert.equal(resource.decodeLink(read(resource.encodeLink(out, e)), linkKeyOf(e)), e)
    }),
    runs,
  )
})

function keyOf({ number, visit, ordinal }: { number: number; visit: number; ordinal: number }) {
  return { number, visit, ordinal }
}

function linkKeyOf({ number, visit, identity }: { number: number; visit: number; identity: number }) {
  return { number, visit, identity }
}

test('[E3] the rows of the node come back as they went in', () => {
  const value = record({
    value: fc.oneof(text, whole),
    globalVisitID: id,
    position: whole,
    proven: fc.boolean(),
  })
  const identity = record({
    identity: whole,
    identityId: text,
    position: whole,
    firstSeen: time,
    lastSeen: time,
    profile: fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true }),
    contactId: maybe(text),
    contact: maybe(plain),
  })
  const contact = record({
    position: whole,
    n: whole,
    number: whole,
    seq: whole,
    identity: whole,
    visit: whole,
    session: whole,
    scope: text,
    how: text,
    at: time,
    retractedAt: fc.oneof(time, fc.constant(0)),
  })
  const change = record({
    position: whole,
    n: whole,
    at: time,
    number: whole,
    globalVisitID: id,
    seq: whole,
    kind: fc.constantFrom(
      'identity' as const,
      'visit' as const,
      'event' as const,
      'lease' as const,
      'notify' as const,
    ),
    name: text,
    data: plain,
  })
  const stretch = record({
    number: fc.nat(),
    firstSeq: whole,
    count: fc.nat(),
    contents: fc.nat({ max: 15 }),
  })
  const commit = record({ position: whole, at: time, stretches: fc.array(stretch, { maxLength: 5 }) })
  const token = record({
    globalVisitID: id,
    boundAt: time,
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  })
  fc.assert(
    fc.property(identity, contact, change, commit, token, (a, b, c, d, e) => {
      assert.equal(node.decodeIdentity(read(node.encodeIdentity(out, a)), a.identity), a)
      assert.equal(node.decodeContact(read(node.encodeContact(out, b)), b.position, b.n), b)
      assert.equal(node.decodeChange(read(node.encodeChange(out, c)), c.position, c.n), c)
      assert.equal(node.decodeCommit(read(node.encodeCommit(out, d)), d.position), d)
      assert.equal(node.decodeToken(read(node.encodeToken(out, e)), e.globalVisitID), e)
    }),
    runs,
  )
})

test('[E3] the order of keys is the order of their numbers', () => {
  const shape = keyShape(5, 6, 4)
  const parts = fc.tuple(
    fc.nat({ max: 2 ** 40 - 1 }),
    fc.nat({ max: 2 ** 48 - 1 }),
    fc.nat({ max: 2 ** 32 - 1 }),
  )
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const key = shape.bound(a, 0)
      assert.equal(
        [0, 1, 2].map((index) => shape.part(key, index)),
        a,
      )
      assert.equal(Uint8Array.from(shape.of(...a)), key)
      const differing = a.findIndex((part, index) => part !== b[index])
      const expected = differing < 0 ? 0 : Math.sign((a[differing] ?? 0) - (b[differing] ?? 0))
      assert.is(Buffer.compare(key, shape.bound(b, 0)), expected)
      assert.ok(
        Buffer.compare(shape.bound([a[0]], 0), key) <= 0 &&
          Buffer.compare(shape.bound([a[0]], 255), key) >= 0,
      )
    }),
    runs,
  )
})

test('[E1] the hash of an eventID tells a hundred thousand apart', () => {
  const keys = new Set<string>()
  for (let index = 0; index < 50_000; index += 1) {
    keys.add(Buffer.from(seenKey(1, `e-${index}`)).toString('latin1'))
    keys.add(
      Buffer.from(seenKey(1, `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)).toString(
        'latin1',
      ),
    )
  }
  assert.is(keys.size, 100_000)
})

test('[E1] the order of an eventID is its ms and the 12 bits behind them; only a UUIDv7 before 2039 has one', () => {
  const at = (ms: number, within: string) => {
    const time = ms.toString(16).padStart(12, '0')
    return orderOf(`${time.slice(0, 8)}-${time.slice(8)}-7${within}-8000-000000000000`)
  }
  assert.is(at(1_790_000_000_000, '000'), 1_790_000_000_000 * 4_096)
  assert.is(at(1_790_000_000_000, 'fff') + 1, at(1_790_000_000_001, '000'))
  assert.is(at(2 ** 41 - 1, 'fff'), 2 ** 53 - 1)
  assert.is(at(2 ** 41, '000'), 0)
  assert.is(orderOf('6f2f0f4e-9c0b-4b3f-8a5c-7d1e2b3a4f60'), 0)
  assert.is(orderOf('e-1'), 0)
})

test('[E3] a row that ends too early is an error, not another row', () => {
  const bytes = encodeChunk(out, [anEvent()])
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => decodeChunk(read(bytes.subarray(0, length)), 1))
  }
})

test.run()
