/** V8, V10, V12 on disk: what comes late, and what was ended too early. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { came, event, HOUR, MINUTE, MORNING, openRoom, SECOND, signIn, went } from './a-room.ts'
import { findingsIn } from './findings.ts'

const late = suite('late and reopened')

late(
  '[V10] a wrong end is undone on disk: visit, session, pages, link, and the names they have',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), event('PageEntered'), signIn('pat'), came(), went())
    room.passes(MINUTE)
    await room.record('g1', event('Viewed'), event('SignOut'))
    const { store } = room
    assert.equal([store.visit(1, 1)?.endDate, store.visit(1, 1)?.reason], [0, null])
    assert.equal([store.page(1, 1, 1)?.endDate, store.page(1, 1, 1)?.ranges], [0, [[2, 0]]])
    assert.equal(store.session(1, 1, 1)?.reason, 'signedOut')
    assert.equal(store.linksOfVisit(1, 1)[0]?.association, 'Recognized')
    assert.is(store.visits(1, { limit: 10 }).length, 1)
    assert.equal(findingsIn(store), [])
    await room.end()
  },
)

late('[V10] it is undone after a restart as well, and ends again', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('PageEntered'), signIn('pat'), came(), went())
  room.passes(MINUTE)
  await room.says('g2', 'VisitStarted', { visit: 'w' })
  await room.says('g1', 'Viewed', { agoMs: MINUTE })
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  await room.restart()
  await room.says('g1', 'Viewed')
  assert.is(room.visitors.view('g1')?.state, 'Authenticated')
  room.passes(HOUR)
  await room.says('g1', 'VisitStarted', { visit: 'v2' })
  assert.is(room.store.visit(1, 1)?.reason, 'expired')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

late('[V10] where it may not be undone, a visit is opened under an id that the server derives', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'))
  room.passes(HOUR)
  const outcome = await room.one('g1', event('Viewed', { eventID: 'again' }))
  const recordedIn = outcome.is === 'kept' ? outcome.recordedIn : null
  assert.match(recordedIn ?? '', /^[0-9a-f-]{14}5/)
  assert.is(room.store.name('visit', recordedIn ?? '')?.visit, 2)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

late('[V8] late events stretch the ranges of the visit they belong to, and nothing else of it', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came(), went())
  room.passes(MINUTE)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }))
  const before = room.store.visit(1, 1)
  await room.record('g1', event('Viewed', { agoMs: MINUTE }), event('Viewed', { visit: 'v2' }))
  await room.record('g1', event('Viewed', { agoMs: MINUTE }))
  const after = room.store.visit(1, 1)
  assert.equal({ ...after, ranges: [] }, { ...before, ranges: [] })
  assert.equal(after?.ranges, [
    [1, 4],
    [6, 6],
    [8, 8],
  ])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

late(
  '[V8] more late stretches than a row may have make it coarser, and still every entry is in it',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), came(), went())
    room.passes(MINUTE)
    await room.record('g1', event('VisitStarted', { visit: 'v2' }))
    for (let index = 0; index < 40; index += 1) {
      await room.record('g1', event('Viewed', { agoMs: MINUTE }), event('Viewed', { visit: 'v2' }))
    }
    assert.ok((room.store.visit(1, 1)?.ranges.length ?? 99) <= 32)
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

late(
  '[V12] a visit that was over before we heard of it has all its events, and ends with the latest',
  async () => {
    const room = await openRoom()
    room.passes(3 * HOUR)
    await room.record('g1', event('VisitStarted'))
    await room.record(
      'g1',
      event('Viewed', { visit: 'old', agoMs: 2 * HOUR }),
      event('Viewed', { visit: 'old', agoMs: HOUR }),
      signIn('pat', { visit: 'old', agoMs: 90 * MINUTE }),
    )
    const visit = room.store.visit(1, 2)
    assert.equal(
      [visit?.startDate, visit?.endDate, visit?.reason],
      [MORNING + HOUR, MORNING + 2 * HOUR, 'late'],
    )
    assert.equal(visit?.ranges, [[2, 4]])
    assert.is(room.store.sessions(1, 2, { limit: 10 }).length, 0)
    assert.is(room.visitors.view('g1')?.state, 'Anonymous')
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

late('[V13] a body sent at pagehide opens a visit that has been left, and ends it', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted', { final: true, via: 'http' }))
  room.passes(30 * SECOND)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }))
  const visit = room.store.visit(1, 1)
  assert.equal([visit?.reason, visit?.endDate], ['closed', MORNING])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

late.run()
