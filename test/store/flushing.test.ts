// A commit that is visible and then fails at its flush: it was refused, and is there all the same.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreUnavailable } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'
import { AT, commitSaid, say } from './a-row.ts'
import { rejection } from './rejection.ts'

const flushing = suite('flushing')
let folder = tempFolder()
flushing.before.each(() => {
  folder = tempFolder()
})
flushing.after.each(() => folder.remove())

async function openFlushing() {
  const disk = { isBroken: false }
  const store = await openStore({
    ...{ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 },
    async beforeFlushed() {
      if (disk.isBroken) throw new Error('it was not flushed')
    },
  })
  return { disk, store }
}

flushing('[Q2] a commit refused at its flush does not end the store: it goes on behind it', async () => {
  const { disk, store } = await openFlushing()
  await commitSaid(store, 'v-1')
  disk.isBroken = true
  const lost = store.createDraft()
  say(lost, { globalVisitID: 'v-2', count: 1, from: 1 })
  lost.numberIdentity('pat@example.com')
  const behind = store.createDraft(lost)
  say(behind, { globalVisitID: 'v-3', count: 1, from: 2 })
  assert.instance(await rejection(store.commit(lost, { at: AT + 5 })), StoreUnavailable)
  assert.match(store.unavailable() ?? '', 'it was not flushed')
  assert.equal([store.lastPosition(), store.lastAt()], [1, AT], 'what is not flushed is not told')
  assert.instance(await rejection(store.commit(behind, { at: AT + 5 })), StoreUnavailable)
  disk.isBroken = false
  await within(2_000, 'the store goes on by itself', store.recovered())
  assert.equal([store.lastPosition(), store.lastAt()], [2, AT + 5], 'flushed with the first that succeeded')
  assert.is(await commitSaid(store, 'v-4'), 3, 'no number twice')
  assert.is(store.lastPosition(), 3)
  await store.close()
  const again = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  assert.equal(
    [1, 2, 3].map((number) => again.visitor(number)?.globalVisitID),
    ['v-1', 'v-2', 'v-4'],
  )
  await again.close()
})

flushing.run()
