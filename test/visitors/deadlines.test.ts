/** Deadlines on disk and in time: they come before what comes after them, and the sweep finds those that are due. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isStoredEvent } from '../../src/store/rows.ts'
import { eventually } from '../helpers/within.ts'
import { came, event, HOUR, MINUTE, openRoom, SECOND, type TestRoom, went } from './a-room.ts'
import { findingsIn } from './findings.ts'

const due = suite('deadlines')

/** The start's grace is over: the sweep delivers what is due. */
const settled = { settings: { restartGraceMs: 0 } }

function kinds(room: TestRoom, globalVisitID = 'g1'): readonly string[] {
  const entries = room.store.entries(room.store.visitorNumber(globalVisitID), { limit: 1_000 })
  return entries.map((entry) => {
    if (isStoredEvent(entry)) return entry.words.eventName
    return entry.kind === 'deadline' ? String(entry.payload.deadline) : entry.kind
  })
}

const ended = (room: TestRoom, globalVisitID = 'g1'): Promise<true> =>
  eventually(5_000, 'the sweep ends the visit, on disk', () => {
    const view = room.visitors.view(globalVisitID)
    return view?.visit === null && room.store.lastPosition() >= view.position ? true : undefined
  })

due('[V5] a deadline that is due comes before the entry that comes after it', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came(), went())
  room.passes(29 * SECOND)
  await room.says('g1', 'Viewed', { agoMs: 29 * SECOND })
  room.passes(SECOND)
  await room.record('g1', came())
  assert.equal(kinds(room), [
    'VisitStarted',
    'presence.came',
    'presence.went',
    'Viewed',
    'leave',
    'presence.came',
  ])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

due('[V6] of several that are due the earliest comes first, and decides', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  room.passes(10 * MINUTE)
  await room.record('g1', came(), went())
  room.passes(25 * HOUR)
  await room.says('g1', 'VisitStarted', { visit: 'v2' })
  assert.equal(kinds(room).slice(3), ['leave', 'VisitStarted'])
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

due('[V6] the sweep ends visits of browsers that say nothing any more', async () => {
  const room = await openRoom(settled)
  await room.says('g1', 'VisitStarted')
  room.passes(30 * MINUTE)
  await ended(room)
  const visit = room.store.visit(1, 1)
  assert.is(visit?.reason, 'expired')
  assert.is(visit?.endDate, visit?.startDate)
  assert.is(room.store.firstDue(), 0)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

due('an event that puts a deadline off leaves the index as it is: it is moved when it comes', async () => {
  const room = await openRoom(settled)
  await room.says('g1', 'VisitStarted')
  const armed = room.store.firstDue()
  room.passes(20 * MINUTE)
  await room.says('g1', 'Viewed')
  assert.is(room.store.firstDue(), armed)
  room.passes(10 * MINUTE)
  await eventually(5_000, 'the index is moved to the true deadline', () =>
    room.store.firstDue() === armed + 20 * MINUTE ? true : undefined,
  )
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  assert.is(room.visitors.view('g1')?.seq, 2, 'looking takes no seq')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

due('an earlier deadline moves the index forward', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  const armed = room.store.firstDue()
  await room.record('g1', came(), went())
  assert.ok(room.store.firstDue() < armed)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

due(
  '[E4] a wall clock that jumped stops the sweep, says so once, and it goes on when they agree again',
  async () => {
    const room = await openRoom(settled)
    await room.says('g1', 'VisitStarted')
    room.hands.wall -= 6 * MINUTE
    room.passes(31 * MINUTE)
    await eventually(5_000, 'the jump is logged', () => room.logged.find(({ fields }) => 'driftMs' in fields))
    assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
    room.hands.wall += 6 * MINUTE
    await ended(room)
    assert.is(room.logged.filter(({ fields }) => 'driftMs' in fields).length, 1)
    await room.end()
  },
)

due('[E4] so does a wall clock that was set back while the server was away', async () => {
  const room = await openRoom(settled)
  await room.says('g1', 'VisitStarted')
  room.passes(31 * MINUTE)
  await room.says('g2', 'VisitStarted', { visit: 'w' })
  await room.close()
  room.hands.wall -= 10 * MINUTE
  await room.start()
  await eventually(5_000, 'the jump is logged', () => room.logged.find(({ fields }) => 'driftMs' in fields))
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  await room.end()
})

due('[E4] at five minutes the clocks still agree', async () => {
  const room = await openRoom(settled)
  await room.says('g1', 'VisitStarted')
  room.hands.wall -= 5 * MINUTE
  room.passes(31 * MINUTE)
  await ended(room)
  await room.end()
})

due(
  'a visitor who cannot be woken is left alone after one try, and keeps nobody else from their deadlines',
  async () => {
    const room = await openRoom(settled)
    await room.says('g1', 'VisitStarted')
    await room.says('g2', 'VisitStarted', { visit: 'w' })
    const row = room.store.visitor(1)
    assert.ok(row !== null)
    await room.close()
    await room.start({
      prepare: (store) => {
        const draft = store.createDraft()
        draft.putVisitor(
          { ...row, snapshot: null, replayFrom: { ...row.replayFrom, snapshot: null } },
          [],
          row.seq,
        )
        return store.commit(draft, { at: row.at })
      },
    })
    room.passes(31 * MINUTE)
    await ended(room, 'g2')
    const tries = () => room.logged.filter(({ message }) => message.includes('cannot be woken')).length
    assert.is(tries(), 1)
    await new Promise((resolve) => setTimeout(resolve, 600))
    assert.is(tries(), 1)
    await room.end()
  },
)

due('nobody is woken after the room was closed', async () => {
  const room = await openRoom(settled)
  await room.says('g1', 'VisitStarted')
  await room.visitors.close()
  room.passes(HOUR)
  const seq = room.store.visitor(1)?.seq
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.is(room.store.visitor(1)?.seq, seq)
  await room.end()
})

due.run()
