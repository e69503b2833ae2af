/** Q1, Q2: a commit that fails leaves nothing behind, in the store or in memory, and what comes next goes on. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEntry } from '../../src/visitors/contract.ts'
import { within } from '../helpers/within.ts'
import { anEvent } from '../store/a-row.ts'
import { rejection } from '../store/rejection.ts'
import { came, event, MINUTE, openRoom, signIn, type TestRoom, went } from './a-room.ts'
import { findingsIn } from './findings.ts'

const failing = suite('commits that fail')

/** Throws at the put of this number, once. */
function fault() {
  const own = { at: 0, puts: 0 }
  const beforePut = (_table: string, count: number): void => {
    own.puts = count
    if (count !== own.at) return
    own.at = 0
    throw new Error('a put failed on purpose')
  }
  return Object.assign(own, { beforePut })
}

const nameOf = ({ reason }: PromiseRejectedResult): string => (reason instanceof Error ? reason.name : '')

async function recovered(room: TestRoom): Promise<void> {
  await within(5_000, 'the store can write again', room.store.recovered())
}

function rowsOf(room: TestRoom): unknown {
  const { store } = room
  return [
    store.visitors({ limit: 10 }),
    store.entries(1, { limit: 100 }),
    store.entries(2, { limit: 100 }),
    store.contacts({ limit: 10 }),
    store.changes({ limit: 100 }),
    store.commits({ limit: 100 }),
    store.identities({ limit: 10 }),
  ]
}

failing(
  '[Q1] [Q2] whichever put fails: nothing is kept, and sent again everything is there once',
  async () => {
    const own = fault()
    const room = await openRoom({ beforePut: own.beforePut })
    await room.record('g1', event('VisitStarted'), came(), event('PageEntered'), signIn('pat'))
    for (let put = 1, puts = 1; put <= puts; put += 1) {
      const batch: readonly NewEntry[] = [event('PageEntered'), signIn(`s${put}`)]
      const other = [event('VisitStarted', { visit: `w${put}` })]
      const before = rowsOf(room)
      own.at = put
      const both = await Promise.allSettled([room.record('g1', ...batch), room.record('g2', ...other)])
      assert.equal(
        both.map(({ status }) => status),
        ['rejected', 'rejected'],
        `put ${put}`,
      )
      assert.ok(both.every((one) => one.status === 'rejected' && nameOf(one) === 'StoreUnavailable'))
      assert.equal(rowsOf(room), before)
      await recovered(room)
      const [again] = await Promise.all([room.record('g1', ...batch), room.record('g2', ...other)])
      puts = own.puts
      assert.equal(
        again.outcomes.map(({ is }) => is),
        ['kept', 'kept'],
      )
      room.passes(1)
    }
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

failing('[Q2] the batch behind the one that fails is discarded too, and both go on in order', async () => {
  const own = fault()
  const room = await openRoom({ beforePut: own.beforePut })
  await room.record('g1', event('VisitStarted'), came())
  own.at = 1
  const first = event('First')
  const second = event('Second')
  const written = room.record('g1', first)
  await new Promise((resolve) => setImmediate(resolve))
  const behind = room.record('g1', second, went())
  const lost = await Promise.allSettled([written, behind])
  assert.equal(
    lost.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  await recovered(room)
  const again = await room.record('g1', first, second)
  assert.equal(
    again.outcomes.map((outcome) => outcome.is === 'kept' && [outcome.seq, outcome.position]),
    [
      [3, 3],
      [4, 4],
    ],
  )
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

failing(
  '[Q1] [Q2] a commit that is visible and fails at its flush: nothing is acknowledged until it is flushed, all is there once',
  async () => {
    let isBroken = false
    const room = await openRoom({
      async beforeFlushed() {
        if (isBroken) throw new Error('it was not flushed')
      },
    })
    await room.record('g1', event('VisitStarted'), came())
    isBroken = true
    const batch = [event('PageEntered'), signIn('pat')]
    const refusal = async () =>
      nameOf({ status: 'rejected', reason: await rejection(room.record('g1', ...batch)) })
    assert.is(await refusal(), 'StoreUnavailable')
    assert.is(room.store.entries(1, { limit: 9 }).length, 4, 'it is visible')
    assert.is(await refusal(), 'StoreUnavailable', 'sent again it is a duplicate, and not flushed')
    assert.equal(room.committed.length, 1)
    isBroken = false
    await recovered(room)
    const again = await room.record('g1', ...batch, event('Viewed'))
    assert.equal(
      again.outcomes.map(({ is }) => is),
      ['duplicate', 'duplicate', 'kept'],
    )
    assert.equal(
      room.store.entries(1, { limit: 9 }).map(({ seq, position }) => [seq, position]),
      [1, 2, 3, 4, 5].map((number) => [number, number]),
    )
    assert.is(room.visitors.view('g1')?.state, 'Authenticated')
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

failing('[Q2] nothing of a lost commit is told to anybody', async () => {
  const own = fault()
  const room = await openRoom({ beforePut: own.beforePut })
  own.at = 3
  await room.says('g1', 'VisitStarted').catch(() => {})
  assert.equal(room.committed, [])
  assert.is(room.visitors.view('g1'), null)
  assert.is(room.visitors.stats().awake, 0)
  await room.end()
})

failing('a deadline that could not be kept is tried again', async () => {
  const own = fault()
  const room = await openRoom({ beforePut: own.beforePut })
  await room.record('g1', event('VisitStarted'), came(), went())
  room.passes(MINUTE)
  own.at = 1
  await room.says('g1', 'Viewed', { agoMs: MINUTE }).catch(() => {})
  assert.is(room.visitors.view('g1')?.seq, 3)
  await recovered(room)
  await room.says('g1', 'Viewed', { agoMs: MINUTE })
  assert.is(room.visitors.view('g1')?.seq, 5)
  assert.is(room.store.visit(1, 1)?.reason, 'closed')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

failing('[Q1] a visitor that the disk says otherwise of is read again, and goes on', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'))
  const row = room.store.visitor(1)
  assert.ok(row !== null)
  const at = { seq: 2, position: 2, at: row.at }
  const draft = room.store.createDraft()
  draft.putVisitor({ ...row, ...at }, [{ ...anEvent(), ...at, page: 0 }], 1)
  await room.store.commit(draft, { at: row.at })
  const [stale] = await Promise.allSettled([room.says('g1', 'Viewed')])
  assert.is(stale?.status === 'rejected' && nameOf(stale), 'StaleCommit')
  const outcome = await room.one('g1', event('Viewed'))
  assert.equal(outcome.is === 'kept' && [outcome.seq, outcome.position], [3, 3])
  await room.end()
})

/** A room with a visitor, over a disk whose flushes can fail. */
async function openUnflushed() {
  const disk = { isBroken: false }
  const room = await openRoom({
    beforeFlushed: async () => {
      if (disk.isBroken) throw new Error('it was not flushed')
    },
  })
  await room.record('g1', event('VisitStarted'))
  return { room, disk }
}

failing(
  '[Q2] a commit that was refused at its flush and is there all the same is told then, and once',
  async () => {
    const { room, disk } = await openUnflushed()
    const told = room.committed.length
    disk.isBroken = true
    const [lost] = await Promise.allSettled([room.record('g2', event('VisitStarted', { visit: 'w1' }))])
    const [refused] = await Promise.allSettled([room.record('g3', event('VisitStarted', { visit: 'x1' }))])
    assert.equal([lost?.status, refused?.status], ['rejected', 'rejected'])
    assert.is(room.committed.length, told, 'not before it is on disk')
    disk.isBroken = false
    await recovered(room)
    assert.equal(
      room.committed.slice(told).flatMap(({ visits }) => visits),
      [{ globalVisitID: 'g2', visitId: 'w1', reason: null }],
    )
    assert.is(room.store.visitorNumber('g3'), 0)
    await room.end()
  },
)

failing(
  '[Q2] [Q12] an erasure of a device that was refused so is told then, though it makes no entry',
  async () => {
    const { room, disk } = await openUnflushed()
    const told = room.committed.length
    disk.isBroken = true
    const erasing = room.visitors.erasing.inTurn('g1', (visitor) => visitor.erase())
    assert.is(nameOf({ status: 'rejected', reason: await rejection(erasing) }), 'StoreUnavailable')
    assert.is(room.committed.length, told, 'not before it is on disk')
    disk.isBroken = false
    await recovered(room)
    assert.equal(
      room.committed.slice(told).flatMap(({ visits }) => visits),
      [{ globalVisitID: 'g1', visitId: null, reason: 'erased' }],
    )
    await room.end()
  },
)

failing('a listener that throws keeps nobody from being told', async () => {
  const room = await openRoom()
  const told: number[] = []
  room.visitors.onCommitted(() => {
    throw new Error('a listener fails on purpose')
  })
  const stop = room.visitors.onCommitted(({ changes }) => void told.push(changes.length))
  await within(1_000, 'it is kept', room.says('g1', 'VisitStarted'))
  assert.equal(told, [1])
  stop()
  await within(1_000, 'the next one is kept', room.says('g1', 'Viewed'))
  assert.equal(told, [1])
  assert.ok(room.logged.some(({ message }) => message.includes('listener')))
  await room.end()
})

failing.run()
