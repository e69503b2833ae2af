/** What bounds memory and commits: who sleeps, how much waits, how much one commit takes. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../helpers/within.ts'
import { event, MINUTE, openRoom, SECOND } from './a-room.ts'
import { findingsIn } from './findings.ts'

const bounded = suite('bounds')

const opens = (visit: string) => event('VisitStarted', { visit })

bounded('an actor without an entry for sleepAfterMs sleeps, and goes on where it was', async () => {
  const room = await openRoom({ limits: { sleepAfterMs: MINUTE } })
  await room.record('g1', opens('v'))
  room.passes(MINUTE - 1)
  await room.record('g2', opens('w'))
  assert.is(room.visitors.stats().awake, 2)
  room.passes(1)
  await room.record('g2', event('Viewed', { visit: 'w' }))
  assert.is(room.visitors.stats().awake, 1)
  const { visitId } = await room.says('g1', 'Viewed', { visit: 'v' })
  assert.is(visitId, 'v')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

bounded('past awakeMax the least recently used sleeps first', async () => {
  const room = await openRoom({ limits: { awakeMax: 2 } })
  for (const [globalVisitID, visit] of [
    ['g1', 'u'],
    ['g2', 'v'],
    ['g1', 'u'],
  ] as const) {
    await room.says(globalVisitID, 'Viewed', { visit })
  }
  assert.is(room.visitors.stats().awake, 2)
  await room.says('g3', 'Viewed', { visit: 'w' })
  assert.is(room.visitors.stats().awake, 2)
  // Nobody restores who is awake: damage that is not seen tells who slept.
  const draft = room.store.createDraft()
  for (const number of [1, 2]) {
    const row = room.store.visitor(number)
    if (row !== null) draft.putVisitor({ ...row, snapshot: null }, [], row.seq)
  }
  await room.store.commit(draft, { at: room.store.lastAt() })
  await room.says('g1', 'Viewed', { visit: 'u' })
  assert.is(room.logged.length, 0, 'g1 was awake')
  await room.says('g2', 'Viewed', { visit: 'v' })
  assert.is(room.logged.length, 1, 'g2 slept')
  await room.end()
})

bounded('nobody sleeps while an entry of theirs is not on disk', async () => {
  const room = await openRoom({ limits: { awakeMax: 1, commitEntries: 1, sleepAfterMs: 1 } })
  const said: Promise<unknown>[] = []
  for (let index = 0; index < 20; index += 1) {
    said.push(room.says('g1', 'Viewed', { visit: 'v' }), room.says('g2', 'Viewed', { visit: 'w' }))
    room.passes(SECOND)
  }
  await Promise.all(said)
  assert.equal([room.store.visitor(1)?.seq, room.store.visitor(2)?.seq], [20, 20])
  assert.ok(room.visitors.stats().awake <= 1)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

bounded(
  'at waitingEntries it is full, one before it is not; there is room when they were taken',
  async () => {
    const room = await openRoom({ limits: { waitingEntries: 3 } })
    await within(1_000, 'there is room at once', room.visitors.whenRoom())
    const first = room.record('g1', event('Viewed'), event('Viewed'))
    assert.equal([room.visitors.isFull(), room.visitors.stats().waiting], [false, 2])
    const second = room.record('g1', event('Viewed'))
    assert.equal([room.visitors.isFull(), room.visitors.stats().waiting], [true, 3])
    await within(1_000, 'there is room', room.visitors.whenRoom())
    assert.is(room.visitors.isFull(), false)
    await Promise.all([first, second])
    assert.is(room.visitors.stats().waiting, 0)
    await room.end()
  },
)

bounded('what comes past the bound is taken all the same, never dropped', async () => {
  const room = await openRoom({ limits: { waitingEntries: 2, commitEntries: 2 } })
  const all = await Promise.all(Array.from({ length: 50 }, () => room.one('g1', event('Viewed'))))
  assert.ok(all.every(({ is }) => is === 'kept'))
  assert.is(room.store.visitor(1)?.seq, 50)
  await room.end()
})

const countsOf = (commits: readonly { readonly stretches: readonly { readonly count: number }[] }[]) =>
  commits.map(({ stretches }) => stretches.reduce((sum, { count }) => sum + count, 0))

bounded('a commit takes commitEntries entries; one past it goes into the next', async () => {
  const room = await openRoom({ limits: { commitEntries: 4 } })
  await Promise.all(Array.from({ length: 9 }, () => room.says('g1', 'Viewed')))
  assert.equal(countsOf(room.store.commits({ limit: 10 })), [4, 4, 1])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

bounded('a commit takes commitBytes, and the entry that reaches it', async () => {
  const room = await openRoom({ limits: { commitBytes: 5_000 } })
  const data = { text: 'x'.repeat(2_000) }
  await Promise.all(Array.from({ length: 7 }, () => room.says('g1', 'Viewed', { data })))
  assert.equal(countsOf(room.store.commits({ limit: 10 })), [3, 3, 1])
  await room.end()
})

bounded('close() commits what was taken, and puts everybody to sleep', async () => {
  const room = await openRoom({ limits: { commitEntries: 2 } })
  const said = Array.from({ length: 7 }, () => room.one('g1', event('Viewed')))
  await room.visitors.close()
  assert.is(room.store.visitor(1)?.seq, 7)
  assert.ok((await Promise.all(said)).every(({ is }) => is === 'kept'))
  assert.is(room.visitors.stats().awake, 0)
  await room.end()
})

bounded.run()
