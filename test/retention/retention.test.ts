/** Q12: what is older than the limit goes for good, and what is left is whole. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DAY_MS } from '../../src/retention/limits.ts'
import { wordsIn } from '../erasure/a-house.ts'
import { came, event, MINUTE, SECOND, signIn, type TestRoom, went } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { openHouse } from './a-house.ts'

const retention = suite('retention')

const on = (name: string, url: string, words = {}) => {
  const made = event(name, words)
  return { ...made, words: { ...made.words, url: `https://shop.example/${url}` } }
}

/** A visit that ends by its socket going. */
async function visits(room: TestRoom, globalVisitID: string, visit: string, said: string): Promise<void> {
  const data = { identityId: `${said}@example.com`, name: `${said}-name`, email: `${said}@example.com` }
  await room.record(globalVisitID, event('VisitStarted', { visit }), came(visit))
  await room.record(globalVisitID, on('PageEntered', `${said}-page`, { visit }))
  await room.record(globalVisitID, signIn(`${said}@example.com`, { visit, data }))
  await room.record(globalVisitID, on('AddToCart', `${said}-cart`, { visit, data: { note: `${said}-note` } }))
  await room.record(globalVisitID, event('SignOut', { visit }), went(visit))
  room.passes(MINUTE)
  await room.visitors.record(globalVisitID, [{ type: 'presence.went', visitId: visit }])
  room.passes(SECOND)
}

const OLD = ['old-page', 'old-cart', 'old-note', 'old-name', 'old@example.com', 'visit-old']

retention('[Q12] what is at the limit stays, what is one past it goes, with its words', async () => {
  const house = await openHouse({ keepDays: 10 })
  const { room } = house
  await visits(room, 'g1', 'visit-old', 'old')
  const oldEnds = room.store.lastAt()
  room.passes(5 * DAY_MS)
  await visits(room, 'g1', 'visit-new', 'new')
  await visits(room, 'g2', 'visit-two', 'two')
  assert.equal(findingsIn(room.store), [])
  room.passes(oldEnds + 10 * DAY_MS - room.hands.wall)
  const g1 = room.store.visitorNumber('g1')
  await house.retention.run()
  // All but what the last commit before the limit holds is older than it.
  assert.is(room.store.visitor(g1)?.keptFrom === 1, false)
  assert.is(room.store.visits(g1, { limit: 9 }).length, 2)
  assert.equal(findingsIn(room.store), [])
  room.passes(1)
  await house.retention.run()
  assert.equal(findingsIn(room.store), [])
  const [visit] = room.store.visits(g1, { limit: 9 })
  assert.is(visit?.visitId, 'visit-new')
  assert.is(room.store.identityNumber('old@example.com'), 0)
  assert.is.not(room.store.identityNumber('new@example.com'), 0)
  await house.retention.close()
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(room.path, OLD), [])
  assert.ok((await wordsIn(room.path, ['new-page', 'two-name'])).length > 1)
  room.remove()
})

retention.run()
