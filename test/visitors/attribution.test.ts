/** E10, E11: which visit, session, page and person each entry belongs to, on disk. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { came, event, MINUTE, openRoom, SECOND, signIn, type TestRoom, went } from './a-room.ts'
import { findingsIn } from './findings.ts'

const belonging = suite('what belongs where')

/** `name visit/session/page/identity` of each entry. */
function places(room: TestRoom): readonly string[] {
  return room.store.entries(1, { limit: 1_000 }).map((entry: StoredEntry) => {
    const name = isStoredEvent(entry) ? entry.words.eventName : entry.kind
    return `${name} ${entry.visit}/${entry.session}/${entry.page}/${entry.identity}`
  })
}

belonging(
  "[E10] SignIn is its session's first event, SignOut its last; a page belongs to the session it was entered in",
  async () => {
    const room = await openRoom()
    await room.record(
      'g1',
      event('VisitStarted', { page: 'none' }),
      event('PageEntered'),
      signIn('pat'),
      event('Viewed'),
      event('PageEntered', { page: 'p2' }),
      event('SignOut', { page: 'p2' }),
      event('Viewed', { page: 'p2' }),
      event('PageExited', { page: 'p2' }),
      event('Viewed', { page: 'p2' }),
    )
    assert.equal(places(room), [
      'VisitStarted 1/0/0/0',
      'PageEntered 1/0/1/0',
      'SignIn 1/1/1/1',
      'Viewed 1/1/1/1',
      'PageEntered 1/1/2/1',
      'SignOut 1/1/2/1',
      'Viewed 1/0/2/1',
      'PageExited 1/0/2/1',
      'Viewed 1/0/0/1',
    ])
    assert.is(room.store.page(1, 1, 1)?.session, 0)
    assert.is(room.store.page(1, 1, 2)?.session, 1)
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

belonging("[E10] another customer's SignIn belongs to the new session", async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted', { page: 'none' }),
    signIn('pat', { page: 'none' }),
    signIn('sam', { page: 'none' }),
  )
  assert.equal(places(room), ['VisitStarted 1/0/0/0', 'SignIn 1/1/0/1', 'SignIn 1/2/0/2'])
  assert.is(room.store.session(1, 1, 1)?.reason, 'switched')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[E10] the event that supersedes a visit belongs to no page of the one before', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('PageEntered'))
  room.passes(SECOND)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }))
  assert.equal(places(room).at(-1), 'VisitStarted 2/0/0/0')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[E10] a SignOut that reopens the visit is the last event of the session it ends', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('PageEntered'), signIn('pat'), came(), went())
  room.passes(MINUTE)
  await room.record('g1', event('SignOut'))
  assert.equal(places(room).slice(-2), ['deadline 1/0/0/0', 'SignOut 1/1/1/1'])
  const contacts = room.store.contactsOfVisitor(1, { limit: 10 })
  assert.equal(
    contacts.map(({ how, session }) => [how, session]),
    [
      ['SignIn', 1],
      ['SignOut', 1],
    ],
  )
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[V8] a late event is part of its visit, and of no session, page or person', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('PageEntered'), signIn('pat'), came(), went())
  room.passes(MINUTE)
  const outcome = await room.one('g1', event('Viewed', { agoMs: MINUTE }))
  assert.is(outcome.is === 'kept' && outcome.late, true)
  assert.is(outcome.is === 'kept' && outcome.recordedIn, 'v1')
  assert.equal(places(room).at(-1), 'Viewed 1/0/0/0')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[V11] the withdrawal belongs to what it ends', async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    event('PageEntered'),
    signIn('pat'),
    event('ConsentWithdrawn'),
  )
  assert.equal(places(room).at(-1), 'ConsentWithdrawn 1/1/1/1')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[E11] the User-Agent is kept on the visit, its text once', async () => {
  const room = await openRoom()
  const userAgent = { id: 'a7f0b2c4-0000-5000-8000-000000000001', text: 'Browser/1.0' }
  await room.record('g1', event('VisitStarted', { userAgent }), event('Viewed', { userAgent }))
  assert.is(room.store.visit(1, 1)?.userAgentId, userAgent.id)
  assert.is(room.store.userAgent(userAgent.id), 'Browser/1.0')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

belonging('[E7] the same events of the same visitor get the same ids, in whatever folder', async () => {
  const ids: unknown[] = []
  const told = [
    event('VisitStarted', { eventID: 'a' }),
    event('PageEntered', { eventID: 'b' }),
    signIn('pat', { eventID: 'c' }),
  ]
  for (const _ of [1, 2]) {
    const room = await openRoom()
    await room.record('g1', ...told)
    ids.push([room.store.page(1, 1, 1)?.pageId, room.store.session(1, 1, 1)?.sessionId])
    await room.end()
  }
  assert.equal(ids[0], ids[1])
})

belonging.run()
