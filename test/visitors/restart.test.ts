/** Q7: a restart is no departure. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import {
  came,
  event,
  HOUR,
  MINUTE,
  MORNING,
  openRoom,
  SECOND,
  signIn,
  type TestRoom,
  went,
} from './a-room.ts'
import { findingsIn } from './findings.ts'

const restarting = suite('restarts')

const GRACE = 90 * SECOND

const ended = (room: TestRoom): Promise<true> =>
  eventually(5_000, 'the sweep ends the visit, on disk', () => {
    const view = room.visitors.view('g1')
    return view?.visit === null && room.store.lastPosition() >= view.position ? true : undefined
  })

/** A customer with a socket who was active a minute after their visit began. */
async function openWithCustomer(): Promise<TestRoom> {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came(), event('PageEntered'))
  room.passes(MINUTE)
  await room.record('g1', signIn('pat'))
  return room
}

restarting('[Q7] whoever comes back within the grace is still there, and signed in', async () => {
  const room = await openWithCustomer()
  room.passes(10 * MINUTE)
  await room.restart({ awayMs: 10 * MINUTE })
  room.passes(GRACE - SECOND)
  await room.record('g1', came())
  room.passes(MINUTE)
  await room.says('g1', 'Viewed')
  const view = room.visitors.view('g1')
  assert.equal([view?.visit?.visitId, view?.state, view?.pages.length], ['v1', 'Authenticated', 1])
  assert.is(room.store.session(1, 1, 1)?.endDate, 0)
  assert.equal(
    room.committed.flatMap(({ changes }) => changes).filter(({ name }) => name === 'ended'),
    [],
  )
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting(
  '[V5] who came after the start and left again is ended in time, also within the grace',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), came(), went())
    room.passes(30 * SECOND)
    await ended(room)
    assert.is(room.store.visit(1, 1)?.reason, 'closed')
    await room.end()
  },
)

restarting('[Q7] nobody is ended by the sweep before the grace is over', async () => {
  const room = await openWithCustomer()
  await room.restart({ awayMs: HOUR })
  room.passes(GRACE - 1)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  room.passes(1)
  await ended(room)
  await room.end()
})

restarting('[Q7] a visit whose browser does not come back ends closed, at its last activity', async () => {
  const room = await openWithCustomer()
  room.passes(5 * MINUTE)
  await room.restart({ awayMs: HOUR })
  room.passes(GRACE)
  await ended(room)
  const visit = room.store.visit(1, 1)
  assert.equal([visit?.reason, visit?.endDate], ['closed', MORNING + MINUTE])
  assert.equal(room.store.connected({ limit: 10 }), [])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('[Q7] [Q2] one whose end could not be kept at first ends all the same', async () => {
  let fails = 0
  const room = await openRoom({
    beforePut: () => {
      fails -= 1
      if (fails === 0) throw new Error('a put failed on purpose')
    },
  })
  await room.record('g1', event('VisitStarted'), came())
  await room.restart({ awayMs: SECOND })
  fails = 1
  room.passes(GRACE)
  await ended(room)
  assert.ok(fails < 0 && room.logged.length > 0, 'it was tried once in vain')
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('[Q7] one that had left before ends when it had left', async () => {
  const room = await openWithCustomer()
  room.passes(MINUTE)
  await room.record('g1', went())
  room.passes(10 * SECOND)
  await room.restart({ awayMs: HOUR })
  room.passes(GRACE)
  await ended(room)
  const visit = room.store.visit(1, 1)
  assert.equal([visit?.reason, visit?.endDate], ['closed', MORNING + 2 * MINUTE])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('[Q7] two restarts in a row are one', async () => {
  const room = await openWithCustomer()
  await room.restart({ awayMs: 10 * SECOND })
  room.passes(10 * SECOND)
  await room.restart({ awayMs: 10 * SECOND })
  await room.record('g1', came())
  room.passes(GRACE)
  await room.says('g1', 'Viewed')
  assert.is(room.visitors.view('g1')?.state, 'Authenticated')
  await room.restart()
  await room.restart()
  room.passes(GRACE)
  await ended(room)
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('[Q7] an idle deadline that fell due meanwhile waits for the grace too', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted', { via: 'http' })
  await room.restart({ awayMs: HOUR })
  room.passes(SECOND)
  await room.says('g1', 'Viewed', { via: 'http' })
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  await room.restart({ awayMs: HOUR })
  room.passes(GRACE)
  await ended(room)
  const visit = room.store.visit(1, 1)
  assert.equal([visit?.reason, visit?.endDate], ['expired', MORNING + HOUR + SECOND])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('a visitor decides under the settings of today from its next entry on', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came())
  await room.restart({ settings: { leaveGraceMs: 5 * SECOND } })
  await room.record('g1', came(), went())
  room.passes(5 * SECOND)
  await room.says('g2', 'VisitStarted', { visit: 'w' })
  await room.says('g1', 'VisitStarted', { visit: 'v2' })
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting('a visitor without a visit hears of the start only where the settings changed', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('ConsentWithdrawn'))
  const consent = { data: { consent: true } }
  await room.restart()
  await room.says('g1', 'VisitStarted', { visit: 'v2', ...consent })
  assert.is(room.visitors.view('g1')?.seq, 3)
  await room.says('g1', 'ConsentWithdrawn', { visit: 'v2' })
  await room.restart({ settings: { leaveGraceMs: 5 * SECOND } })
  await room.says('g1', 'VisitStarted', { visit: 'v3', ...consent })
  assert.is(room.visitors.view('g1')?.seq, 6)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

restarting.run()
