// The store over LMDB: opens a folder, writes drafts to it, and finds the rows again.
import { mkdirSync } from 'node:fs'
import { type Availability, createAvailability } from './availability.ts'
import { createReader, createWriter, type Reader } from './bytes.ts'
import { checkPosition, lastCommit, putBatch } from './commit.ts'
import type { Draft, Store } from './contract.ts'
import { createDraft, type DraftRows, highest, type Numbers, rowsOfDraft } from './draft.ts'
import { encodeDraft } from './encode.ts'
import { createErasing } from './erasing.ts'
import {
  commitErrorOf,
  StaleCommit,
  StoreBroken,
  StoreLocked,
  StoreTooNew,
  StoreUnavailable,
} from './errors.ts'
import { createFading } from './fading.ts'
import { highestGone } from './hiding.ts'
import { idKey } from './keys.ts'
import { BOOT_KEY, prepareLayout, readCounter } from './layout.ts'
import { createLists } from './lists.ts'
import { lockFolder } from './lock.ts'
import { createProofs } from './proofs.ts'
import { type BeforePut, createPuts, type Puts } from './puts.ts'
import { createRelayRows } from './relay-rows.ts'
import { createRowReads } from './row-reads.ts'
import { KEYS, openTables, type Tables } from './tables.ts'
import { createUpkeep } from './upkeep.ts'
import { diskBytes, usedBytes } from './used-bytes.ts'

export interface StoreOptions {
  /** The folder; made where it is not there. */
  readonly path: string
  /** The rows take no more bytes than this; 0 = what the disk has. */
  readonly quotaBytes: number
  /** Bytes of the disk that are left free. */
  readonly diskReserveBytes: number
  /** For tests: called before each put and remove, with their count in the transaction; what it throws fails it. */
  readonly beforePut?: BeforePut
  /** For tests: awaited when a transaction is visible and not known to be flushed yet; what it rejects with fails it. */
  readonly beforeFlushed?: () => Promise<void>
  /** Told when LMDB has given this folder up: nothing can be read or written until another process opens it. */
  readonly onBroken?: (error: StoreBroken) => void
}

/**
 * Opens a folder for this process alone. Rejects with `StoreLocked` (another server has it), `StoreTooNew` (written by
 * a newer version) or `StoreUnavailable` (it cannot be written, or is no store); each says what to do.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, quotaBytes } = options
  const unlock = takeFolder(path)
  const { tables, boot } = openFolder(path, unlock)
  const reader = createReader()
  const writer = createWriter()
  const rowReads = createRowReads(tables, reader)
  const availability = createAvailability({
    ...options,
    usedBytes: () => usedBytes(tables),
    tryWrite: async () => {
      await transact((puts) => puts.put('meta', PROBE_KEY, PROBE))
      readMarks()
    },
  })
  let end = lastCommit(tables, reader)
  let next = readNext(tables, reader)
  let isClosed = false

  /** Where a meta page could not be written LMDB gives the folder up, and the next write would never end. */
  async function giveUp(failure: unknown): Promise<void> {
    const cause = await rootOf(failure)
    const error = new StoreBroken(`LMDB has given up ${path} (${saidBy(cause)}): it must be opened again`, {
      cause,
    })
    availability.broke(error.message)
    options.onBroken?.(error)
  }

  /** A commit that failed when it was flushed is visible all the same, and on disk with the first one that succeeds. */
  function readMarks(): void {
    end = lastCommit(tables, reader)
    next = readNext(tables, reader)
  }

  /** One transaction, on disk when it resolves. */
  async function transact(change: (puts: Puts) => void): Promise<void> {
    // Unlike in transaction(), a throw in childTransaction() undoes the puts before it.
    try {
      await tables.env.childTransaction(() => {
        if (readCounter(tables, BOOT_KEY) !== boot) throw new StaleCommit(OPENED_BY_ANOTHER)
        change(createPuts(tables, options.beforePut))
      })
      await options.beforeFlushed?.()
      await tables.env.flushed
    } catch (error) {
      if (!isClosed && !canRead(tables)) await giveUp(error)
      throw error
    }
    // Whoever is told of this commit reads it at once (H5).
    tables.env.resetReadTxn()
  }

  /** What makes room is tried also where there is none. */
  async function write(change: (puts: Puts) => void, { bytes = 0, makesRoom = false } = {}): Promise<void> {
    if (!makesRoom) refuseWhereUnavailable(availability)
    try {
      await transact(change)
    } catch (error) {
      if (error instanceof StaleCommit) throw error
      const cause = await rootOf(error)
      availability.failed(cause)
      throw new StoreUnavailable(availability.reason() ?? 'the store could not write', { cause })
    }
    availability.wrote(bytes)
  }

  function rowsOf(draft: Draft): DraftRows {
    const rows = rowsOfDraft(draft)
    if (rows?.owner !== tables) throw new Error('this draft was not made by this store: use createDraft')
    return rows
  }

  async function commit(draft: Draft, { at }: { readonly at: number }): Promise<void> {
    refuseWhereUnavailable(availability)
    const rows = rowsOf(draft)
    const batch = encodeDraft(writer, rows, at)
    await write(
      (puts) => {
        checkPosition(lastCommit(tables, reader), batch)
        putBatch(tables, puts, { batch, out: writer })
      },
      { bytes: batch.bytes },
    )
    // The draft in front is on disk too by now; what it kept can go.
    rows.below = rowReads
    next = highest(next, rows.next)
    if (batch.count > 0) end = { position: batch.firstPosition + batch.count - 1, at }
  }

  const store: Store = {
    ...rowReads,
    ...createLists(tables, reader, rowReads),
    ...createProofs(tables),
    ...createRelayRows(tables, { reader, writer }, write),
    ...createUpkeep(tables, { reader, writer }, write),
    ...createErasing(tables, { reader, writer }, write),
    ...createFading(tables, { reader, writer }, write),
    path,
    boot,
    lastPosition: () => end.position,
    lastAt: () => end.at,
    createDraft(behind) {
      const front = behind && rowsOf(behind)
      const free = () => (front === undefined ? next : highest(front.next, next))
      return createDraft(behind ?? rowReads, free, tables)
    },
    commit,
    unavailable: availability.reason,
    recovered: availability.recovered,
    stats: () => ({ ...diskBytes(tables), quotaBytes, lastPosition: end.position, lastAt: end.at }),
    async close() {
      isClosed = true
      availability.stop()
      await tables.env.close()
      unlock()
    },
  }
  await availability.look()
  return store
}

const PROBE_KEY = idKey('probe')
const PROBE = Buffer.of(1)
const OPENED_BY_ANOTHER = 'another server has opened this data folder since: this one must stop'

/** What the system said, where lmdb only says that a commit failed; it comes in this turn or not at all. */
async function rootOf(error: unknown): Promise<unknown> {
  const said = commitErrorOf(error)?.catch((root: unknown) => root)
  const turn = new Promise((resolve) => setImmediate(resolve, error))
  return said === undefined ? error : Promise.race([said, turn])
}

/** LMDB refuses every transaction of a folder that it has given up. */
function canRead(tables: Tables): boolean {
  try {
    tables.env.resetReadTxn()
    tables.meta.getBinaryFast(PROBE_KEY)
    return true
  } catch {
    return false
  }
}

function refuseWhereUnavailable(availability: Availability): void {
  const reason = availability.reason()
  if (reason !== null) throw new StoreUnavailable(reason)
}

/** Makes the folder if need be, and takes it for this process. */
function takeFolder(path: string): () => void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return lockFolder(path)
  } catch (cause) {
    if (cause instanceof StoreLocked) throw cause
    throw new StoreUnavailable(
      `${path} cannot be written (${saidBy(cause)}): name a folder with VESTIBULE_DATA that this user may write`,
      { cause },
    )
  }
}

function openFolder(path: string, unlock: () => void): { readonly tables: Tables; readonly boot: number } {
  let tables: Tables | undefined
  try {
    tables = openTables(path)
    return { tables, boot: prepareLayout(tables, path) }
  } catch (cause) {
    void tables?.env.close()
    unlock()
    if (cause instanceof StoreTooNew) throw cause
    throw new StoreUnavailable(
      `${path} cannot be opened as a store (${saidBy(cause)}): see whether it is one, and whether its disk is full or broken`,
      { cause },
    )
  }
}

/** The numbers after the highest on disk, and after those that were erased: none is given out twice. */
function readNext(tables: Tables, reader: Reader): Numbers {
  const [visitor] = tables.visitors.getKeys({ reverse: true, limit: 1 })
  const [identity] = tables.identities.getKeys({ reverse: true, limit: 1 })
  const gone = highestGone(tables, reader)
  return {
    visitor: 1 + Math.max(gone.visitor, visitor === undefined ? 0 : KEYS.visitor.part(visitor, 0)),
    identity: 1 + Math.max(gone.identity, identity === undefined ? 0 : KEYS.identity.part(identity, 0)),
  }
}

function saidBy(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
