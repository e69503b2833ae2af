// Who may open a folder, and what is said to the others.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StaleCommit, StoreLocked, StoreTooNew, StoreUnavailable } from '../../src/store/errors.ts'
import { visitNameHash } from '../../src/store/fading.ts'
import { openGuest } from '../../src/store/guest.ts'
import { BOOT_KEY, LAYOUT, LAYOUT_KEY } from '../../src/store/layout.ts'
import { orderOf } from '../../src/store/order.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { openTables } from '../../src/store/tables.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'
import { AT, anEvent, aVisit, aVisitor, commitSaid, say, someWords } from './a-row.ts'
import { writeAsLayout1, writeAsLayout2 } from './older-layouts.ts'
import { rejection } from './rejection.ts'

const NO_BOUNDS = { quotaBytes: 0, diskReserveBytes: 0 }
const test = suite('opening')
let folder = tempFolder()
test.before.each(() => {
  folder = tempFolder()
})
test.after.each(() => folder.remove())

const open = () => openStore({ path: folder.path, ...NO_BOUNDS })

test('[Q4] a folder in use is refused, with the pid and what to do, and is free again after close', async () => {
  const store = await open()
  const refused = await rejection(open())
  assert.instance(refused, StoreLocked)
  assert.match(String(refused), folder.path)
  assert.match(String(refused), `pid ${process.pid}`)
  assert.match(String(refused), 'stop that one first')
  await commitSaid(store, 'v')
  await store.close()
  await (await open()).close()
  assert.equal(
    readdirSync(folder.path).filter((name) => name.startsWith('server.lock')),
    [],
  )
})

test('[Q4] a folder in use by another process is refused', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/commit-for-ever.ts', folder.path])
  const exit = once(child, 'exit')
  await within(10_000, 'the child commits', once(child.stdout, 'data'))
  const refused = await rejection(open())
  assert.instance(refused, StoreLocked)
  assert.match(String(refused), `pid ${child.pid}`)
  child.kill('SIGKILL')
  await within(5_000, 'the child is gone', exit)
  await (await open()).close()
})

test('[Q6] a lock left behind needs no repair: of a process gone, of a pid used again, or half written', async () => {
  const file = join(folder.path, 'server.lock')
  const store = await open()
  const own = JSON.parse(readFileSync(file, 'utf8'))
  await store.close()
  for (const left of [
    JSON.stringify({ pid: 2 ** 22 + 1, started: 'x' }),
    JSON.stringify({ ...own, started: 'earlier' }),
    '',
    '{"pid',
    '[]',
    'null',
  ]) {
    writeFileSync(file, left)
    await (await open()).close()
    assert.not(existsSync(file))
  }
})

test('[Q4] a server whose folder another one opened all the same can write nothing any more', async () => {
  const store = await open()
  await commitSaid(store, 'v')
  const boot = Buffer.alloc(4)
  boot.writeUInt32BE(store.boot + 1)
  await changeMeta(BOOT_KEY, boot)
  assert.instance(await rejection(commitSaid(store, 'v')), StaleCommit)
  assert.instance(await rejection(store.saveNote('x', 1)), StaleCommit)
  assert.is(store.lastPosition(), 1)
  await store.close()
})

test('[Q5] a layout of a newer version is refused with a clear line, and nothing is changed', async () => {
  await (await open()).close()
  const layout = Buffer.alloc(4)
  layout.writeUInt32BE(LAYOUT + 1)
  await changeMeta(LAYOUT_KEY, layout)
  for (const _ of [1, 2]) {
    const refused = await rejection(open())
    assert.instance(refused, StoreTooNew)
    assert.match(String(refused), `has layout ${LAYOUT + 1}`)
    assert.match(String(refused), 'start the version that wrote it')
  }
  layout.writeUInt32BE(LAYOUT)
  await changeMeta(LAYOUT_KEY, layout)
  const store = await open()
  assert.is(store.boot, 2, 'a refused start is no start')
  await store.close()
})

const TIMED = ['01a0c450-6c00-7003-8000-00000000000', '01a0c450-6c00-7001-8000-00000000000']

test('[Q5] a folder of layout 1 gets the index of open visits, and like one of layout 2 remembers eventIDs as before', async () => {
  const store = await open()
  const draft = store.createDraft()
  const armed = { armedAt: AT + 9 }
  const first = say(draft, { globalVisitID: 'a', count: 1, from: 0, row: armed })
  const second = say(draft, { globalVisitID: 'b', count: 1, from: 1, row: armed })
  const third = say(draft, { globalVisitID: 'c', count: 1, from: 2 })
  draft.putVisit(aVisit({ number: first, ordinal: 1, endDate: AT, reason: 'closed' }))
  draft.putVisit(aVisit({ number: first, ordinal: 2 }))
  // One that came late stands behind the open one.
  draft.putVisit(aVisit({ number: first, ordinal: 3, endDate: AT, reason: 'late' }))
  draft.putVisit(aVisit({ number: second, ordinal: 1, endDate: AT, reason: 'closed' }))
  const entries = TIMED.map((id, index) =>
    anEvent({ seq: 2 + index, position: 4 + index, words: someWords({ eventID: `${id}${third}` }) }),
  )
  const newest = orderOf(`${TIMED[0]}${third}`)
  draft.putVisitor(aVisitor({ number: third, seq: 3, position: 5, newest }), entries, 1)
  await store.commit(draft, { at: AT })
  const openVisits = store.openVisits({ limit: 9 })
  assert.equal(openVisits, [{ number: first, visit: 2 }])
  const rows = store.visitors({ limit: 9 })
  const said = rows.flatMap(({ number }) =>
    store.entries(number, { limit: 9 }).map((entry) => ({ number, entry })),
  )
  await store.close()
  await writeAsLayout1(folder.path)
  assert.match(String(await rejection(Promise.resolve().then(() => openGuest(folder.path)))), 'has layout 1')
  let migrated = await open()
  assert.equal(migrated.openVisits({ limit: 9 }), openVisits)
  assert.equal(migrated.visitors({ limit: 9 }), rows)
  const provesAllKnown = (): void => {
    for (const { number, entry } of said) {
      if (isStoredEvent(entry)) assert.is(migrated.seenSeq(number, entry.words.eventID), entry.seq)
    }
    assert.is(migrated.seenCount(), said.length)
  }
  provesAllKnown()
  await migrated.close()
  await writeAsLayout2(folder.path)
  migrated = await open()
  assert.equal(migrated.visitors({ limit: 9 }), rows)
  provesAllKnown()
  await migrated.close()
})

test('[Q5] a folder of layout 2 gets to know which visits came with which User-Agent, at the start', async () => {
  const [used, unused] = ['1', '2'].map((id) => `${id.repeat(8)}-e2bb-5255-8caf-4136c566a962`)
  const store = await open()
  const draft = store.createDraft()
  const number = say(draft, { globalVisitID: 'a', count: 1, from: 0 })
  const visits = [1, 2].map((ordinal) => aVisit({ number, ordinal, userAgentId: used ?? null }))
  for (const visit of [...visits, aVisit({ number, ordinal: 3 })]) draft.putVisit(visit)
  for (const id of [used, unused]) draft.putUserAgent(id ?? '', 'Browser/1')
  await store.commit(draft, { at: AT })
  await store.close()
  for (const write of [writeAsLayout2, writeAsLayout1]) {
    await write(folder.path)
    const migrated = await open()
    assert.equal([migrated.userAgent(used ?? ''), migrated.userAgent(unused ?? '')], ['Browser/1', null])
    assert.is(migrated.rowCount('userAgentUses'), 2)
    await migrated.close()
  }
  const last = await open()
  const known = [visits.slice(0, 1), visits.slice(1)]
  const texts: (string | null)[] = []
  for (const gone of known) {
    await last.erase({ gone: { visits: gone } })
    texts.push(last.userAgent(used ?? ''))
  }
  assert.equal(texts, ['Browser/1', null])
  await last.close()
})

test('[Q5] [E9] visitIDs that layout 1 left of erased devices fade from the migration on', async () => {
  const store = await open()
  const draft = store.createDraft()
  const number = say(draft, { globalVisitID: 'a', count: 1, from: 0 })
  draft.putName({ kind: 'visit', name: 'lives', number, visit: 1, ordinal: 0 })
  const names = ['left', 'fades'].map((name) => ({ name, number: 77, visit: 3 }))
  for (const row of names) draft.putName({ kind: 'visit', ...row, ordinal: 0 })
  draft.putFading({ due: AT + 5, what: 'name', number: 77, before: 3, name: 'fades' })
  await store.commit(draft, { at: AT })
  await store.close()
  await writeAsLayout2(folder.path)
  const migrated = await open()
  const fading = migrated.fading(Number.MAX_SAFE_INTEGER, 9)
  const due = AT + 30 * 24 * 60 * 60_000
  const row = { what: 'name', number: 77, before: 3 } as const
  assert.equal(fading, [
    { ...row, due: AT + 5, name: visitNameHash('fades') },
    { ...row, due, name: visitNameHash('left') },
  ])
  await migrated.dropFading(fading, due)
  assert.equal(
    ['lives', 'left', 'fades'].map((name) => migrated.name('visit', name)?.number),
    [number, undefined, undefined],
  )
  await migrated.close()
})

/** Writes a row of `meta` past the store. */
async function changeMeta(key: Uint8Array, value: Uint8Array): Promise<void> {
  const tables = openTables(folder.path)
  await tables.meta.put(key, value)
  await tables.env.close()
}

test('[Q2] a folder that is no folder, cannot be made, or holds no store is refused with what to do', async () => {
  const file = join(folder.path, 'file')
  writeFileSync(file, 'x')
  for (const path of [file, join(file, 'below')]) {
    const refused = await rejection(openStore({ path, ...NO_BOUNDS }))
    assert.instance(refused, StoreUnavailable)
    assert.match(String(refused), `${path} cannot be written`)
  }
  writeFileSync(join(folder.path, 'data.mdb'), 'this is no store'.repeat(1_000))
  const refused = await rejection(open())
  assert.instance(refused, StoreUnavailable)
  assert.match(String(refused), 'cannot be opened as a store')
  assert.match(String(refused), 'is not a file of LMDB')
  assert.equal(readdirSync(folder.path).includes('server.lock'), false)
})

test('[Q4] a folder whose name has a dot in it is a folder', async () => {
  const path = join(folder.path, 'data.v1')
  await (await openStore({ path, ...NO_BOUNDS })).close()
  assert.ok(existsSync(join(path, 'data.mdb')))
})

test.run()
