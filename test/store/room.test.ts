// No room, and room again: a quota, a disk that is full in truth, a folder that nobody may write.
import { randomBytes } from 'node:crypto'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isLmdbAftershock, StoreUnavailable } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { mountDisk, unmountDisk } from '../helpers/small-disk.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually, within } from '../helpers/within.ts'
import { AT, commitSaid } from './a-row.ts'
import { rejection } from './rejection.ts'

const test = suite('room')
let folder = tempFolder()
test.before.each(() => {
  folder = tempFolder()
})
test.after.each(() => folder.remove())

const MIB = 1024 * 1024

test('[Q2] past its quota the store refuses with the reason, reads go on, and with room it goes on by itself', async () => {
  const path = folder.path
  const first = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  const number = await commitSaid(first, 'v')
  const used = first.stats().bytes
  await first.close()

  const full = await openStore({ path, quotaBytes: used, diskReserveBytes: 0 })
  assert.match(full.unavailable() ?? '', 'VESTIBULE_QUOTA_BYTES')
  const refused = await rejection(commitSaid(full, 'v'))
  assert.instance(refused, StoreUnavailable)
  assert.match(String(refused), `${used} bytes of the ${used} it may`)
  assert.is(full.entries(number, { limit: 9 }).length, 1)
  await full.close()

  const larger = await openStore({ path, quotaBytes: used + 1, diskReserveBytes: 0 })
  assert.is(larger.unavailable(), null)
  await within(5_000, 'the store recovers', larger.recovered())
  await commitSaid(larger, 'v')
  await larger.close()
})

test('[Q2] what grows past its quota while it is open stops, and is not lost', async () => {
  const store = await openStore({ path: folder.path, quotaBytes: MIB, diskReserveBytes: 0 })
  let kept = 0
  const refused = await eventually(10_000, 'the quota is reached', async () => {
    try {
      await store.saveNote(`note-${kept}`, randomBytes(9_000))
      kept += 1
      return undefined
    } catch (error) {
      return error
    }
  })
  assert.instance(refused, StoreUnavailable)
  assert.match(store.unavailable() ?? '', 'keep less')
  for (let index = 0; index < kept; index += 1) assert.ok(store.note(`note-${index}`))
  await store.close()
})

test('[Q2] what makes room is done where there is none, and then it goes on', async () => {
  const path = folder.path
  const first = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  const draft = first.createDraft()
  for (let n = 1; n <= 500; n += 1) {
    const change = { position: 1, n, number: 1, globalVisitID: 'v', seq: 1, at: AT, kind: 'visit' as const }
    draft.putChange({ ...change, name: 'opened', data: { text: 'x'.repeat(500) } })
  }
  await first.commit(draft, { at: AT })
  const used = first.stats().bytes
  await first.close()

  const store = await openStore({ path, quotaBytes: used, diskReserveBytes: 0 })
  assert.ok(store.unavailable())
  assert.is(await store.dropChanges({ at: AT + 1, position: 9 }, 1_000), 500)
  await within(3_000, 'the store goes on by itself', store.recovered())
  await commitSaid(store, 'v')
  await store.close()
})

test('[Q2] the bytes that are to stay free on the disk are left free', async () => {
  const { blocks, bsize } = statfsSync(folder.path)
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: blocks * bsize + 1 })
  assert.match(store.unavailable() ?? '', 'VESTIBULE_DISK_RESERVE_BYTES')
  assert.instance(await rejection(commitSaid(store, 'v')), StoreUnavailable)
  await store.close()
})

test('[Q2] a write that fails stops the store until one succeeds; whoever waits is told', async () => {
  let isBroken = false
  const beforePut = () => {
    if (isBroken) throw new Error('the disk is on fire')
  }
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0, beforePut })
  await commitSaid(store, 'v')
  isBroken = true
  assert.instance(await rejection(commitSaid(store, 'v')), StoreUnavailable)
  assert.match(store.unavailable() ?? '', 'the disk is on fire')
  const recovered = store.recovered()
  isBroken = false
  await within(3_000, 'the store goes on by itself', recovered)
  assert.is(store.unavailable(), null)
  await commitSaid(store, 'v')
  assert.is(store.lastPosition(), 2)
  await store.close()
  assert.match(store.unavailable() ?? '', 'closed')
})

test('[Q2] a disk that is full in truth: nothing acknowledged is lost, and with room it goes on by itself', async () => {
  if (!mountDisk(folder.path, 'size=4m')) {
    // Without the right to mount, what lmdb throws then is at least known for what it is.
    const io = Object.assign(new Error('Input/output error'), { code: 5 })
    return assert.ok(isLmdbAftershock(io) && !isLmdbAftershock(new Error('Input/output error')))
  }
  const others: unknown[] = []
  const aftershock = (error: unknown) => {
    if (!isLmdbAftershock(error)) others.push(error)
  }
  const complain = console.error
  process.on('unhandledRejection', aftershock)
  // lmdb prints what it throws.
  console.error = () => undefined
  try {
    const store = await openStore({ path: join(folder.path, 'data'), quotaBytes: 0, diskReserveBytes: 0 })
    const filler = join(folder.path, 'filler')
    writeFileSync(filler, Buffer.alloc(2 * MIB))
    let kept = 0
    const refused = await eventually(10_000, 'the disk is full', async () => {
      try {
        await store.saveNote(`note-${kept}`, randomBytes(200_000))
        kept += 1
        return undefined
      } catch (error) {
        return error
      }
    })
    assert.instance(refused, StoreUnavailable)
    for (let index = 0; index < kept; index += 1) assert.ok(store.note(`note-${index}`))
    rmSync(filler)
    await within(5_000, 'the store goes on by itself', store.recovered())
    await store.saveNote('large', randomBytes(200_000))
    assert.ok(store.note('large'))
    await store.close()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(others, [])
  } finally {
    console.error = complain
    process.off('unhandledRejection', aftershock)
    unmountDisk(folder.path)
  }
})

test('[Q2] a folder that nobody may write is refused with what to do', async () => {
  if (!mountDisk(folder.path, 'size=4m', 'ro')) {
    const refused = await rejection(openStore({ path: '/dev/null/data', quotaBytes: 0, diskReserveBytes: 0 }))
    return assert.match(String(refused), 'cannot be written')
  }
  try {
    const refused = await rejection(openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 }))
    assert.instance(refused, StoreUnavailable)
    assert.match(String(refused), 'read-only file system')
    assert.match(String(refused), 'name a folder with VESTIBULE_DATA that this user may write')
  } finally {
    unmountDisk(folder.path)
  }
})

test.run()
