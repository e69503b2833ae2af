// What failure leaves: nothing of a commit that failed, all of one that was acknowledged.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Draft, Store } from '../../src/store/contract.ts'
import { StaleCommit, StoreUnavailable } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { TABLE_NAMES } from '../../src/store/tables.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'
import { AT, commitSaid, say } from './a-row.ts'
import { rejection } from './rejection.ts'

const NO_BOUNDS = { quotaBytes: 0, diskReserveBytes: 0 }
const test = suite('durability')
let folder = tempFolder()
test.before.each(() => {
  folder = tempFolder()
})
test.after.each(() => folder.remove())

/** A draft with a row of every kind, behind what `before` committed. */
function fillDraft(draft: Draft, from: number): void {
  const dates = { position: from + 1, startDate: AT, endDate: 0, reason: null, ranges: [] }
  const number = say(draft, { globalVisitID: 'v-1', count: 2, from, row: { armedAt: AT + 9, connected: 0 } })
  say(draft, { globalVisitID: 'v-2', count: 1, from: from + 2, row: { armedAt: AT + 1, connected: 1 } })
  const identity = draft.numberIdentity('pat@example.com')
  draft.putIdentity({
    identity,
    identityId: 'pat@example.com',
    position: 1,
    firstSeen: AT,
    lastSeen: AT,
    profile: {},
    contactId: null,
    contact: null,
  })
  draft.putBase({ number, seq: 2, machineVersion: 1, snapshot: {} })
  draft.putVisit({
    ...dates,
    number,
    ordinal: 1,
    visitId: 'w',
    implicit: false,
    userAgentId: null,
    authenticated: 0,
    recognized: 0,
  })
  draft.putSession({ ...dates, number, visit: 1, ordinal: 1, sessionId: 's', identity })
  draft.putPage({
    ...dates,
    number,
    visit: 1,
    ordinal: 1,
    pageId: 'p',
    browserPageID: 'b',
    session: 1,
    identity,
    url: '/',
  })
  draft.putName({ kind: 'visit', name: 'w', number, visit: 1, ordinal: 0 })
  draft.putLink({ number, visit: 1, identity, association: 'Authenticated', position: 2, ranges: [] })
  draft.putContact({
    position: 2,
    n: 1,
    number,
    seq: 2,
    identity,
    visit: 1,
    session: 1,
    scope: '',
    how: 'SignIn',
    at: AT,
    retractedAt: 0,
  })
  draft.putChange({
    position: 2,
    n: 1,
    number,
    globalVisitID: 'v-1',
    seq: 2,
    at: AT,
    kind: 'visit',
    name: 'opened',
    data: {},
  })
  draft.putToken({ globalVisitID: 'v-2', hash: new Uint8Array(32), boundAt: AT + 1 })
  draft.putToken({ globalVisitID: 'v-3', hash: new Uint8Array(32), boundAt: AT })
  draft.putUserAgent('ua', 'Mozilla/5.0')
}

/** How many rows each table has, and what the rows that change say. */
function inspect(store: Store): unknown {
  return {
    counts: TABLE_NAMES.filter((name) => name !== 'meta').map((name) => [name, store.rowCount(name)]),
    rows: [store.visitor(1), store.due(AT * 2, 9), store.connected({ limit: 9 }), store.lastPosition()],
  }
}

test('[Q1] a commit that fails at any one of its puts leaves nothing, and the next try keeps all of it', async () => {
  let failAt = 0
  let puts = 0
  const touched = new Set<string>()
  const store = await openStore({
    path: folder.path,
    ...NO_BOUNDS,
    beforePut(table, count) {
      if (table === 'meta') return
      puts = count
      touched.add(table)
      if (count === failAt) throw new Error(`put ${count} into ${table} fails`)
    },
  })
  await commitSaid(store, 'v-1', { row: { armedAt: AT + 5, connected: 1 } })
  const before = inspect(store)
  for (failAt = 1; ; failAt += 1) {
    const draft = store.createDraft()
    fillDraft(draft, store.lastPosition())
    const failure = await store.commit(draft, { at: AT }).then(
      () => null,
      (error: unknown) => error,
    )
    if (failure === null) break
    assert.instance(failure, StoreUnavailable)
    assert.match(String((failure as Error).cause), `put ${failAt} into`)
    assert.equal(inspect(store), before)
    await within(2_000, 'the store goes on by itself', store.recovered())
  }
  assert.is(failAt, puts + 1)
  assert.is(touched.size, 23, 'every table that a commit writes')
  assert.is(store.lastPosition(), 4)
  assert.equal(store.due(AT * 2, 9), [
    { number: 2, at: AT + 1 },
    { number: 1, at: AT + 9 },
  ])
  assert.is(await store.dropUnusedTokens(AT + 2, 9), 1)
  await store.close()
})

test('[Q1] numbers given out by a commit that failed are given out again', async () => {
  let isBroken = false
  const beforePut = (table: string) => {
    if (isBroken && table !== 'meta') throw new Error('broken')
  }
  const store = await openStore({ path: folder.path, ...NO_BOUNDS, beforePut })
  isBroken = true
  const front = store.createDraft()
  assert.is(say(front, { globalVisitID: 'v-1', count: 1, from: 0 }), 1)
  const behind = store.createDraft(front)
  assert.is(say(behind, { globalVisitID: 'v-2', count: 1, from: 1 }), 2)
  assert.instance(await rejection(store.commit(front, { at: AT })), StoreUnavailable)
  isBroken = false
  await within(2_000, 'recovered', store.recovered())
  assert.instance(
    await rejection(store.commit(behind, { at: AT })),
    StaleCommit,
    'the one behind it cannot be kept',
  )
  assert.is(await commitSaid(store, 'v-3'), 1)
  await store.close()
})

test('[Q1] kill -9 in the middle of commits, again and again: all that was acknowledged is there once, in order', async () => {
  let acknowledged = 0
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/commit-for-ever.ts', folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    acknowledged = await killAfter(child, 30 + 17 * round)
    const store = await openStore({ path: folder.path, ...NO_BOUNDS })
    const kept = store.lastPosition()
    assert.ok(kept >= acknowledged, `${kept} kept, ${acknowledged} acknowledged`)
    const positions = store.visitors({ limit: 99 }).flatMap((visitor) => {
      const entries = store.entries(visitor.number, { limit: 1e6 })
      assert.equal(
        entries.map(({ seq }) => seq),
        Array.from({ length: visitor.seq }, (_, index) => index + 1),
      )
      return entries.map(({ position }) => position)
    })
    assert.equal(
      positions.sort((a, b) => a - b),
      Array.from({ length: kept }, (_, index) => index + 1),
    )
    await store.close()
  }
  assert.ok(acknowledged > 0)
})

/** Kills a child after it acknowledged so many commits; returns the last position it acknowledged. */
async function killAfter(child: ChildProcess, commits: number): Promise<number> {
  assert.ok(child.stdout)
  const exit = once(child, 'exit')
  let said = 0
  let position = 0
  for await (const line of createInterface({ input: child.stdout })) {
    position = Number(line)
    said += 1
    if (said === commits) child.kill('SIGKILL')
  }
  await within(5_000, 'the killed child is gone', exit)
  return position
}

test.run()
