/** Events of the wire: what is taken, what is refused and with which words. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkEvent, identityOf } from '../../protocol/events.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import type { Rejection } from '../../protocol/messages.ts'
import { anEvent, aSystemEvent } from './an-event.ts'

const test = suite('protocol/events')

test('[P4] a valid event comes out as it came, in objects of its own', () => {
  const sent = anEvent({
    globalVisitID: 'g1',
    title: 'Cart',
    referrer: 'https://shop.example/',
    category: 'bikes;red',
    languageCode: 'en-US',
    data: { sku: '42', price: 129.9, tags: ['a', { b: null }], gift: false },
  })
  const event = taken(sent)
  assert.equal(event, sent)
  assert.is.not(event, sent)
  assert.is.not(event.data, sent.data)
  assert.is.not(event.data.tags, (sent.data as { tags: unknown }).tags)
})

test('[P4] optional fields may be missing or null, and fields outside the table are ignored', () => {
  const optional = ['globalVisitID', 'title', 'referrer', 'category', 'languageCode', 'data']
  for (const field of optional) {
    const event = taken(anEvent({ [field]: null }))
    assert.equal(event, field === 'data' ? anEvent({ data: {} }) : anEvent())
  }
  assert.equal(taken(anEvent({ data: undefined })).data, {})
  assert.equal(taken(anEvent({ surprise: new Map() })), anEvent())
})

const notEvents: readonly unknown[] = [undefined, null, 1, 'event', [], new Date(0), new Map(), () => 1]
for (const value of notEvents) {
  test(`[P4] ${String(value)} is no event`, () => {
    assert.equal(refused(value).eventID, null)
    assert.is(refused(value).code, 'bad_event')
    assert.match(refused(value).message, /^an event must be an object, got /)
  })
}

const wrongFields: Readonly<Record<string, readonly unknown[]>> = {
  eventType: [undefined, null, 'system', 'OTHER', 1, {}],
  eventName: [undefined, null, '', 'Add To Cart', 'name/', 'é', 7, ['a']],
  visitID: [undefined, null, '', 'a b', 'a.b', 'v/1', 'é', 7, {}, ['v1'], 'v1\n', '__proto__ '],
  pageID: [undefined, null, '', '../p', 7, {}],
  globalVisitID: ['', 'a b', 7, {}],
  timestamp: [undefined, null, '1', 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, 10n],
  url: [undefined, null, '', 7, {}],
  title: [7, {}, []],
  referrer: [7, {}],
  category: [7, ['a', 'b']],
  languageCode: [7, {}],
  data: [7, 'text', [], new Date(0), new Map(), new Set()],
}
for (const [field, values] of Object.entries(wrongFields)) {
  for (const value of values) {
    test(`[P4] ${field} of ${typeof value} ${printed(value)} is named in the rejection`, () => {
      const rejection = refused(anEvent({ [field]: value }))
      assert.is(rejection.code, 'bad_event')
      assert.is(rejection.eventID, 'e1')
      assert.match(rejection.message, new RegExp(`^${field} must be .*, got `))
    })
  }
}

test('[P4] a rejection never quotes what was sent', () => {
  const secret = 'ada@example.com '
  for (const field of Object.keys(wrongFields)) {
    const rejection = checkEvent(anEvent({ [field]: { secret } }), WIRE_LIMITS)
    if (!rejection.ok) assert.not.match(rejection.rejection.message, 'ada@')
  }
})

test('[E6] ids are 1..64 characters of A-Z a-z 0-9 _ -, and come back byte by byte', () => {
  const ids = [
    'a',
    '3f2b8c1e-9d4a-4f6b-8e2c-1f0a9b8c7d6e',
    '0123456789abcdef0123456789abcdef',
    '_-Z',
    '__proto__',
    'constructor',
    'x'.repeat(64),
  ]
  for (const id of ids) {
    const event = taken(anEvent({ eventID: id, visitID: id, pageID: id, globalVisitID: id }))
    assert.equal([event.eventID, event.visitID, event.pageID, event.globalVisitID], [id, id, id, id])
  }
})

test('[E6] an id of 65 characters is one too many', () => {
  for (const field of ['visitID', 'pageID', 'globalVisitID']) {
    assert.match(refused(anEvent({ [field]: 'x'.repeat(65) })).message, `${field} must be an id of 1..64`)
  }
})

test('[E6] every character outside the alphabet is refused', () => {
  for (let code = 0; code < 0x180; code += 1) {
    const character = String.fromCharCode(code)
    const { ok } = checkEvent(anEvent({ visitID: `a${character}` }), WIRE_LIMITS)
    assert.is(ok, /[A-Za-z0-9_-]/.test(character), `character ${code}`)
  }
})

test('[P4] eventID is null in the rejection of an event that has no valid one', () => {
  for (const eventID of [undefined, null, 7, '', 'a b', 'x'.repeat(65), {}]) {
    const rejection = refused(anEvent({ eventID }))
    assert.is(rejection.eventID, null)
    assert.match(rejection.message, /^eventID must be an id/)
  }
})

test('[E2] the SYSTEM events of the table are taken', () => {
  const names = ['VisitStarted', 'PageEntered', 'PageExited', 'SignOut', 'UserInfo', 'ConsentWithdrawn']
  for (const name of names) assert.is(taken(aSystemEvent(name)).eventName, name)
  assert.is(taken(aSystemEvent('SignIn', { identityId: 'ada' })).eventName, 'SignIn')
})

test('[E2] a SYSTEM event that is not in the table is unknown', () => {
  for (const name of ['signin', 'VisitEnded', 'constructor', 'toString', '__proto__', 'AddToCart']) {
    assert.is(refused(aSystemEvent(name)).code, 'unknown_event')
  }
})

test('[E2] a BUSINESS event has any name of 1..64 characters of A-Z a-z 0-9 _ . -', () => {
  for (const eventName of ['a', 'SignIn', 'cart.add_item-2', 'x'.repeat(64)]) {
    assert.is(taken(anEvent({ eventName })).eventName, eventName)
  }
  assert.is(refused(anEvent({ eventName: 'x'.repeat(65) })).code, 'bad_event')
})

const textLimits = { url: 2_048, referrer: 2_048, title: 512, category: 512, languageCode: 35 }
for (const [field, most] of Object.entries(textLimits)) {
  test(`[P4] ${field} of ${most} characters is taken, one more is too_large`, () => {
    const text = 'é'.repeat(most)
    assert.is(taken(anEvent({ [field]: text }))[field as 'url'], text)
    const rejection = refused(anEvent({ [field]: `${text}x` }))
    assert.is(rejection.code, 'too_large')
    assert.is(rejection.message, `${field} must be at most ${most} characters, got ${most + 1}`)
  })
}

test('[P4] half a surrogate pair in a text becomes U+FFFD, as any encoding would make it', () => {
  assert.is(taken(anEvent({ title: 'a\ud83d', url: '\udc00b' })).title, 'a\ufffd')
  assert.is(taken(anEvent({ title: 'ok 😀' })).title, 'ok 😀')
})

test('[E8] a SignIn without an identity, or with one that is nobody, is bad_event', () => {
  for (const data of [{}, undefined, { name: 'Ada' }, { identityId: null }, { identityId: 'guest' }]) {
    const rejection = refused(aSystemEvent('SignIn', data))
    assert.is(rejection.code, 'bad_event')
    assert.match(rejection.message, /^data\.identityId must be /)
  }
})

test('[E8] identityId may be spelled userID or userId; the first that is there counts', () => {
  const spellings = [
    { identityId: 'ada' },
    { userID: 'ada' },
    { userId: 'ada' },
    { identityId: 'ada', userId: 'bob' },
  ]
  for (const data of spellings) {
    assert.is(identityOf(taken(aSystemEvent('SignIn', data))), 'ada')
    assert.is(identityOf(taken(aSystemEvent('UserInfo', data))), 'ada')
  }
  assert.is(refused(aSystemEvent('SignIn', { identityId: 'guest', userId: 'bob' })).code, 'bad_event')
})

test('[E8] a UserInfo may name an identity, a visit, or nobody; what it names must be well formed', () => {
  assert.is(identityOf(taken(aSystemEvent('UserInfo', { name: 'Ada' }))), null)
  assert.is(identityOf(taken(aSystemEvent('UserInfo', { visitID: 'v0' }))), null)
  assert.match(
    refused(aSystemEvent('UserInfo', { userId: 'undefined' })).message,
    /^data\.identityId must be /,
  )
  assert.match(refused(aSystemEvent('UserInfo', { visitID: 'not an id' })).message, /^data\.visitID must be /)
})

test('[E8] only SignIn and UserInfo name an identity', () => {
  assert.is(identityOf(taken(aSystemEvent('SignOut', { identityId: 'ada' }))), null)
  assert.is(identityOf(taken(anEvent({ eventName: 'SignIn', data: { identityId: 'ada' } }))), null)
  assert.ok(taken(aSystemEvent('PageEntered', { identityId: 'guest' })))
})

test('[E8] configuration adds names of nobody', () => {
  const event = aSystemEvent('SignIn', { identityId: ' Visitor ' })
  assert.ok(checkEvent(event, WIRE_LIMITS).ok)
  assert.not.ok(checkEvent(event, WIRE_LIMITS, ['VISITOR']).ok)
})

function taken(value: unknown) {
  const checked = checkEvent(value, WIRE_LIMITS)
  if (!checked.ok) throw new Error(`refused: ${checked.rejection.message}`)
  return checked.event
}

function refused(value: unknown): Rejection {
  const checked = checkEvent(value, WIRE_LIMITS)
  if (checked.ok) throw new Error('taken')
  return checked.rejection
}

function printed(value: unknown): string {
  return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value)?.slice(0, 40) ?? 'undefined')
}

test.run()
