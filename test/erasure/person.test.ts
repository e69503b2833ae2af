/** Q12: a person is erased everywhere, also while online and over a crash; others on the device keep their history. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { came, event, MINUTE, SECOND, signIn, type TestRoom } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { openHouse, type Power, wordsIn } from './a-house.ts'

const person = suite('the erasure of a person')

const WORDS = ['pat@example.com', 'Patricia', 'secret-page', 'secret-cart', 'pats-mail', 'PatsOwn']

const pat = (visit = 'v1', eventID?: string) =>
  signIn('pat@example.com', {
    visit,
    data: { identityId: 'pat@example.com', name: 'Patricia', email: 'pats-mail@example.com' },
    ...(eventID === undefined ? {} : { eventID }),
  })

const on = (name: string, url: string, words = {}) => {
  const made = event(name, words)
  return { ...made, words: { ...made.words, url: `https://shop.example/${url}` } }
}

/** Pat and then Sam on one device, Pat on another too, and an agent who thought of Pat on a third. */
async function live(room: TestRoom): Promise<void> {
  await room.record(
    'g1',
    event('VisitStarted'),
    came(),
    on('PageEntered', 'secret-page'),
    on('PatsOwnStep', 'x'),
  )
  room.passes(SECOND)
  await room.record('g1', pat(), on('AddToCart', 'secret-cart', { data: { note: 'Patricia' } }))
  room.passes(SECOND)
  await room.record('g1', event('SignOut'))
  await room.record('g1', signIn('sam', { data: { identityId: 'sam', name: 'Samuel' } }))
  await room.record('g1', on('PageEntered', 'sams-page', { page: 'p2' }), on('AddToCart', 'sams-cart'))
  await room.record(
    'g1',
    event('UserInfo', {
      identityId: 'pat@example.com',
      data: { identityId: 'pat@example.com', name: 'Patricia' },
    }),
  )
  await room.record(
    'g2',
    event('VisitStarted', { visit: 'w1' }),
    pat('w1'),
    on('AddToCart', 'secret-cart', { visit: 'w1' }),
  )
  room.passes(SECOND)
  await room.record('g3', event('VisitStarted', { visit: 'u1' }))
  await room.record('g3', { type: 'confirm', identityId: 'pat@example.com', agentId: 'a1', ifSeq: null })
  await room.record('g3', { type: 'reject', identityId: 'pat@example.com', agentId: 'a1', ifSeq: null })
  await room.record('g3', event('SearchMade', { visit: 'u1' }))
  room.passes(SECOND)
}

const urlsOf = (entries: readonly StoredEntry[]) =>
  entries.flatMap((entry) =>
    isStoredEvent(entry) && entry.words.url.includes('sams') ? [entry.words.url] : [],
  )

person('[Q12] nothing of their words is left in the live rows, and verify finds all in order', async () => {
  const house = await openHouse({ publishEvents: ['*'] })
  const { room } = house
  await live(room)
  assert.equal(findingsIn(room.store), [])
  const receipt = await house.erase('person', 'pat@example.com')
  assert.is(receipt.subject, null)
  assert.ok((receipt.counts.entries ?? 0) > 5)
  assert.is(receipt.counts.visitors, 3)
  assert.equal(findingsIn(room.store), [])
  assert.is(room.store.identityNumber('pat@example.com'), 0)
  const { path } = room
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(path, WORDS), [])
  await room.start()
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

person('[Q12] another person on the same device keeps their history', async () => {
  const house = await openHouse()
  const { room } = house
  await live(room)
  const number = room.store.visitorNumber('g1')
  const sam = room.store.identityNumber('sam')
  const said = () => {
    const link = room.store.link(number, 1, sam)
    const entries = room.store.entries(number, { limit: 100 }).filter(({ identity }) => identity === sam)
    return {
      link,
      urls: urlsOf(entries),
      sessions: room.store.session(number, 1, 2),
      person: room.store.identity(sam),
    }
  }
  const before = said()
  assert.is(before.urls.length, 2)
  await house.erase('person', 'pat@example.com')
  assert.equal(said(), before)
  assert.is(room.visitors.view('g1')?.identityId, 'sam')
  await house.end()
})

person('[Q12] it is hidden from every read at once, and who is online is nobody', async () => {
  const power: Power = { stepsLeft: 1 }
  const house = await openHouse({ power })
  const { room } = house
  await room.record('g1', event('VisitStarted'), pat(), event('Viewed'))
  await house.erasures.begin('person', 'pat@example.com')
  assert.is(room.store.identityNumber('pat@example.com'), 0)
  const [link] = room.store.linksOfVisit(1, 1)
  assert.is(room.store.identity(link?.identity ?? 0), null)
  assert.equal(room.store.identitiesAt('email', 'pats-mail@example.com', 10), [])
  await room.says('g1', 'Viewed')
  assert.is(room.visitors.view('g1')?.state, 'Anonymous')
  const { committed } = room
  const told = committed
    .flatMap(({ changes }) => changes)
    .find(({ data }) => Object(data.cause).kind === 'erased')
  assert.ok(told)
  assert.not.match(JSON.stringify(told), 'pat@')
  await room.end()
})

person('[Q12] who comes back while it goes on is somebody new, and stays', async () => {
  const power: Power = { stepsLeft: 1 }
  const house = await openHouse({ power })
  const { room } = house
  await room.record('g1', event('VisitStarted'), pat())
  await room.record('g2', event('VisitStarted', { visit: 'w1' }), pat('w1'))
  room.passes(SECOND)
  await house.erasures.begin('person', 'pat@example.com')
  room.passes(SECOND)
  await room.record('g1', pat('v1', 'again'))
  assert.is(room.visitors.view('g1')?.identityId, 'pat@example.com')
  power.stepsLeft = 1_000
  await house.restart()
  await house.erasures.idle()
  assert.is(room.visitors.view('g1')?.identityId, 'pat@example.com')
  assert.is(room.visitors.view('g2')?.state, 'Anonymous')
  // Q7: its open visit hears of the start all the same.
  const kinds = room.store.entries(2, { limit: 10 }).map(({ kind }) => kind)
  assert.equal(kinds, ['event', 'event', 'person.erased', 'server.started'])
  assert.ok(room.store.identity(room.store.identityNumber('pat@example.com')) !== null)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

person('[Q12] who was only named, in a verdict, by an engine or a rule, is erased too', async () => {
  const house = await openHouse({ publishEvents: ['*'] })
  const { room } = house
  await room.record('g1', event('VisitStarted'), signIn('sam'))
  await room.record('g1', { type: 'reject', identityId: 'only-named', agentId: 'a1', ifSeq: null })
  assert.is(await house.erasures.survey('person', 'nobody-named'), null)
  const surveyed = await house.erasures.survey('person', 'only-named')
  const { counts } = await house.erase('person', 'only-named')
  assert.equal(counts, surveyed)
  assert.is(counts.named, 1)
  assert.is(await house.erasures.begin('person', 'only-named'), null)
  assert.is(room.visitors.view('g1')?.identityId, 'sam')
  assert.equal(findingsIn(room.store), [])
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(room.path, ['only-named']), [])
  await room.start()
  await room.record('g1', signIn('kim'))
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

person('[Q12] killed at any step it goes on after the start, and ends the same', async () => {
  let isDone = false
  for (let steps = 1; !isDone; steps += 1) {
    const power: Power = { stepsLeft: steps }
    const house = await openHouse({ power, publishEvents: ['*'] })
    const { room } = house
    await live(room)
    const begun = await house.erasures.begin('person', 'pat@example.com')
    assert.ok(begun)
    const end = house.erasures.idle().then(() => {
      isDone = true
    })
    while (power.stepsLeft >= 0 && !isDone) await Promise.race([end, nextTurn()])
    power.stepsLeft = 1_000
    await house.restart()
    await house.erasures.idle()
    assert.is.not(room.store.erasure(begun.id)?.finishedAt, 0)
    assert.equal(findingsIn(room.store), [], `after ${steps} steps`)
    const { path } = room
    await house.erasures.close()
    await room.close()
    assert.equal(await wordsIn(path, WORDS), [], `after ${steps} steps`)
    room.remove()
  }
})

person('[Q12] a dry run says what then goes', async () => {
  const house = await openHouse({ publishEvents: ['*'] })
  await live(house.room)
  const surveyed = await house.erasures.survey('person', 'pat@example.com')
  const { counts } = await house.erase('person', 'pat@example.com')
  assert.equal(surveyed, counts)
  assert.is(await house.erasures.survey('person', 'pat@example.com'), null)
  await house.end()
})

person('[Q12] what occurred before and comes after is refused; what occurs afterwards is kept', async () => {
  const house = await openHouse()
  const { room } = house
  await live(room)
  await house.erase('person', 'pat@example.com')
  room.passes(MINUTE)
  const codeOf = async (entry: ReturnType<typeof event>, visitor = 'g9') => {
    const outcome = await room.one(visitor, entry)
    return outcome.is === 'rejected' ? outcome.code : outcome.is
  }
  const named = { identityId: 'pat@example.com', data: {}, visit: 'x1' }
  assert.is(await codeOf(event('SignIn', { ...named, agoMs: 2 * MINUTE })), 'erased')
  assert.is(await codeOf(event('UserInfo', { ...named, agoMs: 2 * MINUTE })), 'erased')
  // Pat was on w1 until the erasure.
  assert.is(await codeOf(event('Viewed', { visit: 'w1', agoMs: MINUTE + 1 }), 'g2'), 'erased')
  assert.is(await codeOf(event('Viewed', { visit: 'w1' }), 'g2'), 'kept')
  assert.is(await codeOf(event('SignIn', named)), 'kept')
  assert.is(room.visitors.view('g9')?.identityId, 'pat@example.com')
  await house.end()
})

person.run()
