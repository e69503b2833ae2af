/** Queues at rest: what reaches localStorage, and that a closed tab's queue is taken over by exactly one other. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Place } from '../../src/tracker/places.ts'
import { ABANDONED_MS, makeShelf, QUEUE_KEY, type Shelved } from '../../src/tracker/shelf.ts'
import { anEvent } from './an-event.ts'

const shelf = suite('tracker shelf')

function aPlace(): Place & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    read: (key) => kept.get(key) ?? null,
    write: (key, value) => kept.set(key, value).has(key),
    drop: (key) => void kept.delete(key),
    keysOf: (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
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
    ['one', 'two'].map((name) => without(local, name).takeOver((found) => taken.push(found) > 0)),
  )
  assert.is(taken.length, 1)
  assert.equal(
    taken[0]?.events.map((event) => event.eventID),
    ['left'],
  )
  assert.is(taken[0]?.dropped, 3)
  assert.equal(local.keysOf(''), [])
})

/** What two tabs see of one place, each at once of its own and a moment later of the other's; the last write wins. */
function twoViews(): readonly [Place, Place] {
  const truth = aPlace()
  const views = [aPlace(), aPlace()] as const
  const of = (own: Place): Place => ({
    ...own,
    write(key, value) {
      own.write(key, value)
      truth.write(key, value)
      setTimeout(() => {
        const last = truth.read(key)
        for (const view of views) if (last) view.write(key, last)
      }, 50)
      return true
    },
    drop(key) {
      own.drop(key)
      truth.drop(key)
      setTimeout(() => {
        for (const view of views) view.drop(key)
      }, 50)
    },
  })
  return [of(views[0]), of(views[1])]
}

shelf('[T3] without Web Locks, two tabs that look in the same moment take it over once', async () => {
  const [one, two] = twoViews()
  for (const left of ['first', 'second', 'third']) {
    without(one, left).keep(shelved({ events: [anEvent({ eventID: left })] }))
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  const taken: string[] = []
  const take = ({ events }: Shelved) => taken.push(...events.map(({ eventID }) => eventID)) > 0
  await Promise.all([without(one, 'one').takeOver(take), without(two, 'two').takeOver(take)])
  assert.equal(taken.sort(), ['first', 'second', 'third'])
})

shelf('[T3] a queue that finds no room stays for another time', async () => {
  const local = aPlace()
  without(local, 'closed').keep(shelved())
  await without(local, 'other').takeOver(() => false)
  assert.equal(local.keysOf(''), [`${QUEUE_KEY}closed`])
})

shelf('[T3] where the browser keeps less, it keeps the newest', () => {
  for (const roomFor of [0, 1, 2, 3, 6, 7]) {
    const local = aPlace()
    const narrow: Place = {
      ...local,
      write: (key, value) => value.split('eventID').length - 1 <= roomFor && local.write(key, value),
    }
    const events = Array.from({ length: 7 }, (_, at) => anEvent({ eventID: `left-${at}` }))
    without(narrow, 'own').keep(shelved({ events }))
    const kept: Shelved = JSON.parse(local.read(`${QUEUE_KEY}own`) ?? '{"events":[]}')
    const idsKept = kept.events.map(({ eventID }) => eventID)
    assert.equal(
      idsKept,
      events.slice(7 - idsKept.length).map(({ eventID }) => eventID),
      String(roomFor),
    )
    assert.ok(idsKept.length * 2 >= roomFor, `${idsKept.length} where there is room for ${roomFor}`)
  }
})

shelf('[T3] without Web Locks, a queue that was touched lately is a living tab’s and stays', async () => {
  const local = aPlace()
  without(local, 'alive').keep(shelved({ touchedAt: Date.now() }))
  await without(local, 'other').takeOver(() => Boolean(assert.unreachable()))
  assert.equal(local.keysOf(''), [`${QUEUE_KEY}alive`])
})

shelf('[T3] without Web Locks, a queue untouched for two minutes is a crashed tab’s', async () => {
  const local = aPlace()
  without(local, 'crashed').keep(shelved({ touchedAt: Date.now() - ABANDONED_MS }))
  const taken: Shelved[] = []
  await without(local, 'other').takeOver((found) => taken.push(found) > 0)
  assert.is(taken.length, 1)
})

shelf('[T3] a queue is received before it is removed: a crash between the two loses nothing', async () => {
  const local = aPlace()
  without(local, 'closed').keep(shelved())
  await without(local, 'other').takeOver(() => {
    assert.equal(local.keysOf('').includes(`${QUEUE_KEY}closed`), true)
    return true
  })
  assert.equal(local.keysOf(''), [])
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
  await without(copy, 'other').takeOver((found) => otherTab.push(found) > 0)
  assert.equal(otherTab[0]?.events[0]?.data, { identityId: 'ada', expiresAt: 1 })
  const sameTab: Shelved[] = []
  await without(local, 'next', session).takeOver((found) => sameTab.push(found) > 0)
  assert.equal(sameTab[0]?.events, [signIn])
})

shelf('[T3] nothing is kept of an empty queue, and rubbish is thrown away', async () => {
  const local = aPlace()
  const own = without(local, 'own')
  own.keep(shelved())
  own.keep(shelved({ events: [] }))
  assert.equal(local.keysOf(''), [])
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
    await own.takeOver(() => Boolean(assert.unreachable()))
    assert.equal(local.keysOf(''), [], rubbish)
  }
})

shelf.run()
