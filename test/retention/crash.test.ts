/** Q12: retention that is killed at any step, and erasures and lives that go on beside it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RetentionParts } from '../../src/retention/contract.ts'
import { DAY_MS } from '../../src/retention/limits.ts'
import type { Store } from '../../src/store/contract.ts'
import { dice } from '../helpers/dice.ts'
import { event, HOUR, MINUTE, SECOND, signIn } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { someEvent, someOther, VISITORS } from '../visitors/some-entries.ts'
import { type House, openHouse } from './a-house.ts'
import { glances, on, visits } from './a-life.ts'

const crash = suite('retention that is killed')

/** The power goes after so many writes: those after it never come back. */
interface Power {
  writesLeft: number
}

const NEVER = new Promise<never>(() => {})

const WRITES = [
  'saveNote',
  'dropFading',
  'dropSeen',
  'dropMentions',
  'dropCommits',
  'dropChanges',
  'dropDead',
] as const

function through(power: Power): (parts: RetentionParts) => RetentionParts {
  const takes = (): boolean => {
    power.writesLeft -= 1
    return power.writesLeft >= 0
  }
  return (parts) => {
    const { store, visitors } = parts
    const failing = WRITES.map((name) => {
      const write = store[name] as (...args: readonly unknown[]) => Promise<unknown>
      return [name, (...args: readonly unknown[]) => (takes() ? write(...args) : NEVER)]
    })
    return {
      ...parts,
      store: { ...store, ...(Object.fromEntries(failing) as Partial<Store>) },
      visitors: {
        ...visitors,
        inTurn: (globalVisitID, apply) => (takes() ? visitors.inTurn(globalVisitID, apply) : NEVER),
        changeRows: (apply) => (takes() ? visitors.changeRows(apply) : NEVER),
      },
    }
  }
}

/** Old and young, left and there, and leftovers of a round long ago. */
async function live({ room, retention }: House): Promise<void> {
  await visits(room, 'g0', 'gone')
  room.passes(6 * DAY_MS)
  await retention.run()
  room.passes(26 * DAY_MS)
  await visits(room, 'g1', 'old')
  await room.record('g1', { type: 'reject', identityId: 'nobody-known', agentId: 'a', ifSeq: null })
  await visits(room, 'g2', 'lone')
  await glances(room, 'g3', 'glance')
  room.passes(3 * DAY_MS)
  await visits(room, 'g1', 'new')
  room.passes(3 * DAY_MS)
}

crash('[Q12] killed at any step, the folder is whole, and the next round ends the same', async () => {
  const whole = await openHouse({ keepDays: 5, publishEvents: ['*'] })
  await live(whole)
  await whole.retention.run()
  const expected = countsOf(whole.room.store)
  await whole.end()
  let isDone = false
  for (let writes = 1; !isDone; writes += 1) {
    const power: Power = { writesLeft: 1_000 }
    const house = await openHouse({ keepDays: 5, publishEvents: ['*'], through: through(power) })
    const { room } = house
    await live(house)
    power.writesLeft = writes
    const round = house.retention.run().then(() => {
      isDone = true
    })
    while (power.writesLeft >= 0 && !isDone) await Promise.race([round, nextTurn()])
    power.writesLeft = 1_000
    await house.crash()
    assert.equal(findingsIn(room.store), [], `after ${writes} writes`)
    await house.retention.run()
    assert.equal(findingsIn(room.store), [], `a round after ${writes} writes`)
    assert.equal(countsOf(room.store), expected, `a round after ${writes} writes`)
    await house.end()
  }
})

const TABLES = ['visitors', 'stream', 'names', 'visits', 'pages', 'sessions', 'links', 'identities', 'fading']

function countsOf(store: Store): readonly unknown[] {
  return [['seen', store.seenCount()], ...TABLES.map((table) => [table, store.rowCount(table)])]
}

crash('[Q12] a person is erased while what is old goes: both end, and the folder is whole', async () => {
  const house = await openHouse({ keepDays: 5 })
  const { room } = house
  for (let day = 0; day < 8; day += 1) {
    await visits(room, 'g1', day % 2 === 0 ? 'pat' : 'sam')
    await room.record(
      'g2',
      event('VisitStarted', { visit: `w${day}` }),
      signIn('pat@example.com', { visit: `w${day}` }),
    )
    room.passes(DAY_MS)
  }
  const [, erasure] = await Promise.all([
    house.retention.run(),
    house.erasures.begin('person', 'pat@example.com'),
    house.erasures.begin('device', 'g2'),
    room.record('g1', on('Viewed', 'x', { visit: 'sam-visit' })),
  ])
  await house.erasures.idle()
  await house.retention.run()
  assert.is.not(room.store.erasure(erasure?.id ?? '')?.finishedAt, 0)
  assert.is(room.store.identityNumber('pat@example.com'), 0)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

async function lives(seed: number, days: number): Promise<void> {
  const d = dice(seed)
  const limits = { commitEntries: 7, awakeMax: 2 }
  const house = await openHouse({ keepDays: 3, shortKeepDays: 1, limits, publishEvents: ['*'] })
  const { room } = house
  for (let day = 0; day < days; day += 1) {
    for (let step = 0; step < 12; step += 1) {
      const globalVisitID = d.one(VISITORS)
      const entries = Array.from({ length: 1 + d.below(4) }, () =>
        d.chance(0.3) ? someOther(d, room, globalVisitID) : someEvent(d, globalVisitID),
      )
      const recorded = room.record(globalVisitID, ...entries)
      if (d.chance(0.1)) await house.retention.run()
      await recorded
      room.passes(d.one([0, SECOND, MINUTE, 31 * MINUTE]))
    }
    if (d.chance(0.2)) await house.restart()
    room.passes(d.one([HOUR, DAY_MS, DAY_MS, 4 * DAY_MS, 33 * DAY_MS]))
    // As the sweep would: a visit that is over has ended.
    for (const id of VISITORS) await room.visitors.erasing.inTurn(id, (recorder) => recorder.shed(() => null))
    if (d.chance(0.7)) await house.retention.run()
    assert.equal(findingsIn(room.store), [], `seed ${seed}, day ${day}`)
  }
  await house.end()
}

for (const seed of [1, 2, 3, 4, Date.now() % 2 ** 31]) {
  crash(
    `[Q12] [Q1] random lives of which nothing is kept for ever agree with themselves (seed ${seed})`,
    () => lives(seed, 20),
  )
}

crash.run()
