/** Q5: snapshots that are damaged are rebuilt from the stream; those of a later server are left alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Store } from '../../src/store/contract.ts'
import type { VisitorRow } from '../../src/store/rows.ts'
import { came, event, MINUTE, openRoom, signIn } from './a-room.ts'
import { findingsIn } from './findings.ts'

const kept = suite('snapshots')

/** Changes a visitor's row behind everybody's back. */
async function changeRow(store: Store, change: (row: VisitorRow) => VisitorRow): Promise<void> {
  const row = store.visitor(1)
  if (row === null) throw new Error('no visitor 1')
  const draft = store.createDraft()
  draft.putVisitor(change(row), [], row.seq)
  await store.commit(draft, { at: row.at })
}

const damaged = (row: VisitorRow): VisitorRow => ({ ...row, snapshot: { context: 'rubbish' } })

kept('[Q5] a damaged snapshot is rebuilt from the stream, and written with the next entry', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came(), event('PageEntered'), signIn('pat'))
  await room.close()
  await room.start({ prepare: (store) => changeRow(store, damaged) })
  assert.ok(findingsIn(room.store).length > 0)
  await room.record('g1', came(), event('Viewed'))
  assert.equal(findingsIn(room.store), [])
  assert.is(room.visitors.view('g1')?.state, 'Authenticated')
  assert.ok(room.logged.some(({ message }) => message.includes('rebuilt')))
  await room.end()
})

kept('[Q5] whoever reads a visitor with a damaged snapshot is told the truth of the stream', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat'))
  const before = room.visitors.view('g1')
  await room.close()
  await room.start({ prepare: (store) => changeRow(store, damaged) })
  assert.equal(room.visitors.view('g1'), before)
  const admission = await room.visitors.admit('g1', null)
  assert.equal(admission.is === 'admitted' && admission.standing, { visitId: 'v1', state: 'Authenticated' })
  await room.end()
})

kept(
  '[Q5] a rebuilt visitor knows its settings, also those of a start that the stream tells of',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), signIn('pat'))
    await room.restart({ settings: { visitIdleMs: 20 * MINUTE } })
    await room.record('g1', came())
    await room.close()
    await room.start({ prepare: (store) => changeRow(store, damaged) })
    await room.record('g1', event('Viewed'))
    assert.equal(findingsIn(room.store), [])
    await room.restart({ prepare: () => {} })
    await room.record('g1', event('Viewed'))
    assert.is(
      room.logged.filter(({ message }) => message.includes('rebuilt')).length,
      1,
      'damaged once, not again',
    )
    await room.end()
  },
)

kept(
  '[Q5] a visitor rebuilt in the middle of a run has its socket still: it was told of this start before',
  async () => {
    const room = await openRoom({ limits: { awakeMax: 1 } })
    await room.record('g1', event('VisitStarted'))
    await room.restart()
    await room.record('g1', came())
    await room.record('g2', event('VisitStarted', { visit: 'w' }))
    await changeRow(room.store, damaged)
    await room.record('g1', event('Viewed'))
    assert.ok(room.logged.some(({ message }) => message.includes('rebuilt')))
    assert.equal(room.store.connected({ limit: 10 }), [1])
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

kept('[Q5] a snapshot of a later server is refused, and the other visitors go on', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'))
  await room.record('g2', event('VisitStarted', { visit: 'w' }))
  await room.close()
  await room.start({ prepare: (store) => changeRow(store, (row) => ({ ...row, machineVersion: 99 })) })
  const row = room.store.visitor(1)
  const [refused, other] = await Promise.allSettled([
    room.says('g1', 'Viewed'),
    room.says('g2', 'Viewed', { visit: 'w' }),
  ])
  assert.is(refused.status === 'rejected' && refused.reason.name, 'SnapshotTooNew')
  assert.is(other.status, 'fulfilled')
  assert.equal(room.store.visitor(1), row, 'left as it is')
  await room.end()
})

kept('[Q5] a folder that a later machine has written is not opened', async () => {
  const room = await openRoom()
  await room.close()
  try {
    await room.start({ prepare: (store) => store.saveNote('machineVersion', 99) })
    assert.unreachable()
  } catch (cause) {
    assert.is(cause instanceof Error && cause.name, 'SnapshotTooNew')
  }
  await room.start({ prepare: () => {} }).then(
    () => assert.unreachable(),
    (cause: unknown) => assert.is(cause instanceof Error && cause.name, 'SnapshotTooNew'),
  )
  room.remove()
})

kept('the state after every thousandth entry is kept', async () => {
  const room = await openRoom()
  const many = Array.from({ length: 2_100 }, () => event('Viewed'))
  await room.record('g1', ...many)
  assert.is(room.store.baseAtOrBefore(1, 5_000)?.seq, 2_000)
  assert.is(room.store.baseAtOrBefore(1, 1_999)?.seq, 1_000)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

kept(
  '[Q5] settings are kept for good: what was decided under older ones is replayed under them',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), signIn('pat'), event('SignOut'))
    await room.restart({ settings: { confidence: { signedOut: 0.5, userInfo: 0.4, confirmed: 1 } } })
    await room.record(
      'g2',
      event('VisitStarted', { visit: 'w' }),
      signIn('sam', { visit: 'w' }),
      event('SignOut', { visit: 'w' }),
    )
    assert.is(room.visitors.view('g1')?.confidence?.confidence, 0.9)
    assert.is(room.visitors.view('g2')?.confidence?.confidence, 0.5)
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

kept.run()
