/**
 * The store in memory: plain maps behind `src/store/contract.ts`, with the same drafts. Whoever opens it decides when a
 * transaction may go on, whether it fails, and when the power does.
 */
import type { Draft, Store } from '../../src/store/contract.ts'
import { createDraft, type DraftRows, highest, type Numbers, rowsOfDraft } from '../../src/store/draft.ts'
import { StaleCommit, StoreUnavailable } from '../../src/store/errors.ts'
import type { CommitRow } from '../../src/store/rows.ts'
import type { TableName } from '../../src/store/tables.ts'
import { keyOf, type MemoryDisk, type MemoryPuts, rangeOf } from './memory-disk.ts'
import { highestNumbers, memoryErasedReads, memoryErasing } from './memory-erasing.ts'
import { memoryFading } from './memory-fading.ts'
import { memoryLists, memoryRows, rowsIn, sizeOf } from './memory-reads.ts'
import { memoryUpkeep, type WriteRows } from './memory-upkeep.ts'
import { putDraft, stretchesOf } from './memory-writes.ts'

/** Where a transaction stands: about to be put, seen by readers but not on disk, on disk but nobody knows. */
export type Phase = 'put' | 'flush' | 'tell'

export interface MemoryStoreOptions {
  readonly disk: MemoryDisk
  /** Resolves when a transaction may go on from here; it may never, as after a crash. */
  readonly pass?: (phase: Phase) => Promise<void>
  /** Called before each put and remove, with their count in the transaction; what it throws fails it. */
  readonly beforePut?: (table: TableName, count: number) => void
  /** Called where a transaction is seen by readers and not on disk; what it throws fails it, and it is seen all the same. */
  readonly beforeFlush?: () => void
  /** After a failure: tries again whether it can write by now, when it is time. */
  readonly later?: (tryAgain: () => void) => void
  /** Why it cannot write now, or null: the trial after a failure. */
  readonly trouble?: () => string | null
}

/** Opens the disk: one more start of its node. */
export function openMemoryStore({
  disk,
  pass = () => Promise.resolve(),
  beforePut = () => {},
  beforeFlush = () => {},
  later = (tryAgain) => void setImmediate(tryAgain),
  trouble = () => null,
}: MemoryStoreOptions): Store {
  const boot = countStart(disk)
  const rowReads = { ...memoryRows(disk), ...memoryErasedReads(disk) }
  const waiting: (() => void)[] = []
  let end = lastCommit(disk)
  let next = nextNumbers(disk)
  let reason: string | null = null
  let isClosed = false
  let queue: Promise<void> = Promise.resolve()

  const tryAgain = (): void => {
    reason = trouble()
    if (reason !== null) return later(tryAgain)
    // The trial is a transaction: with it what failed at its flush is on disk, and can be told.
    disk.flush()
    end = lastCommit(disk)
    next = nextNumbers(disk)
    for (const tell of waiting.splice(0)) tell()
  }

  const goAway = (why: string): void => {
    const isKnown = reason !== null
    reason = why
    if (!isKnown) later(tryAgain)
  }

  const transact = async (change: (puts: MemoryPuts) => void): Promise<void> => {
    await pass('put')
    disk.transact((puts) => {
      // Asked in the transaction, as a disk that is full says it there.
      const why = trouble()
      if (why !== null) throw new Error(why)
      change(counted(puts, beforePut))
    })
    await pass('flush')
    beforeFlush()
    disk.flush()
    await pass('tell')
  }

  const write: WriteRows = async (change, { makesRoom = false } = {}) => {
    if (reason !== null && !makesRoom) throw new StoreUnavailable(reason)
    if (isClosed) throw new StoreUnavailable('the store is closed')
    const turn = queue.then(() => transact(change))
    queue = turn.catch(() => {})
    try {
      await turn
    } catch (cause) {
      if (cause instanceof StaleCommit) throw cause
      goAway(`the store cannot write (${cause instanceof Error ? cause.message : String(cause)})`)
      throw new StoreUnavailable(reason ?? '', { cause })
    }
  }

  const rowsOf = (draft: Draft): DraftRows => {
    const rows = rowsOfDraft(draft)
    if (rows?.owner !== disk) throw new Error('this draft was not made by this store')
    return rows
  }

  return {
    ...rowReads,
    ...memoryLists(disk),
    ...memoryUpkeep(disk, write),
    ...memoryErasing(disk, write),
    ...memoryFading(disk, write),
    path: 'memory',
    boot,
    lastPosition: () => end.position,
    lastAt: () => end.at,
    createDraft(behind) {
      const front = behind && rowsOf(behind)
      const free = () => (front === undefined ? next : highest(front.next, next))
      return createDraft(behind ?? rowReads, free, disk)
    },
    async commit(draft, { at }) {
      if (reason !== null) throw new StoreUnavailable(reason)
      const rows = rowsOf(draft)
      const firstPosition = rows.stretches[0]?.entries[0]?.position ?? 0
      const commit: CommitRow = { position: firstPosition, at, stretches: stretchesOf(rows) }
      await write((puts) => {
        checkPosition(lastCommit(disk), commit)
        putDraft(disk, puts, { rows, commit })
      })
      rows.below = rowReads
      next = highest(next, rows.next)
      if (commit.stretches.length > 0) end = { position: firstPosition + sizeOf(commit) - 1, at }
    },
    unavailable: () => (isClosed ? 'the store is closed' : reason),
    recovered: () =>
      reason === null ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve)),
    stats: () => ({
      bytes: 0,
      fileBytes: 0,
      mapBytes: 0,
      quotaBytes: 0,
      lastPosition: end.position,
      lastAt: end.at,
    }),
    async close() {
      isClosed = true
      await queue
    },
  }
}

function counted(puts: MemoryPuts, before: (table: TableName, count: number) => void): MemoryPuts {
  let count = 0
  return {
    put: (table, key, row) => {
      before(table, ++count)
      puts.put(table, key, row)
    },
    remove: (table, key) => {
      before(table, ++count)
      puts.remove(table, key)
    },
  }
}

function countStart(disk: MemoryDisk): number {
  const boot = Number(disk.table('meta').get(keyOf('boot')) ?? 0) + 1
  disk.transact((puts) => puts.put('meta', keyOf('boot'), boot))
  disk.flush()
  return boot
}

function checkPosition({ position }: End, commit: CommitRow): void {
  if (commit.stretches.length > 0 && commit.position !== position + 1) {
    throw new StaleCommit(`the node stands at ${position}; a commit cannot begin at ${commit.position}`)
  }
}

interface End {
  readonly position: number
  readonly at: number
}

function lastCommit(disk: MemoryDisk): End {
  const [last] = rowsIn<CommitRow>(disk, 'commits', { ...rangeOf(), reverse: true, limit: 1 })
  return last === undefined
    ? { position: 0, at: 0 }
    : { position: last.position + sizeOf(last) - 1, at: last.at }
}

function nextNumbers(disk: MemoryDisk): Numbers {
  const { visitor, identity } = highestNumbers(disk)
  return { visitor: visitor + 1, identity: identity + 1 }
}
