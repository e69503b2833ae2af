/** The relay's rules, over a bus whose answers the test decides. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { messageIdOf } from '../../src/bus/cloud-event.ts'
import type { Relay } from '../../src/bus/relay.ts'
import { ConfigError } from '../../src/config.ts'
import { eventually } from '../helpers/within.ts'
import { anonymous, authenticated, drained, ids, opened, setting } from './memory-setting.ts'
import type { MemoryStore } from './memory-store.ts'

const relay = suite('relay')

relay('[B2] what is committed goes out, the changes of one entry in the order raised', async () => {
  const { store, bus, start } = setting()
  const running = await start()
  store.commit('g1', [opened, authenticated])
  store.commit('g2', [opened])
  store.commit('g1', [anonymous])
  await drained(running)
  assert.equal(ids(bus.stored.filter(({ subject }) => subject.endsWith('.g1'))), [
    'g1.1.1',
    'g1.1.2',
    'g1.2.1',
  ])
  assert.is(running.stats().published, 4)
  await running.close(1_000)
  assert.is(store.relayMark(), 3)
  assert.equal(store.relayPlaces(), [])
})

relay('[B2] switched on for the first time, it begins at now; after that where it was', async () => {
  const { store, bus, start } = setting()
  store.commit('g1', [opened])
  const first = await start()
  store.commit('g1', [anonymous])
  await drained(first)
  await first.close(1_000)
  store.commit('g1', [authenticated])
  const second = await start()
  await drained(second)
  await second.close(1_000)
  assert.equal(ids(bus.stored), ['g1.2.1', 'g1.3.1'])
})

relay('[B2] the beginning is written down even where nothing could be published', async () => {
  const { store, bus, start } = setting()
  bus.setConnected(false)
  const first = await start()
  store.commit('g1', [opened])
  await first.close(0)
  bus.setConnected(true)
  const second = await start()
  await drained(second)
  await second.close(1_000)
  assert.equal(ids(bus.stored), ['g1.1.1'])
})

relay('[B2] NATS_FROM is the position to begin at, the first time only', async () => {
  const { store, bus, start } = setting()
  for (let count = 0; count < 3; count++) store.commit('g1', [opened])
  for (let count = 0; count < 2; count++) {
    const running = await start({ natsFrom: '2' })
    await drained(running)
    await running.close(1_000)
  }
  assert.equal(ids(bus.attempts), ['g1.2.1', 'g1.3.1'])
})

relay('[B2] NATS_FROM may be the next position and no later one', async () => {
  const { store, start } = setting()
  store.commit('g1', [opened])
  await refused(() => start({ natsFrom: '3' }), 'NATS_FROM')
  await refused(() => start({ natsFrom: 'now' }), 'NATS_FROM')
  await (await start({ natsFrom: '2' })).close(1_000)
})

relay('[B4] a publish that fails in between is not overtaken by a later one of its visitor', async () => {
  const { store, bus, start } = setting()
  let failures = 0
  bus.answer = ({ messageId }) =>
    messageId.endsWith('.2.1') && failures++ < 2 ? (failures === 1 ? 'unanswered' : 'refused') : 'store'
  const running = await start()
  for (let seq = 1; seq <= 4; seq++) for (const visitor of ['g1', 'g2', 'g3']) store.commit(visitor, [opened])
  await drained(running)
  await running.close(1_000)
  for (const visitor of ['g1', 'g2', 'g3']) {
    const stored = ids(bus.stored).filter((id) => id.startsWith(visitor))
    assert.equal(
      stored,
      [1, 2, 3, 4].map((seq) => `${visitor}.${seq}.1`),
    )
  }
  assert.is(bus.attempts.length, 14)
})

relay('[B4] at most natsInFlight visitors have a message on its way, each only one', async () => {
  const { store, bus, start } = setting()
  const waiting: (() => void)[] = []
  bus.answer = () => new Promise((resolve) => waiting.push(() => resolve('store')))
  const running = await start({ natsInFlight: 3 })
  for (let visitor = 1; visitor <= 5; visitor++) {
    store.commit(`g${visitor}`, [opened])
    store.commit(`g${visitor}`, [anonymous])
  }
  await eventually(1_000, 'three are on their way', () => (waiting.length === 3 ? true : undefined))
  await eventually(5_000, 'all is published', () => {
    waiting.shift()?.()
    return running.stats().backlogRows === 0 ? true : undefined
  })
  await running.close(1_000)
  assert.is(bus.inFlightMost(), 3)
  assert.is(new Set(ids(bus.stored)).size, 10)
})

relay('[B2] an answer that was lost is looked for in the stream before anything is sent again', async () => {
  const { store, bus, start } = setting()
  let isFirst = true
  bus.answer = () => {
    const answer = isFirst ? 'lost' : 'store'
    isFirst = false
    return answer
  }
  const running = await start()
  store.commit('g1', [opened])
  store.commit('g1', [anonymous])
  await drained(running)
  await running.close(1_000)
  assert.equal(ids(bus.attempts), ['g1.1.1', 'g1.2.1'])
})

relay(
  '[B2] a duplicate without a sequence is no acceptance: it goes out again under the same id',
  async () => {
    const { store, bus, start } = setting()
    let phantoms = 2
    bus.answer = () => (phantoms-- > 0 ? 'phantom' : 'store')
    const running = await start()
    store.commit('g1', [opened])
    store.commit('g1', [anonymous])
    await drained(running)
    await running.close(1_000)
    assert.equal(ids(bus.attempts), ['g1.1.1', 'g1.1.1', 'g1.1.1', 'g1.2.1'])
    assert.equal(ids(bus.stored), ['g1.1.1', 'g1.2.1'])
  },
)

relay('[B2] after a crash before anything was saved, what the stream holds is not sent again', async () => {
  const { store, bus, start } = setting()
  const first = await start()
  store.loseSaves(true)
  for (let seq = 1; seq <= 3; seq++)
    for (const visitor of ['g1', 'g2']) store.commit(visitor, [opened, anonymous])
  await drained(first)
  await first.close(1_000)
  store.loseSaves(false)
  store.commit('g1', [authenticated])
  const second = await start()
  await drained(second)
  await second.close(1_000)
  assert.is(bus.attempts.length, 13)
  assert.equal(new Set(ids(bus.stored)), new Set(store.rows().map(messageIdOf)))
})

relay('[B2] what was committed after the start is sent without asking the stream', async () => {
  const { store, bus, start } = setting()
  const running = await start()
  for (let seq = 1; seq <= 20; seq++) store.commit('g1', [opened])
  await drained(running)
  await running.close(1_000)
  assert.is(bus.questions(), 0)
})

relay('[B2] no more changes are held in memory than the window, and all go out in the end', async () => {
  const { store, bus, start } = setting()
  bus.setConnected(false)
  const longest = { rows: 0 }
  const changes: MemoryStore['changes'] = (span) => {
    longest.rows += span.limit
    return store.changes(span)
  }
  const running = await start({}, { store: { ...store, changes }, windowRows: 10 })
  for (let count = 0; count < 25; count++) store.commit(`g${count}`, [opened])
  await eventually(1_000, 'it has read', () => (longest.rows > 0 ? true : undefined))
  assert.is(longest.rows, 10)
  assert.is(running.stats().backlogRows, 25)
  assert.is(running.stats().oldestAgeMs, 59_999)
  assert.is(running.stats().state, 'connecting')
  bus.setConnected(true)
  await drained(running)
  await running.close(1_000)
  assert.is(bus.stored.length, 25)
})

relay('[B2] what is visible but not flushed to disk yet is not sent', async () => {
  const { store, bus, start } = setting()
  let flushed = 0
  const running = await start({}, { store: { ...store, lastPosition: () => flushed } })
  store.commit('g1', [opened])
  store.commit('g1', [anonymous])
  flushed = 1
  running.wake()
  await eventually(1_000, 'the first is sent', () => bus.stored[0])
  await running.close(50)
  assert.equal(ids(bus.stored), ['g1.1.1'])
})

relay('[B2] its place is written now and then, not once a message', async () => {
  const { store, start } = setting()
  const running = await start()
  const before = store.saves()
  for (let count = 0; count < 400; count++) store.commit(`g${count}`, [opened])
  await drained(running)
  await running.close(1_000)
  assert.ok(store.saves() - before < 40, `${store.saves() - before} saves`)
  assert.is(store.relayMark(), 400)
})

relay('[B3] a stream that was found before and is missing is an error, and is not made again', async () => {
  const { store, bus, start } = setting()
  const running = await start()
  store.commit('g1', [opened])
  await drained(running)
  bus.finding = { is: 'missing' }
  bus.answer = () => 'noStream'
  store.commit('g1', [anonymous])
  await eventually(2_000, 'it says so', () => (running.stats().state === 'refused' ? true : undefined))
  assert.match(running.stats().problem ?? '', 'missing')
  assert.is(running.stats().backlogRows, 1)
  bus.finding = { is: 'ready', created: false, differences: [] }
  bus.answer = () => 'store'
  await drained(running)
  assert.is(running.stats().problem, null)
  await running.close(1_000)
})

relay('[B3] where the stream is there but does not take the subject, the change waits its time', async () => {
  const { store, bus, start } = setting()
  const triedMs: number[] = []
  bus.answer = () => (triedMs.push(performance.now()) <= 3 ? 'noStream' : 'store')
  const running = await start()
  store.commit('g1', [opened])
  assert.match(await eventually(2_000, 'it says so', () => running.stats().problem ?? undefined), 'noStream')
  await drained(running)
  assert.is(running.stats().problem, null)
  await running.close(1_000)
  const [first = 0, second = 0, third = 0] = triedMs
  // Timers may fire a little early.
  assert.ok(second - first > 90 && third - second > 180)
})

relay('[B3] a server without JetStream is an error where that is asked for', async () => {
  const { store, bus, start } = setting()
  bus.finding = { is: 'noJetStream' }
  const running = await start({ natsJetstream: 'on' })
  store.commit('g1', [opened])
  const problem = await eventually(2_000, 'it says so', () => running.stats().problem ?? undefined)
  assert.match(problem, 'JetStream')
  assert.is(bus.attempts.length, 0)
  await running.close(1_000)
})

relay('[B3] a configuration that cannot be followed is refused at the start', async () => {
  const { start } = setting()
  await refused(() => start({ natsPrefix: 'a.>' }), 'NATS_PREFIX')
  await refused(() => start({ natsStream: 'a b' }), 'NATS_STREAM')
})

async function refused(start: () => Promise<Relay>, key: string): Promise<void> {
  try {
    await start()
  } catch (error) {
    assert.instance(error, ConfigError)
    assert.match(String(error), key)
    return
  }
  assert.unreachable(`${key} should be refused`)
}

relay.run()
