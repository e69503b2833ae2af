/** A process for the crash test: a store and its relay. `talk` commits changes until it is killed; `drain` ends. */
import { setTimeout as delay } from 'node:timers/promises'
import { openBus } from '../../src/bus/open-bus.ts'
import { startRelay } from '../../src/bus/relay.ts'
import { defaultConfig } from '../../src/config.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/store.ts'
import { AT, anEvent, aVisitor } from '../store/a-row.ts'
import { QUIET } from './quiet.ts'

const [path = '', natsUrl = '', task = ''] = process.argv.slice(2)
const VISITORS = Array.from({ length: 8 }, (_, index) => `v-${index}`)

const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
const config = { ...defaultConfig(), natsUrl }
const bus = openBus(config, QUIET)
if (bus === null) throw new Error('no NATS_URL was given')
const relay = await startRelay({
  store,
  bus,
  config,
  log: QUIET,
  onCommitted: () => () => undefined,
  now: () => AT,
})

while (task === 'talk') {
  await commitRound(store)
  relay.wake()
  await delay(1)
}

while (relay.stats().backlogRows > 0) await delay(5)
await relay.close(5_000)
await bus.close()
process.stdout.write(`${store.lastPosition()}\n`)
await store.close()

/** One entry with one change for each visitor, in one commit. */
async function commitRound(to: Store): Promise<void> {
  const draft = to.createDraft()
  VISITORS.forEach((globalVisitID, index) => {
    const position = to.lastPosition() + 1 + index
    const number = draft.numberVisitor(globalVisitID)
    const seq = (to.visitor(number)?.seq ?? 0) + 1
    draft.putVisitor(
      aVisitor({ number, globalVisitID, seq, position }),
      [anEvent({ seq, position })],
      seq - 1,
    )
    const [kind, name] = ['identity', 'anonymous'] as const
    draft.putChange({ position, n: 1, number, globalVisitID, seq, at: AT, kind, name, data: {} })
  })
  await to.commit(draft, { at: AT })
}
