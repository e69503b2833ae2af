/** Events that are changes too: those that a site names, and what an invitation came to. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { event, openRoom, SECOND, signIn, type TestRoom } from './a-room.ts'

const published = suite('published events')

function changes(room: TestRoom) {
  return room.store.changes({ limit: 100 }).map(({ kind, name, n }) => `${kind} ${name} ${n}`)
}

function eventsOf(room: TestRoom) {
  return room.store.changes({ limit: 100 }).flatMap(({ kind, data }) => (kind === 'event' ? [data] : []))
}

published('[B1] without names no event is a change', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('AddToCart'))
  assert.equal(changes(room), ['visit opened 1'])
  await room.end()
})

published('[B1] an event that is named is a change, after what it led to', async () => {
  const room = await openRoom({ publishEvents: ['SignIn', 'AddToCart'] })
  await room.record('g1', signIn('pat'), event('AddToCart'), event('Other'))
  assert.equal(changes(room), [
    'visit opened 1',
    'identity authenticated 2',
    'event SignIn 3',
    'event AddToCart 1',
  ])
  await room.end()
})

published('[B1] its data are its words, and where it belongs', async () => {
  const room = await openRoom({ publishEvents: ['*'] })
  await room.record('g1', event('VisitStarted'), signIn('pat'))
  await room.record('g1', event('AddToCart', { eventID: 'e1', data: { sku: 'a1' } }))
  const sessionId = room.store.session(1, 1, 1)?.sessionId
  const data = eventsOf(room).at(-1)
  assert.equal(
    {
      visitId: data?.visitId,
      sessionId: data?.sessionId,
      identityId: data?.identityId,
      eventName: data?.eventName,
      eventID: data?.eventID,
      browserPageID: data?.browserPageID,
      data: data?.data,
      late: data?.late,
    },
    {
      visitId: 'v1',
      sessionId,
      identityId: 'pat',
      eventName: 'AddToCart',
      eventID: 'e1',
      browserPageID: 'p1',
      data: { sku: 'a1' },
      late: false,
    },
  )
  await room.end()
})

published('[E10] a SignOut belongs to whom it ended, what comes after it to nobody new', async () => {
  const room = await openRoom({ publishEvents: ['*'] })
  await room.record('g1', signIn('pat'), event('SignOut'), event('Other'))
  const [, signOut, other] = eventsOf(room)
  assert.is(signOut?.identityId, 'pat')
  assert.type(signOut?.sessionId, 'string')
  assert.equal([other?.identityId, other?.sessionId], ['pat', null])
  await room.end()
})

published('[V8] a late event is told as late, in its visit and of nobody', async () => {
  const room = await openRoom({ publishEvents: ['*'] })
  await room.record('g1', event('VisitStarted'), signIn('pat'))
  room.passes(SECOND)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }))
  room.passes(SECOND)
  await room.record('g1', event('Other', { visit: 'v1', agoMs: 2 * SECOND }))
  const data = eventsOf(room).at(-1)
  assert.equal([data?.visitId, data?.late, data?.identityId], ['v1', true, null])
  await room.end()
})

published(
  '[L5] what an invitation came to is a change whatever names are given, if it names its lease',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'))
    for (const name of ['InviteShown', 'InviteAccepted', 'InviteRejected']) {
      await room.record('g1', event(name, { data: { leaseId: 1 } }), event(name))
    }
    assert.equal(changes(room).slice(1), [
      'event InviteShown 1',
      'event InviteAccepted 1',
      'event InviteRejected 1',
    ])
    await room.end()
  },
)

published('[E1] a duplicate is no change', async () => {
  const room = await openRoom({ publishEvents: ['*'] })
  await room.record('g1', event('AddToCart', { eventID: 'e1' }), event('AddToCart', { eventID: 'e1' }))
  assert.is(eventsOf(room).length, 1)
  await room.end()
})

published.run()
