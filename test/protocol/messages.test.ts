/** Messages of the wire: each field, each limit, and what is no message at all. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ProtocolError } from '../../protocol/errors.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { checkClientMessage, checkTrackBody } from '../../protocol/messages.ts'
import { anEvent, aSystemEvent } from './an-event.ts'

const test = suite('protocol/messages')
const sentAt = 1_790_000_000_500
const token = 'abcdefghijklmnopqrstuv'

test('[P6] a hello comes out as it came', () => {
  const hello = {
    type: 'hello',
    globalVisitID: 'g1',
    deviceToken: token,
    visitID: 'v1',
    pageID: 'p1',
    sentAt,
    languageCode: 'de',
  }
  assert.equal(check(hello), hello)
  assert.equal(check({ type: 'hello', sentAt }), { type: 'hello', sentAt })
  assert.equal(check({ type: 'hello', sentAt, visitID: null, globalVisitID: null }), {
    type: 'hello',
    sentAt,
  })
})

test('[P6] a device token has 22..64 characters: 128 random bits', () => {
  for (const deviceToken of [token, '0'.repeat(32), 'x'.repeat(64)]) {
    assert.equal(check({ type: 'hello', sentAt, deviceToken }), { type: 'hello', sentAt, deviceToken })
  }
  for (const deviceToken of [token.slice(1), 'x'.repeat(65), `${token}!`]) {
    assert.match(errorOf({ type: 'hello', sentAt, deviceToken }).message, /^deviceToken must be 22\.\.64/)
  }
})

test('[E6] ids of a hello have 1..64 characters of their alphabet', () => {
  for (const field of ['globalVisitID', 'visitID', 'pageID']) {
    const longest = { type: 'hello', sentAt, [field]: 'x'.repeat(64) }
    assert.equal(check(longest), longest)
    for (const id of ['x'.repeat(65), '', 'a b', 7, {}]) {
      assert.match(
        errorOf({ type: 'hello', sentAt, [field]: id }).message,
        new RegExp(`^${field} must be an id`),
      )
    }
  }
})

test('[P4] a languageCode of a hello has at most 35 characters', () => {
  const longest = { type: 'hello', sentAt, languageCode: 'x'.repeat(35) }
  assert.equal(check(longest), longest)
  assert.match(
    errorOf({ type: 'hello', sentAt, languageCode: 'x'.repeat(36) }).message,
    /^languageCode must be/,
  )
})

test('[P4] one bad event is named and does not spoil its batch', () => {
  const message = check({
    type: 'events',
    id: 3,
    sentAt,
    events: [
      anEvent(),
      anEvent({ eventID: 'e2', url: 7 }),
      null,
      aSystemEvent('Nonsense'),
      anEvent({ eventID: 'e5' }),
    ],
  })
  assert.is(message.type, 'events')
  if (message.type !== 'events') return
  const told = message.events.map((one) => (one.ok ? one.event.eventID : one.rejection.code))
  assert.equal(told, ['e1', 'bad_event', 'bad_event', 'unknown_event', 'e5'])
  assert.equal([message.id, message.sentAt], [3, sentAt])
})

test('[P4] a batch holds 1..100 events, one more or none is no message', () => {
  const batch = (count: number) => ({ type: 'events', id: 0, sentAt, events: Array(count).fill(anEvent()) })
  assert.ok(check(batch(1)))
  assert.ok(check(batch(100)))
  assert.is(errorOf(batch(101)).message, 'events must be 1..100 events, got 101')
  assert.is(errorOf(batch(0)).message, 'events must be 1..100 events, got 0')
})

const notMessages: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /^a message must be an object, got nothing$/],
  [null, /^a message must be an object, got null$/],
  ['hello', /^a message must be an object, got a text of 5 characters$/],
  [[], /^a message must be an object, got an array$/],
  [new Map([['type', 'hello']]), /^a message must be an object/],
  [{}, /^type must be hello, events or notified, got nothing$/],
  [{ type: 'Hello' }, /^type must be hello, events or notified, got a text of 5 characters$/],
  [{ type: ['hello'], sentAt }, /^type must be/],
  [{ type: 'ack', id: 1 }, /^type must be/],
  [{ type: 'hello' }, /^sentAt must be a whole number of ms, got nothing$/],
  [{ type: 'hello', sentAt: 'now' }, /^sentAt must be/],
  [
    { type: 'events', sentAt, events: [anEvent()] },
    /^events\.id must be a whole number, 0 or more, got nothing$/,
  ],
  [{ type: 'events', id: '1', sentAt, events: [anEvent()] }, /^events\.id must be/],
  [{ type: 'events', id: -1, sentAt, events: [anEvent()] }, /^events\.id must be .*, got the number -1$/],
  [{ type: 'events', id: 1.5, sentAt, events: [anEvent()] }, /^events\.id must be/],
  [{ type: 'events', id: 2 ** 53, sentAt, events: [anEvent()] }, /^events\.id must be/],
  [{ type: 'events', id: 1, events: [anEvent()] }, /^events\.sentAt must be/],
  [
    { type: 'events', id: 1, sentAt: Number.NaN, events: [anEvent()] },
    /^events\.sentAt must be .*not finite$/,
  ],
  [{ type: 'events', id: 1, sentAt }, /^events must be a list of 1\.\.100 events, got nothing$/],
  [{ type: 'events', id: 1, sentAt, events: { length: 1 } }, /^events must be a list/],
  [{ type: 'notified', outcome: 'handled' }, /^notified\.id must be an id/],
  [{ type: 'notified', id: 7, outcome: 'handled' }, /^notified\.id must be an id/],
  [
    { type: 'notified', id: 'n1' },
    /^notified\.outcome must be handled, noHandler or notThisPage, got nothing$/,
  ],
  [{ type: 'notified', id: 'n1', outcome: 'ok' }, /^notified\.outcome must be/],
]
notMessages.forEach(([value, says], index) => {
  test(`[P4] no message ${index + 1}: ${says.source}`, () => {
    const error = errorOf(value)
    assert.is(error.code, 4500)
    assert.match(error.message, says)
  })
})

test('[P4] fields that are not in the table are ignored, hostile ones too', () => {
  const hello = JSON.parse(
    `{"type":"hello","sentAt":${sentAt},"__proto__":{"globalVisitID":"g1"},"more":[[[]]]}`,
  )
  assert.equal(check(hello), { type: 'hello', sentAt })
})

test('[P2] a body of POST /track is a hello and its batch in one', () => {
  const body = checkTrackBody(
    { globalVisitID: 'g1', deviceToken: token, sentAt, events: [anEvent(), {}], final: true },
    WIRE_LIMITS,
  )
  assert.equal(body.hello, { type: 'hello', globalVisitID: 'g1', deviceToken: token, sentAt })
  assert.equal([body.sentAt, body.final], [sentAt, true])
  assert.equal(
    body.events.map(({ ok }) => ok),
    [true, false],
  )
  assert.is(checkTrackBody({ sentAt, events: [anEvent()] }, WIRE_LIMITS).final, false)
})

test('[P2] a body that is none is refused by the field', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /^the body must be an object, got null$/],
    [[], /^the body must be an object/],
    [{ events: [anEvent()] }, /^sentAt must be/],
    [{ sentAt }, /^events must be a list/],
    [{ sentAt, events: [] }, /^events must be 1\.\.100 events, got 0$/],
    [{ sentAt, events: Array(101).fill(anEvent()) }, /^events must be 1\.\.100 events, got 101$/],
    [{ sentAt, events: [anEvent()], final: 'yes' }, /^final must be true or false/],
    [{ sentAt, events: [anEvent()], globalVisitID: 'no id' }, /^globalVisitID must be/],
  ]
  for (const [value, says] of wrong) {
    assert.throws(
      () => checkTrackBody(value, WIRE_LIMITS),
      (error: Error) => {
        return error instanceof ProtocolError && says.test(error.message)
      },
    )
  }
})

test('[P4] limits are those that are configured', () => {
  const limits = { ...WIRE_LIMITS, batchEvents: 2, urlLength: 30 }
  const message = checkClientMessage(
    { type: 'events', id: 1, sentAt, events: [anEvent(), anEvent({ url: 'x'.repeat(31) })] },
    limits,
  )
  assert.ok(message.type === 'events' && message.events[1]?.ok === false)
  assert.throws(() => {
    checkClientMessage({ type: 'events', id: 1, sentAt, events: [{}, {}, {}] }, limits)
  }, /1\.\.2 events, got 3/)
})

function check(value: unknown) {
  return checkClientMessage(value, WIRE_LIMITS)
}

function errorOf(value: unknown): ProtocolError {
  try {
    check(value)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error('it was taken for a message')
}

test.run()
