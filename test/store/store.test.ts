// Commits and reads: the fence, drafts in front of one another, what a reopened folder says.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StaleCommit } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { AT, anEvent, aVisitor, commitSaid, say } from './a-row.ts'
import { rejection } from './rejection.ts'

const NO_BOUNDS = { quotaBytes: 0, diskReserveBytes: 0 }

const test = suite('store')
let folder = tempFolder()
test.before.each(() => {
  folder = tempFolder()
})
test.after.each(() => folder.remove())

test('[E4] what was committed is read at once, and after the folder is opened again', async () => {
  const first = await openStore({ path: folder.path, ...NO_BOUNDS })
  const draft = first.createDraft()
  const number = draft.numberVisitor('v-1')
  const entries = [anEvent({ seq: 1, position: 1 }), anEvent({ seq: 2, position: 2 })]
  const row = aVisitor({ number, globalVisitID: 'v-1', seq: 2, position: 2 })
  draft.putVisitor(row, entries, 0)
  await first.commit(draft, { at: AT })
  assert.equal(first.entries(number, { limit: 10 }), entries)
  await first.close()

  const second = await openStore({ path: folder.path, ...NO_BOUNDS })
  assert.equal(second.boot, first.boot + 1)
  assert.equal([second.lastPosition(), second.lastAt()], [2, AT])
  assert.is(second.visitorNumber('v-1'), number)
  assert.equal(second.visitor(number), row)
  assert.equal(second.entries(number, { limit: 10 }), entries)
  assert.is(second.createDraft().numberVisitor('v-2'), number + 1)
  await second.close()
})

test('[E1] an eventID is remembered with the seq of the entry that holds it', async () => {
  const store = await openStore({ path: folder.path, ...NO_BOUNDS })
  const number = await commitSaid(store, 'v-1', { count: 300 })
  for (const entry of store.entries(number, { limit: 300 })) {
    assert.ok(entry.kind === 'event' && 'words' in entry)
    assert.is(store.seenSeq(number, entry.words.eventID), entry.seq)
    assert.is(store.seenSeq(number + 1, entry.words.eventID), 0)
  }
  await store.close()
})

test('[Q1] a commit that does not follow what the disk has changes nothing', async () => {
  const store = await openStore({ path: folder.path, ...NO_BOUNDS })
  const number = await commitSaid(store, 'v-1')
  const stale = store.createDraft()
  say(stale, { globalVisitID: 'v-2', count: 1, from: 1 })
  stale.putVisitor(aVisitor({ number, seq: 1, position: 3 }), [anEvent({ seq: 1, position: 3 })], 0)
  assert.instance(await rejection(store.commit(stale, { at: AT })), StaleCommit)
  assert.is(store.visitorNumber('v-2'), 0)
  assert.is(store.lastPosition(), 1)
  await store.close()
})

test.run()
