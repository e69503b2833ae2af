/** Queues at rest: what reaches localStorage, and that a closed tab's queue is taken over by exactly one other. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Place } from '../../src/tracker/places.ts'
import { makeShelf, QUEUE_KEY, type Shelved } from '../../src/tracker/shelf.ts'
import { anEvent } from './an-event.ts'

const shelf = suite('tracker shelf')

function aPlace(): Place & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    read: (key) => kept.get(key) ?? null,
    write: (key, value) => kept.set(key, value).has(key),
    remove: (key) => void kept.delete(key),
    keys: (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
  }
}

const shelved = (given: Partial<Shelved> = {}): Shelved => ({
  globalVisitID: 'visitor-1',
  touchedAt: 0,
  dropped: 0,
  events: [anEvent({ eventID: 'left' })],
  ...given,
})

const without = (local: Place, pageKey: string, session = aPlace()) =>
  makeShelf({ local, session, pageKey, locks: undefined })

shelf('[T3] without Web Locks, a closed tab’s queue is whose who comes first', async () => {
  const local = aPlace()
  without(local, 'closed').keep(shelved({ dropped: 3 }))
  const taken: Shelved[] = []
  await Promise.all(
    ['one', 'two'].map((name) => without(local, name).takeOver((found) => void taken.push(found))),
  )
  assert.is(taken.length, 1)
  assert.equal(
    taken[0]?.events.map((event) => event.eventID),
    ['left'],
  )
  assert.is(taken[0]?.dropped, 3)
  assert.equal(local.keys(''), [])
})

shelf('[T3] without Web Locks, a queue that was touched lately is a living tab’s and stays', async () => {
  const local = aPlace()
  without(local, 'alive').keep(shelved({ touchedAt: Date.now() }))
  await without(local, 'other').takeOver(() => assert.unreachable())
  assert.equal(local.keys(''), [`${QUEUE_KEY}alive`])
})

shelf('[T3] without Web Locks, a queue untouched for five minutes is a crashed tab’s', async () => {
  const local = aPlace()
  without(local, 'crashed').keep(shelved({ touchedAt: Date.now() - 5 * 60_000 }))
  const taken: Shelved[] = []
  await without(local, 'other').takeOver((found) => void taken.push(found))
  assert.is(taken.length, 1)
})

shelf('[T3] a queue is received before it is removed: a crash between the two loses nothing', async () => {
  const local = aPlace()
  without(local, 'closed').keep(shelved())
  await without(local, 'other').takeOver(() =>
    assert.equal(local.keys('').includes(`${QUEUE_KEY}closed`), true),
  )
  assert.equal(local.keys(''), [])
})

shelf('[T3] proofs are only in sessionStorage, and come back to the tab that has them', async () => {
  const local = aPlace()
  const session = aPlace()
  const signIn = anEvent({
    eventType: 'SYSTEM',
    eventName: 'SignIn',
    data: { identityId: 'ada', expiresAt: 1, proof: 's3cret' },
  })
  without(local, 'closed', session).keep(shelved({ events: [signIn] }))
  assert.not.match(JSON.stringify([...local.kept]), 's3cret')
  const otherTab: Shelved[] = []
  const copy = aPlace()
  for (const [key, value] of local.kept) copy.write(key, value)
  await without(copy, 'other').takeOver((found) => void otherTab.push(found))
  assert.equal(otherTab[0]?.events[0]?.data, { identityId: 'ada', expiresAt: 1 })
  const sameTab: Shelved[] = []
  await without(local, 'next', session).takeOver((found) => void sameTab.push(found))
  assert.equal(sameTab[0]?.events, [signIn])
})

shelf('[T3] nothing is kept of an empty queue, and rubbish is thrown away', async () => {
  const local = aPlace()
  const own = without(local, 'own')
  own.keep(shelved())
  own.keep(shelved({ events: [] }))
  assert.equal(local.keys(''), [])
  for (const rubbish of [
    '',
    'no json',
    'null',
    '7',
    '{"events":7}',
    '{"events":[null]}',
    '{"events":[{}]}',
  ]) {
    local.write(`${QUEUE_KEY}old`, rubbish)
    await own.takeOver(() => assert.unreachable())
    assert.equal(local.keys(''), [], rubbish)
  }
})

shelf.run()
