/** The relay over the real store: what is on disk is what goes out, also after the folder is opened again. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Relay, startRelay } from '../../src/bus/relay.ts'
import { defaultConfig } from '../../src/config.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'
import { AT, anEvent, aVisitor } from '../store/a-row.ts'
import { createMemoryBus, type MemoryBus } from './memory-bus.ts'
import { QUIET } from './quiet.ts'

const relayStore = suite('relay over the store')

const open = (path: string) => openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })

function start(store: Store, bus: MemoryBus): Promise<Relay> {
  const config = { ...defaultConfig(), natsUrl: 'nats://127.0.0.1:1' }
  return startRelay({ store, bus, config, log: QUIET, onCommitted: () => () => undefined, now: () => AT })
}

/** Commits one entry of the visitor that changes the identity. */
async function commitChange(store: Store, globalVisitID: string, seq: number): Promise<void> {
  const draft = store.createDraft()
  const number = draft.numberVisitor(globalVisitID)
  const position = store.lastPosition() + 1
  draft.putVisitor(aVisitor({ number, globalVisitID, seq, position }), [anEvent({ seq, position })], seq - 1)
  const kind = 'identity'
  draft.putChange({
    position,
    n: 1,
    number,
    globalVisitID,
    seq,
    at: AT,
    kind,
    name: 'anonymous',
    data: { seq },
  })
  await store.commit(draft, { at: AT })
}

const drained = (relay: Relay) =>
  eventually(5_000, 'all is published', () => (relay.stats().backlogRows === 0 ? true : undefined))

relayStore(
  '[B2] a backlog outlives the process: it goes out after the folder is opened again, once',
  async () => {
    const folder = tempFolder()
    const bus = createMemoryBus()
    bus.setConnected(false)
    const first = await open(folder.path)
    const away = await start(first, bus)
    for (const seq of [1, 2, 3]) for (const visitor of ['v-1', 'v-2']) await commitChange(first, visitor, seq)
    await away.close(0)
    await first.close()

    bus.setConnected(true)
    for (let times = 0; times < 2; times++) {
      const store = await open(folder.path)
      const relay = await start(store, bus)
      await drained(relay)
      await relay.close(1_000)
      assert.is(store.relayMark(), 6)
      assert.equal(store.relayPlaces(), [])
      await store.close()
    }
    const ids = bus.attempts.map(({ messageId }) => messageId)
    assert.equal(
      ['v-1', 'v-2'].map((visitor) => ids.filter((id) => id.startsWith(visitor))),
      ['v-1', 'v-2'].map((visitor) => [1, 2, 3].map((seq) => `${visitor}.${seq}.1`)),
    )
    folder.remove()
  },
)

relayStore(
  '[B2] a visitor that went ahead of one that is stuck is not sent again after a restart',
  async () => {
    const folder = tempFolder()
    const bus = createMemoryBus()
    bus.answer = ({ messageId }) => (messageId.startsWith('stuck') ? 'refused' : 'store')
    const first = await open(folder.path)
    const relay = await start(first, bus)
    await commitChange(first, 'stuck', 1)
    await commitChange(first, 'v-1', 1)
    relay.wake()
    await eventually(5_000, 'the other one is published', () => bus.stored[0])
    await relay.close(50)
    assert.is(first.relayMark(), 0)
    assert.equal(first.relayPlaces(), [{ number: first.visitorNumber('v-1'), position: 2, n: 1 }])
    await first.close()

    bus.answer = () => 'store'
    const second = await open(folder.path)
    const again = await start(second, bus)
    await drained(again)
    await again.close(1_000)
    assert.equal(second.relayPlaces(), [])
    await second.close()
    assert.equal(
      bus.stored.map(({ messageId }) => messageId),
      ['v-1.1.1', 'stuck.1.1'],
    )
    assert.is(bus.attempts.filter(({ messageId }) => messageId === 'v-1.1.1').length, 1)
    folder.remove()
  },
)

relayStore.run()
