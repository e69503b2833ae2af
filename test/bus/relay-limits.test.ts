/** What the relay does with changes that wait too long, and with those that NATS refuses for good. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createDeadChanges } from '../../src/bus/dead.ts'
import type { DeadRow } from '../../src/store/rows.ts'
import { eventually } from '../helpers/within.ts'
import { anonymous, authenticated, drained, HURRIED, ids, opened, setting } from './memory-setting.ts'
import { QUIET } from './quiet.ts'

const limits = suite('relay at its limits')

const WAIT_MS = 10_000

function dataOf({ bytes }: { readonly bytes: Uint8Array }): { readonly gapBefore?: number } {
  return JSON.parse(Buffer.from(bytes).toString()).data
}

limits('[B5] more rows than the limit are reported and said once, and all of them go out', async () => {
  const { store, bus, log, start } = setting()
  bus.setConnected(false)
  const running = await start({ natsBacklogRows: 3 }, { timing: HURRIED })
  const lines = () => log.lines().filter((line) => line.includes('too many changes wait'))
  for (let count = 0; count < 3; count++) store.commit(`g${count}`, [opened])
  assert.is(running.stats().isOverLimit, false)
  store.commit('g3', [opened])
  assert.is(running.stats().isOverLimit, true)
  await eventually(WAIT_MS, 'it is said', () => lines()[0])
  store.commit('g4', [opened])
  bus.setConnected(true)
  await drained(running)
  assert.is(running.stats().isOverLimit, false)
  await eventually(WAIT_MS, 'the end is said', () =>
    log.lines().find((line) => line.includes('within their limits again')),
  )
  assert.is(lines().length, 1)
  await running.close(1_000)
  assert.is(bus.stored.length, 5)
})

limits('[B5] a change that waits longer than the limit is reported', async () => {
  const { store, bus, start } = setting()
  bus.setConnected(false)
  // The store's first change was committed 59,999 ms before the relay's now.
  for (const [natsBacklogAgeMs, isOver] of [
    [59_999, false],
    [59_998, true],
  ] as const) {
    const running = await start({ natsBacklogAgeMs })
    if (store.rows().length === 0) store.commit('g1', [opened])
    await eventually(WAIT_MS, 'it has read', () =>
      running.stats().oldestAgeMs === 59_999 ? true : undefined,
    )
    assert.is(running.stats().isOverLimit, isOver)
    await running.close(0)
  }
})

limits(
  '[B6] what is refused for good goes to the dead after five tries, and the next message says so',
  async () => {
    const { store, bus, start } = setting()
    bus.answer = ({ messageId }) => (messageId === 'g1.1.1' ? 'refusedForGood' : 'store')
    const running = await start({}, { timing: HURRIED })
    store.commit('g1', [opened, authenticated])
    store.commit('g1', [anonymous])
    store.commit('g1', [anonymous])
    store.commit('g2', [opened])
    await drained(running)
    assert.is(running.stats().dead, 1)
    assert.is(running.stats().published, 4)
    await running.close(1_000)
    assert.is(ids(bus.attempts).filter((id) => id === 'g1.1.1').length, 5)
    assert.equal(
      ids(bus.stored).filter((id) => id.startsWith('g1')),
      ['g1.1.2', 'g1.2.1', 'g1.3.1'],
    )
    const gaps = bus.stored.map((message) => [message.messageId, dataOf(message).gapBefore ?? 0])
    assert.equal(Object.fromEntries(gaps), { 'g1.1.2': 1, 'g1.2.1': 0, 'g1.3.1': 0, 'g2.1.1': 0 })
    assert.equal(
      store
        .dead({ limit: 10 })
        .map(({ change, reason, told }: DeadRow) => [change.seq, change.n, reason, told]),
      [[1, 1, 'the test says refusedForGood', true]],
    )
  },
)

limits('[B6] a refusal that ends before the fifth try loses nothing', async () => {
  const { store, bus, start } = setting()
  let tries = 0
  bus.answer = () => (++tries <= 4 ? 'refusedForGood' : 'store')
  const running = await start({}, { timing: HURRIED })
  store.commit('g1', [opened])
  await drained(running)
  await running.close(1_000)
  assert.is(running.stats().dead, 0)
  assert.equal(ids(bus.stored), ['g1.1.1'])
})

limits('[B6] a gap that was not told before a restart is told after it, once', async () => {
  const { store, bus, start } = setting()
  bus.answer = () => 'refusedForGood'
  const first = await start({}, { timing: HURRIED })
  store.commit('g1', [opened])
  await drained(first)
  await first.close(1_000)
  bus.answer = () => 'store'
  for (const gapBefore of [1, undefined]) {
    store.commit('g1', [anonymous])
    const running = await start({}, { timing: HURRIED })
    await drained(running)
    assert.is(running.stats().dead, 1)
    await running.close(1_000)
    assert.is(bus.stored.map(dataOf).at(-1)?.gapBefore, gapBefore)
  }
})

limits('[B6] where nothing gets through, what is refused for good is given up slowly', async () => {
  const { store, bus, start } = setting()
  bus.answer = () => 'refusedForGood'
  const running = await start()
  for (let count = 0; count < 50; count++) store.commit(`g${count}`, [opened])
  await eventually(WAIT_MS, 'three more tries', () => bus.attempts[52])
  assert.is(running.stats().dead, 0)
  await running.close(0)
})

limits('[B6] several changes given up are one gap, of their number', async () => {
  const { store } = setting()
  const dead = createDeadChanges({ store, log: QUIET, now: () => 0 })
  const rows = store.commit('g1', [opened, anonymous])
  for (const row of rows) await dead.bury(row, 'too large')
  assert.equal([dead.gapBefore(1), dead.gapBefore(2), dead.count()], [2, 0, 2])
  dead.told(1)
  await dead.close()
  assert.is(dead.gapBefore(1), 0)
  assert.ok(store.dead({ limit: 10 }).every(({ told }) => told))
})

limits('[B6] a change that cannot be written among the dead waits', async () => {
  const { store, bus, start } = setting()
  bus.answer = () => 'refusedForGood'
  let isBroken = true
  const putDead: typeof store.putDead = async (rows) => {
    if (isBroken) throw new Error('disk full')
    return store.putDead(rows)
  }
  const running = await start({}, { timing: HURRIED, store: { ...store, putDead } })
  store.commit('g1', [opened])
  await eventually(WAIT_MS, 'six tries', () => bus.attempts[5])
  assert.is(running.stats().backlogRows, 1)
  isBroken = false
  await drained(running)
  assert.is(running.stats().dead, 1)
  await running.close(1_000)
})

limits.run()
