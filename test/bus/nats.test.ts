/** The relay against a real nats-server: what arrives, what is left after kills, what a missing stream means. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { messageIdOf } from '../../src/bus/cloud-event.ts'
import type { ChangeRow } from '../../src/store/rows.ts'
import { eventually } from '../helpers/within.ts'
import {
  type Arrived,
  arrivedAll,
  idsOf,
  impatientBus,
  readStream,
  replay,
  SHORT_WINDOW,
  WAIT_MS,
  windowIsOver,
  withServer,
  withStream,
} from './real-stream.ts'

const nats = suite('relay to a real nats-server')

const opened = { kind: 'visit', name: 'opened', data: { visitId: 'v1', implicit: false } } as const
const STATES = ['anonymous', 'authenticated', 'recognized', 'wmRecognized'] as const
const identity = (name: (typeof STATES)[number]) =>
  ({ kind: 'identity', name, data: { state: name } }) as const

nats(
  '[B1] every identity change and visit change arrives as a CloudEvent, under its subject and id',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    store.commit('g1', [opened, identity('authenticated')])
    store.commit('g1', [{ kind: 'visit', name: 'ended' }, identity('recognized')])
    store.commit('g1', [{ kind: 'visit', name: 'reopened' }, identity('wmRecognized')])
    store.commit('g1', [identity('anonymous')])
    await arrivedAll(relay)
    const messages = await readStream(server)
    assert.equal(
      messages.map(({ subject }) => subject),
      [
        'vestibule.visit.opened.g1',
        'vestibule.identity.authenticated.g1',
        'vestibule.visit.ended.g1',
        'vestibule.identity.recognized.g1',
        'vestibule.visit.reopened.g1',
        'vestibule.identity.wm-recognized.g1',
        'vestibule.identity.anonymous.g1',
      ],
    )
    assert.equal(idsOf(messages), store.rows().map(messageIdOf))
    const [first] = messages
    assert.is(first?.contentType, 'application/cloudevents+json')
    assert.equal(first?.event, {
      specversion: '1.0',
      id: 'g1.1.1',
      source: 'vestibule',
      type: 'vestibule.visit.opened',
      subject: 'g1',
      time: '2026-01-01T00:00:00.001Z',
      datacontenttype: 'application/json',
      data: { visitId: 'v1', implicit: false },
    })
  }),
)

nats(
  '[B2] a subscriber that joins late replays the stream',
  withServer(async ({ server, store, start }) => {
    const relay = await start()
    for (let seq = 1; seq <= 20; seq++) store.commit('g1', [identity('anonymous')])
    await arrivedAll(relay)
    assert.equal(await replay(server, 'vestibule.identity.*.g1', 20), store.rows().map(messageIdOf))
  }),
)

nats(
  '[B2] NATS need not be there at the start: what was committed meanwhile goes out when it comes',
  withServer(async ({ server, store, start }) => {
    await server.kill()
    const relay = await start()
    store.commit('g1', [opened])
    assert.is(relay.stats().connected, false)
    assert.is(relay.stats().state, 'connecting')
    await server.start()
    await arrivedAll(relay)
    assert.equal(idsOf(await readStream(server)), ['g1.1.1'])
  }),
)

nats(
  '[B2] a server killed during a stream of changes, twice: nothing lost, doubled or out of order',
  withStream(SHORT_WINDOW, async ({ server, store, start }) => {
    const relay = await start({ natsInFlight: 32 })
    const isOver = { value: false }
    const talking = talk(store, isOver)
    for (let kills = 0; kills < 2; kills++) {
      const before = relay.stats().published
      await eventually(WAIT_MS, 'changes go out', () =>
        relay.stats().published > before + 300 ? true : undefined,
      )
      await server.kill()
      await eventually(WAIT_MS, 'a backlog grows', () => (relay.stats().backlogRows > 200 ? true : undefined))
      await server.start()
    }
    isOver.value = true
    await talking
    await arrivedAll(relay)
    assertWhole(await readStream(server), store.rows())
  }),
)

nats(
  '[B2] after a crash before its place was saved, the relay asks the stream and sends nothing twice',
  withStream(SHORT_WINDOW, async ({ server, store, start }) => {
    const first = await start()
    store.loseSaves(true)
    for (let seq = 1; seq <= 5; seq++)
      for (const visitor of ['g1', 'g2']) store.commit(visitor, [opened, identity('anonymous')])
    await arrivedAll(first)
    await first.close(0)
    store.loseSaves(false)
    await windowIsOver(server)
    store.commit('g1', [identity('authenticated')])
    const second = await start()
    await arrivedAll(second)
    assert.is(second.stats().published, 1)
    assertWhole(await readStream(server), store.rows())
  }),
)

nats(
  '[B2] a server that hangs: what it took without an answer is found there, not sent again',
  withStream(SHORT_WINDOW, async ({ server, store, log, start }) => {
    const relay = await start({}, impatientBus(server, 300))
    store.commit('g0', [opened])
    await arrivedAll(relay)
    await server.freeze()
    for (const visitor of ['g1', 'g2', 'g3']) store.commit(visitor, [opened, identity('authenticated')])
    await eventually(WAIT_MS, 'the relay gives up waiting', () =>
      log.lines().find((line) => line.includes('a change waits')),
    )
    server.thaw()
    await arrivedAll(relay)
    assertWhole(await readStream(server), store.rows())
  }),
)

/** Sixteen visitors say something, a few a turn, until it is over. */
async function talk(
  store: {
    commit: (visitor: string, changes: readonly (typeof opened | ReturnType<typeof identity>)[]) => unknown
  },
  isOver: { readonly value: boolean },
): Promise<void> {
  for (let turn = 0; !isOver.value; turn++) {
    for (let each = 0; each < 4; each++) {
      const state = STATES[(turn + each) % STATES.length] ?? 'anonymous'
      store.commit(`g${(turn * 4 + each) % 16}`, [opened, identity(state)])
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** The stream holds every row once, each visitor's in order. */
function assertWhole(messages: readonly Arrived[], rows: readonly ChangeRow[]): void {
  assert.equal(byVisitor(idsOf(messages)), byVisitor(rows.map(messageIdOf)))
}

function byVisitor(ids: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const lists: Record<string, string[]> = {}
  for (const id of ids) {
    const visitor = id.slice(0, id.indexOf('.'))
    lists[visitor] = [...(lists[visitor] ?? []), id]
  }
  return lists
}

nats.run()
