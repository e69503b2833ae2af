/** A data folder with a rich history, and copies of it that are damaged on purpose: for the tests of `verify`. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as uvu from 'uvu'
import * as assert from 'uvu/assert'
import { createReader, createWriter } from '../../src/store/bytes.ts'
import { decodeChunk, encodeChunk } from '../../src/store/chunk.ts'
import type { Draft, Store } from '../../src/store/contract.ts'
import type { StoredEntry } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { KEYS, openTables, type TableName, type Tables } from '../../src/store/tables.ts'
import { came, event, HOUR, MINUTE, openRoom, SECOND, signIn, went } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'

export interface Folder {
  readonly path: string
  readonly remove: () => void
}

/** A folder with one visitor who has said so much that a state was kept. */
export async function longFolder(): Promise<Folder> {
  const room = await openRoom()
  await room.record('g1', ...Array.from({ length: 1_001 }, () => event('Viewed')))
  await room.close()
  return { path: room.path, remove: room.remove }
}

/** Writes it; the function removes the folder. Visitor 1 has ended visits and an open one, 2 a socket. */
export async function richFolder(): Promise<Folder> {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    came(),
    event('PageEntered'),
    signIn('pat', { eventID: 'in' }),
  )
  await room.record('g1', event('Viewed'), event('SignOut'), went())
  await room.says('g2', 'VisitStarted', { visit: 'w1' })
  await room.record('g2', came('w1'), event('PageEntered', { visit: 'w1' }), signIn('sam', { visit: 'w1' }))
  room.passes(MINUTE)
  await room.record('g1', event('Viewed', { agoMs: MINUTE }), event('Viewed', { visit: 'old', agoMs: HOUR }))
  await room.record('g1', event('VisitStarted', { visit: 'v2' }), event('PageEntered', { visit: 'v2' }))
  await room.record('g1', event('Viewed', { visit: 'alias' }), came('v2'))
  await room.record('g1', { type: 'confirm', identityId: 'kim', agentId: 'a1', ifSeq: null })
  const seq = room.visitors.view('g1')?.seq ?? 0
  await room.record('g1', { type: 'retract', verdictSeq: seq, agentId: 'a1' })
  await room.record('g2', event('Viewed', { visit: 'w1' }))
  await room.restart({ settings: { leaveGraceMs: 20 * SECOND } })
  await room.record('g2', came('w1'))
  await room.close()
  return { path: room.path, remove: room.remove }
}

/** Rows as bytes, for what the store itself would never do. */
export interface Raw {
  readonly tables: Tables
  readonly remove: (table: TableName, key: Uint8Array) => void
  /** Removes the first row of a table. */
  readonly removeFirst: (table: TableName) => void
  /** Gives a table's first row a key of somebody who is not there. */
  readonly copyFirst: (table: TableName, key: Uint8Array) => void
  /** Changes the entries of the chunk of a visitor that begins at `firstSeq`. */
  readonly changeChunk: (
    number: number,
    firstSeq: number,
    change: (entries: readonly StoredEntry[]) => readonly StoredEntry[],
  ) => void
}

/** How a copy is damaged: by bytes, or through a draft of the store. */
export type Damage =
  | { readonly by: 'bytes'; readonly do: (raw: Raw) => void }
  | { readonly by: 'draft'; readonly do: (draft: Draft, store: Store) => void }

export const bytes = (damage: (raw: Raw) => void): Damage => ({ by: 'bytes', do: damage })
export const draft = (damage: Extract<Damage, { by: 'draft' }>['do']): Damage => ({ by: 'draft', do: damage })
export const removed = (table: TableName, key: () => Uint8Array): Damage =>
  bytes(({ remove }) => remove(table, key()))

/** A row that must be there, so that a damage is one. */
export function there<R>(row: R | null | undefined): R {
  if (row === null || row === undefined) throw new Error('the row to damage is not there')
  return row
}

/** What is damaged, and what `verify` says of it. */
export type Case = readonly [what: string, finds: RegExp, damage: Damage]

/** A test of the suite for each case, on copies of one folder; and one that the folder is in order undamaged. */
export function proveCases(
  { test, make }: { readonly test: uvu.Test; readonly make: () => Promise<Folder> },
  cases: readonly Case[],
): void {
  let folder: Folder | undefined
  const path = (): string => there(folder).path
  test.before(async () => {
    folder = await make()
  })
  test.after(() => folder?.remove())
  test('a copy that is not damaged is in order', async () => {
    assert.equal(
      await findingsAfter(
        path(),
        bytes(() => {}),
      ),
      [],
    )
  })
  for (const [what, finds, damage] of cases) {
    test(`[Q1] ${what}`, async () => {
      const findings = await findingsAfter(path(), damage)
      assert.ok(
        findings.some((line) => finds.test(line)),
        `not found; instead: ${findings.join(' | ')}`,
      )
    })
  }
}

/** What is found in a copy of the folder after it was damaged. */
export async function findingsAfter(path: string, damage: Damage): Promise<readonly string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'vestibule-'))
  try {
    cpSync(path, copy, { recursive: true })
    if (damage.by === 'bytes') await damageBytes(copy, damage.do)
    const store = await openStore({ path: copy, quotaBytes: 0, diskReserveBytes: 0 })
    if (damage.by === 'draft') {
      const draft = store.createDraft()
      damage.do(draft, store)
      await store.commit(draft, { at: store.lastAt() })
    }
    const findings = findingsIn(store)
    await store.close()
    return findings
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function damageBytes(path: string, damage: (raw: Raw) => void): Promise<void> {
  const tables = openTables(path)
  const first = (table: TableName) => {
    for (const row of tables[table].getRange({ limit: 1 })) return row
    throw new Error(`${table} is empty`)
  }
  const remove = (table: TableName, key: Uint8Array): void => void tables[table].removeSync(key)
  damage({
    tables,
    remove,
    removeFirst: (table) => remove(table, first(table).key),
    copyFirst: (table, key) => void tables[table].putSync(key, first(table).value),
    changeChunk: (number, firstSeq, change) => {
      const key = KEYS.stream.bound([number, firstSeq], 0)
      const reader = createReader()
      reader.open(tables.stream.getBinary(key) ?? Buffer.alloc(0))
      tables.stream.putSync(key, encodeChunk(createWriter(), change(decodeChunk(reader, firstSeq))))
    },
  })
  await tables.env.close()
}
