/** Rows about people: profiles and their bounds, contact rows, links. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEntry } from '../../src/visitors/contract.ts'
import { came, event, openRoom, SECOND, signIn, type TestRoom } from './a-room.ts'
import { findingsIn } from './findings.ts'

const people = suite('people')

const person = (room: TestRoom, identityId = 'pat') =>
  room.store.identity(room.store.identityNumber(identityId))

const values = (room: TestRoom): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(person(room)?.profile ?? {}).map(([key, { value }]) => [key, value]))

const knows = (data: Readonly<Record<string, unknown>>, proven = false) => signIn('pat', { data, proven })

const many = (count: number, prefix: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, index]))

people('what a SignIn says beside who it is becomes the profile, key by key', async () => {
  const room = await openRoom()
  const data = {
    identityId: 'pat',
    userID: 'x',
    proof: 'p',
    expiresAt: 1,
    visitID: 'v',
    name: 'Pat',
    city: 'Ulm',
  }
  await room.record('g1', event('VisitStarted'), knows(data))
  assert.equal(values(room), { name: 'Pat', city: 'Ulm' })
  await room.record('g1', event('UserInfo', { data: { city: 'Bonn' } }))
  assert.equal(values(room), { name: 'Pat', city: 'Bonn' })
  await room.end()
})

people('the highest position wins, over all visitors', async () => {
  const room = await openRoom()
  await Promise.all([
    room.record('g1', event('VisitStarted'), knows({ city: 'Ulm' })),
    room.record(
      'g2',
      event('VisitStarted', { visit: 'w' }),
      signIn('pat', { visit: 'w', data: { city: 'Bonn' } }),
    ),
  ])
  assert.equal([values(room).city, person(room)?.profile.city?.globalVisitID], ['Bonn', 'g2'])
  await room.end()
})

people('an unproven value never replaces a proven one; a proven one does', async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    knows({ city: 'Ulm' }, true),
    knows({ city: 'Bonn', name: 'P' }),
  )
  assert.equal(values(room), { name: 'P', city: 'Ulm' })
  await room.record('g1', knows({ city: 'Kiel' }, true))
  assert.is(values(room).city, 'Kiel')
  await room.end()
})

people('profileKeys values of a person are kept: at the limit all, one past it the oldest goes', async () => {
  const room = await openRoom({ limits: { profileKeys: 5 } })
  await room.record('g1', event('VisitStarted'), knows({ first: 1 }), knows(many(4, 'k')))
  assert.is(Object.keys(values(room)).length, 5)
  await room.record('g1', knows({ last: 1 }))
  assert.equal(Object.keys(values(room)).sort(), ['k0', 'k1', 'k2', 'k3', 'last'])
  await room.end()
})

people('what is proven is not pushed out by what is not', async () => {
  const room = await openRoom({ limits: { profileKeys: 5 } })
  await room.record(
    'g1',
    event('VisitStarted'),
    knows({ email: 'pat@example.com' }, true),
    knows(many(20, 'k')),
  )
  assert.is(values(room).email, 'pat@example.com')
  assert.is(Object.keys(values(room)).length, 5)
  await room.record('g1', knows({ email: 'eve@example.com' }))
  assert.is(values(room).email, 'pat@example.com')
  await room.end()
})

people('64 KiB of a person are kept: past it the oldest values go', async () => {
  const room = await openRoom()
  const big = (key: string) => knows({ [key]: 'x'.repeat(15_000) })
  await room.record('g1', event('VisitStarted'), ...['a', 'b', 'c', 'd'].map(big))
  assert.is(Object.keys(values(room)).length, 4)
  await room.record('g1', big('e'))
  assert.equal(Object.keys(values(room)).sort(), ['b', 'c', 'd', 'e'])
  await room.end()
})

people('[I1] [I4] [I6] each link makes a contact row that says how, in which session and visit', async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    event('UserInfo', { identityId: 'sam' }),
    signIn('pat'),
    event('SignOut'),
  )
  const rows = room.store.contacts({ limit: 10 })
  assert.equal(
    rows.map(({ how, scope, session, seq, n }) => [how, scope, session, seq, n]),
    [
      ['UserInfo', 'Recognized', 0, 2, 1],
      ['SignIn', 'Authenticated', 1, 3, 1],
      ['SignOut', 'Recognized', 1, 4, 1],
    ],
  )
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

people("[I17] a retracted verdict's contact row says so", async () => {
  const room = await openRoom()
  const confirm: NewEntry = { type: 'confirm', identityId: 'pat', agentId: 'a1', ifSeq: null }
  await room.record('g1', event('VisitStarted'), came(), confirm)
  assert.is(room.visitors.view('g1')?.state, 'Recognized')
  room.passes(SECOND)
  await room.record('g1', { type: 'retract', verdictSeq: 3, agentId: 'a1' })
  const [row] = room.store.contacts({ limit: 10 })
  assert.is(row?.retractedAt, (row?.at ?? 0) + SECOND)
  assert.is(room.visitors.view('g1')?.state, 'Anonymous')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

people(
  "[V9] a visit's end leaves the link Recognized, without a contact row; ranges end with it",
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), signIn('pat'))
    room.passes(SECOND)
    await room.record('g1', event('VisitStarted', { visit: 'v2' }))
    const [link] = room.store.linksOfVisit(1, 1)
    assert.equal([link?.association, link?.ranges], ['Recognized', [[2, 3]]])
    assert.is(room.store.contacts({ limit: 10 }).length, 1)
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

people('[I3] both customers stay linked to the visit, each for their own stretch', async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    signIn('pat'),
    event('Viewed'),
    signIn('sam'),
    event('Viewed'),
  )
  const links = room.store.linksOfVisit(1, 1)
  assert.equal(
    links.map(({ association, ranges }) => [association, ranges]),
    [
      ['Recognized', [[2, 4]]],
      ['Authenticated', [[4, 0]]],
    ],
  )
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

people(
  '[I14] a rejection takes the link back, and the visit no longer stands for that person (I9)',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), event('UserInfo', { identityId: 'pat' }))
    await room.record('g1', { type: 'reject', identityId: 'pat', agentId: 'a1', ifSeq: null })
    assert.is(room.store.linksOfVisit(1, 1)[0]?.association, null)
    const naming = event('UserInfo', { visit: 'w', namesVisit: { visitID: 'v1', anyVisitor: true } })
    await room.record('g2', event('VisitStarted', { visit: 'w' }), naming)
    assert.is(room.visitors.view('g2')?.state, 'Anonymous')
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

people.run()
