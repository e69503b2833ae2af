/** The relay without JetStream, over a bus whose answers the test decides. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { STREAM_NOTE } from '../../src/bus/gate.ts'
import { eventually } from '../helpers/within.ts'
import { anonymous, drained, ids, opened, setting } from './memory-setting.ts'

const core = suite('relay without JetStream')

core('[B3] with NATS_JETSTREAM=off nothing is asked of JetStream, and all goes out', async () => {
  const { store, bus, start } = setting()
  const running = await start({ natsJetstream: 'off' })
  for (let seq = 1; seq <= 3; seq++) for (const visitor of ['g1', 'g2']) store.commit(visitor, [opened])
  await drained(running)
  assert.is(running.stats().mode, 'core')
  assert.is(running.stats().published, 6)
  await running.close(1_000)
  assert.is(bus.stored.length, 0)
  assert.equal(ids(bus.sent.filter(({ subject }) => subject.endsWith('.g1'))), ['g1.1.1', 'g1.2.1', 'g1.3.1'])
  assert.is(store.note(STREAM_NOTE), null)
})

core('[B3] auto without JetStream is decided at the first connection, said, and written down', async () => {
  const { store, bus, log, start } = setting()
  bus.finding = { is: 'noJetStream' }
  const first = await start()
  store.commit('g1', [opened])
  await drained(first)
  await first.close(1_000)
  assert.equal(store.note(STREAM_NOTE), { jetStream: false })
  assert.is(log.lines().filter((line) => line.startsWith('warn this NATS server has no JetStream')).length, 1)

  bus.finding = { is: 'ready', created: true, differences: [] }
  const second = await start()
  store.commit('g1', [anonymous])
  await drained(second)
  assert.is(second.stats().mode, 'core')
  await second.close(1_000)
  assert.equal(ids(bus.sent), ['g1.1.1', 'g1.2.1'])
})

core('[B3] auto that found JetStream is no longer satisfied without it', async () => {
  const { store, bus, start } = setting()
  await (async () => {
    const first = await start()
    store.commit('g1', [opened])
    await drained(first)
    await first.close(1_000)
  })()
  bus.finding = { is: 'noJetStream' }
  const second = await start()
  store.commit('g1', [anonymous])
  const problem = await eventually(2_000, 'it says so', () => second.stats().problem ?? undefined)
  assert.match(problem, 'JetStream')
  assert.is(bus.sent.length, 0)
  await second.close(0)
})

core('[B3] what was under way when the connection went counts for nothing and goes out again', async () => {
  const { store, bus, start } = setting()
  let isFirst = true
  bus.answer = () => {
    const answer = isFirst ? 'lost' : 'store'
    isFirst = false
    return answer
  }
  const running = await start({ natsJetstream: 'off' })
  store.commit('g1', [opened])
  store.commit('g1', [anonymous])
  await drained(running)
  await running.close(1_000)
  assert.equal(ids(bus.sent), ['g1.1.1', 'g1.1.1', 'g1.2.1'])
  assert.is(bus.questions(), 0)
})

core('[B3] nothing is sent while NATS is not connected', async () => {
  const { store, bus, start } = setting()
  bus.setConnected(false)
  const running = await start({ natsJetstream: 'off' })
  store.commit('g1', [opened])
  await eventually(1_000, 'it has read', () => (running.stats().oldestAgeMs > 0 ? true : undefined))
  assert.is(bus.attempts.length, 0)
  bus.setConnected(true)
  await drained(running)
  await running.close(1_000)
  assert.equal(ids(bus.sent), ['g1.1.1'])
})

core.run()
