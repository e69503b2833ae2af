/** What engines and sockets are told of: rows of changes with the words users see, and the visit that is open. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { came, event, MINUTE, openRoom, SECOND, signIn, type TestRoom, went } from './a-room.ts'

const telling = suite('what others are told')

function changes(room: TestRoom, from = 0) {
  return room.store.changes({ from, limit: 100 }).map(({ kind, name, n }) => `${kind} ${name} ${n}`)
}

telling('[V7] a superseded visit: its end, the next one, and who is gone, in the order raised', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat'))
  room.passes(SECOND)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }))
  assert.equal(changes(room, 3), ['visit ended 1', 'visit opened 2', 'identity anonymous 3'])
  await room.end()
})

telling('an identity change has the shape of the specification, in the words users see', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat', { eventID: 'e-in' }))
  const change = room.store.changes({ limit: 10 }).find(({ kind }) => kind === 'identity')
  const sessionId = room.store.session(1, 1, 1)?.sessionId
  assert.equal(change?.data, {
    globalVisitID: 'g1',
    seq: 2,
    n: 1,
    position: 2,
    at: change?.at,
    visitId: 'v1',
    sessionId,
    state: 'Authenticated',
    identityId: 'pat',
    confidence: 1,
    asOf: change?.at,
    halfLifeMs: null,
    previous: { state: 'Anonymous', identityId: null },
    cause: { kind: 'event', eventID: 'e-in', eventName: 'SignIn' },
    interaction: 'identified',
  })
  await room.end()
})

telling('[V12] a late visit is told twice: opened and ended by one entry', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted', { visit: 'old', agoMs: 40 * MINUTE }))
  assert.equal(changes(room), ['visit opened 1', 'visit ended 2'])
  const [opened] = room.store.changes({ limit: 1 })
  assert.equal([opened?.data.late, opened?.data.reason], [true, 'late'])
  await room.end()
})

telling('[V10] a visit that is opened again is told so, and then who is there again', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat'), came(), went())
  room.passes(MINUTE)
  await room.record('g1', event('Viewed'))
  assert.equal(changes(room, 5), [
    'visit ended 1',
    'identity anonymous 2',
    'visit reopened 1',
    'identity authenticated 2',
  ])
  await room.end()
})

telling('listeners hear of a commit before its entries are acknowledged', async () => {
  const room = await openRoom()
  const heard: string[] = []
  room.visitors.onCommitted(({ changes: told }) => void heard.push(`told ${told.length}`))
  await room.says('g1', 'VisitStarted').then(() => heard.push('acknowledged'))
  assert.equal(heard, ['told 1', 'acknowledged'])
  await room.end()
})

telling('sockets are told which visit is open, and why the one before it ended', async () => {
  const room = await openRoom()
  const visits: unknown[] = []
  room.visitors.onCommitted((told) => {
    for (const { visitId, reason } of told.visits) visits.push([visitId, reason])
  })
  await room.says('g1', 'VisitStarted')
  await room.says('g1', 'Viewed')
  room.passes(SECOND)
  await room.says('g1', 'VisitStarted', { visit: 'v2' })
  await room.says('g1', 'Viewed', { visit: 'alias', agoMs: SECOND })
  await room.says('g1', 'ConsentWithdrawn', { visit: 'v2' })
  assert.equal(visits, [
    ['v1', null],
    ['v2', 'superseded'],
    [null, 'withdrawn'],
  ])
  await room.end()
})

telling('[V11] a withdrawal without a visit is told to the sockets too', async () => {
  const room = await openRoom()
  await room.says('g1', 'ConsentWithdrawn')
  assert.equal(room.committed.at(-1)?.visits, [{ globalVisitID: 'g1', visitId: null, reason: 'withdrawn' }])
  await room.end()
})

telling.run()
