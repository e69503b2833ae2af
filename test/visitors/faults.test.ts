/** E12: what makes the machine throw concerns that entry only. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_SETTINGS, type Settings } from '../../machines/entries.ts'
import { eventually } from '../helpers/within.ts'
import { came, event, MINUTE, openRoom, signIn, went } from './a-room.ts'
import { findingsIn } from './findings.ts'

const faulting = suite('entries that make the machine throw')

/** A SignIn without a person: the edge refuses it, and the machine throws. */
const impossible = () => event('SignIn', { identityId: null })

/** Settings that throw when the strategy is asked for, once each time they are armed. */
function trap(): { armed: boolean; readonly settings: Settings } {
  const own = { armed: false }
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    restartGraceMs: 0,
    get interaction() {
      if (!own.armed) return DEFAULT_SETTINGS.interaction
      own.armed = false
      throw new Error('the trap was armed')
    },
  }
  return Object.assign(own, { settings })
}

faulting('[E12] it is kept as faulted, answered internal, and changes nothing', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), came())
  const before = room.visitors.view('g1')
  const outcome = await room.one('g1', impossible())
  assert.is(outcome.is === 'rejected' && outcome.code, 'internal')
  const [stored] = room.store.entries(1, { from: 3, limit: 1 })
  assert.is(stored?.faulted, true)
  assert.equal({ ...room.visitors.view('g1'), seq: 0, position: 0 }, { ...before, seq: 0, position: 0 })
  assert.is(room.logged.filter(({ level }) => level === 'error').length, 1)
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

faulting('[E12] the entries beside it, and the other visitors of the commit, go on', async () => {
  const room = await openRoom()
  const [{ outcomes }, other] = await Promise.all([
    room.record('g1', event('VisitStarted'), impossible(), signIn('pat')),
    room.one('g2', event('VisitStarted', { visit: 'w' })),
  ])
  assert.equal(
    outcomes.map(({ is }) => is),
    ['kept', 'rejected', 'kept'],
  )
  assert.is(other.is, 'kept')
  assert.is(room.visitors.view('g1')?.state, 'Authenticated')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

faulting('[E12] sent again it is a duplicate, also after a restart', async () => {
  const room = await openRoom()
  const bad = impossible()
  await room.record('g1', bad)
  assert.is((await room.one('g1', bad)).is, 'duplicate')
  await room.restart()
  assert.is((await room.one('g1', bad)).is, 'duplicate')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

faulting('[E12] a deadline that makes it throw is not armed again; the next one is', async () => {
  const trapped = trap()
  const room = await openRoom({ allSettings: trapped.settings })
  await room.record('g1', event('VisitStarted'), signIn('pat'), came(), went())
  trapped.armed = true
  room.passes(MINUTE)
  await eventually(5_000, 'the deadline faults', () =>
    room.store.visitor(1)?.disarmed.length === 1 ? true : undefined,
  )
  const row = room.store.visitor(1)
  assert.ok(row?.disarmed[0]?.startsWith('leave:'))
  assert.is(row?.seq, 5)
  assert.ok((row?.armedAt ?? 0) > MINUTE, 'the idle deadline is armed')
  await room.says('g1', 'Viewed')
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'v1')
  assert.is(room.store.visitor(1)?.seq, 6, 'the faulting deadline was not delivered again')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

faulting.run()
