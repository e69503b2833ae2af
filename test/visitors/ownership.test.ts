/** E9: a visitID belongs to the visitor who used it first in an event that was kept. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { came, event, MINUTE, openRoom, signIn } from './a-room.ts'
import { findingsIn } from './findings.ts'

const owning = suite('who owns a visitID')

owning('[E9] a visitID of another visitor is refused as wrong_visitor, and nothing is kept', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  const outcome = await room.one('g2', event('Viewed'))
  assert.is(outcome.is === 'rejected' && outcome.code, 'wrong_visitor')
  assert.is(room.store.visitorNumber('g2'), 0)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

owning('[E9] one whose first word was refused is a visitor like any other from its next one on', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  await room.says('g2', 'Viewed')
  await room.says('g2', 'VisitStarted', { visit: 'v2' })
  assert.ok(room.store.visitorNumber('g2') > 0, 'g2 has its number on disk')
  assert.is(room.visitors.view('g2')?.visit?.visitId, 'v2')
  assert.equal(findingsIn(room.store), [])
  await room.restart()
  await room.says('g2', 'Viewed', { visit: 'v2' })
  assert.is(room.visitors.view('g2')?.seq, 3, 'its next ones follow: the start, and what it says')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

owning('[E9] also where the refusal and the next word are in two commits that follow at once', async () => {
  const room = await openRoom({ limits: { commitEntries: 1 } })
  await room.says('g1', 'VisitStarted')
  const both = [room.says('g2', 'Viewed'), room.says('g2', 'VisitStarted', { visit: 'v2' })]
  await Promise.all(both)
  assert.ok(room.store.visitorNumber('g2') > 0)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

owning('[E9] the first of two visitors in one commit owns it', async () => {
  const room = await openRoom()
  const [one, other] = await Promise.all([
    room.one('g1', event('VisitStarted')),
    room.one('g2', event('VisitStarted')),
  ])
  assert.is(one.is, 'kept')
  assert.is(other.is, 'rejected')
  await room.end()
})

owning('[E9] an alias, a late visit and a derived visit are owned too', async () => {
  const room = await openRoom()
  await room.says('g1', 'VisitStarted')
  await room.says('g1', 'Viewed', { visit: 'alias' })
  await room.says('g1', 'Viewed', { visit: 'late', agoMs: 40 * MINUTE })
  for (const visit of ['alias', 'late']) {
    const outcome = await room.one('g2', event('Viewed', { visit }))
    assert.is(outcome.is, 'rejected', visit)
  }
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

owning('[E9] a rejected event owns nothing: the visitID is free for the next', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('ConsentWithdrawn'))
  const refused = await room.one('g1', event('Viewed', { visit: 'free' }))
  assert.is(refused.is === 'rejected' && refused.code, 'withdrawn')
  const other = await room.one('g2', event('VisitStarted', { visit: 'free' }))
  assert.is(other.is, 'kept')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

owning(
  '[E9] a withdrawal before any visit owns its visitID, and the visit that opens later has it',
  async () => {
    const room = await openRoom()
    await room.says('g1', 'ConsentWithdrawn', { visit: 'early' })
    assert.is((await room.one('g2', event('Viewed', { visit: 'early' }))).is, 'rejected')
    assert.equal(findingsIn(room.store), [])
    await room.says('g1', 'VisitStarted', { visit: 'early', data: { consent: true } })
    assert.is(room.visitors.view('g1')?.visit?.visitId, 'early')
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

owning(
  '[I9] a UserInfo names a visit of the same visitor, and of another only with history:write',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), signIn('pat'), event('SignOut'))
    const naming = (anyVisitor: boolean) =>
      event('UserInfo', { visit: 'w', namesVisit: { visitID: 'v1', anyVisitor } })
    await room.record('g2', event('VisitStarted', { visit: 'w' }), came('w'), naming(false))
    assert.is(room.visitors.view('g2')?.state, 'Anonymous')
    await room.record('g2', naming(true))
    assert.is(room.visitors.view('g2')?.state, 'Recognized')
    assert.is(room.visitors.view('g2')?.identityId, 'pat')
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

owning(
  '[I9] a UserInfo that names an unknown visit is recorded only: the profile of who is there stays',
  async () => {
    const room = await openRoom()
    await room.record('g1', event('VisitStarted'), signIn('pat'))
    const data = { city: 'Ulm' }
    await room.record('g1', event('UserInfo', { data, namesVisit: { visitID: 'unknown', anyVisitor: true } }))
    const pat = room.store.identity(room.store.identityNumber('pat'))
    assert.is(pat?.profile.city, undefined)
    await room.record('g1', event('UserInfo', { data }))
    assert.is(
      room.store.identity(room.store.identityNumber('pat'))?.profile.city?.value,
      'Ulm',
      'I7: it names none',
    )
    assert.equal(findingsIn(room.store), [])
    await room.end()
  },
)

owning.run()
