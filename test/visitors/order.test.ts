/** E3 to E5: seq, position and time of entries, over visitors, batches and restarts. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome } from '../../src/visitors/contract.ts'
import { event, HOUR, MINUTE, openRoom, SECOND } from './a-room.ts'
import { findingsIn } from './findings.ts'

const ordered = suite('order and time')

const stampOf = (outcome: Outcome | undefined) =>
  outcome?.is === 'kept' ? { seq: outcome.seq, position: outcome.position, at: outcome.at } : null

ordered('[E3] entries are applied in the order in which they came, also over many commits', async () => {
  const room = await openRoom({ limits: { commitEntries: 3 } })
  const names = Array.from({ length: 20 }, (_, index) => `Step${index}`)
  await Promise.all(names.map((name) => room.says('g1', name)))
  const said = room.store.entries(1, { limit: 100 }).map((entry) => 'words' in entry && entry.words.eventName)
  assert.equal(said, names)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

ordered('[E3] [E4] seq counts within a visitor, position over the node, both without a gap', async () => {
  const room = await openRoom()
  const stamps: unknown[] = []
  for (const [globalVisitID, visit] of [
    ['g1', 'v'],
    ['g2', 'w'],
    ['g1', 'v'],
  ] as const) {
    const stamp = stampOf(await room.one(globalVisitID, event('Viewed', { visit })))
    stamps.push([stamp?.seq, stamp?.position])
  }
  assert.equal(stamps, [
    [1, 1],
    [1, 2],
    [2, 3],
  ])
  await room.restart()
  const next = stampOf(await room.one('g3', event('Viewed', { visit: 'x' })))
  assert.equal([next?.seq, next?.position], [1, 4])
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

ordered('[E4] a wall clock that is set back while the server runs moves no time back', async () => {
  const room = await openRoom()
  const before = stampOf(await room.one('g1', event('Viewed')))
  room.passes(SECOND)
  room.hands.wall -= HOUR
  const after = stampOf(await room.one('g1', event('Viewed')))
  assert.is(after?.at, (before?.at ?? 0) + SECOND)
  await room.end()
})

ordered('[E4] nor does one that is set back while it is away', async () => {
  const room = await openRoom()
  const before = stampOf(await room.one('g1', event('Viewed')))
  await room.close()
  room.hands.wall -= HOUR
  await room.start()
  const after = stampOf(await room.one('g2', event('Viewed', { visit: 'w' })))
  assert.is(after?.at, before?.at)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

ordered('[E5] an event occurred its age before it was taken; its own timestamp is kept as sent', async () => {
  const room = await openRoom()
  room.passes(HOUR)
  const outcome = await room.one('g1', event('Viewed', { agoMs: 5 * MINUTE }))
  const at = stampOf(outcome)?.at ?? 0
  const [stored] = room.store.entries(1, { limit: 1 })
  assert.ok(stored !== undefined && 'words' in stored)
  assert.is(stored.occurredAt, at - 5 * MINUTE)
  assert.is(room.store.visit(1, 1)?.startDate, at - 5 * MINUTE)
  await room.end()
})

ordered('[E5] seven days are the oldest: it is a late visit of its own', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  const outcome = await room.one('g1', event('Viewed', { visit: 'old', agoMs: 7 * 24 * HOUR }))
  assert.is(outcome.is === 'kept' && outcome.recordedIn, 'old')
  assert.is(room.store.visit(1, 2)?.reason, 'late')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

ordered('one call is one commit, and its entries have one time', async () => {
  const room = await openRoom({ limits: { commitEntries: 2 } })
  const { outcomes } = await room.record('g1', ...Array.from({ length: 5 }, () => event('Viewed')))
  assert.is(new Set(outcomes.map((outcome) => stampOf(outcome)?.at)).size, 1)
  assert.is(room.store.commits({ limit: 10 }).length, 1)
  await room.end()
})

ordered('an entry tells which visit is open after it', async () => {
  const room = await openRoom()
  const opened = await room.record('g1', event('VisitStarted'))
  assert.equal([opened.visitId, opened.withdrawn], ['v1', false])
  const withdrawn = await room.record('g1', event('ConsentWithdrawn'))
  assert.equal([withdrawn.visitId, withdrawn.withdrawn], [null, true])
  await room.end()
})

ordered.run()
