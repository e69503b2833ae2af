/**
 * The committer: one transaction for all that was waiting. At most one batch is being written; behind it another is
 * filled, applied already. If one fails, so does the one behind it, and nothing of either is kept.
 */
import type { Draft, Store } from '../store/contract.ts'
import type { Awake } from './awake.ts'
import type { Clock } from './clock.ts'
import type { Committed } from './contract.ts'
import type { Timing } from './timing.ts'

/** Something to apply and to keep. */
export interface Work {
  /** Works of one visitor that wait together are applied together. */
  readonly globalVisitID: string
  readonly entries: number
  readonly bytes: number
  /** On disk. */
  kept(): void
  /** Not kept; nothing of it is. */
  lost(error: Error): void
}

/** What is applied and not yet on disk. */
export interface Batch<W extends Work> {
  readonly draft: Draft
  readonly works: W[]
  readonly touched: Set<Awake>
  readonly visits: Committed['visits'][number][]
  entries: number
  bytes: number
  at: number
  /** The store was asked to keep it: where it then fails, the disk may have it all the same. */
  wasTried: boolean
  /** The node's position before it. */
  readonly firstPosition: number
}

export interface CommitterOptions<W extends Work> {
  readonly store: Store
  readonly clock: Clock
  readonly timing: Timing
  readonly entriesMax: number
  readonly bytesMax: number
  readonly waitingMax: number
  /** Applies the works of one visitor to its actor and the batch's draft; an error where it cannot be woken. */
  readonly apply: (batch: Batch<W>, works: readonly W[], nextPosition: () => number) => Error | null
  /** Told when a batch is on disk, before its works are. */
  readonly committed: (batch: Batch<W>) => void
  /** Told when a batch is lost: its actors ran ahead of the disk. */
  readonly lost: (batch: Batch<W>, error: Error) => void
}

export interface Committer<W extends Work> {
  readonly add: (work: W) => void
  readonly waiting: () => number
  readonly isFull: () => boolean
  readonly whenRoom: () => Promise<void>
  /** Resolves when nothing waits and nothing is being written. */
  readonly idle: () => Promise<void>
}

/** Makes a committer; it works when something is added. */
export function createCommitter<W extends Work>(options: CommitterOptions<W>): Committer<W> {
  const { store, clock, timing, entriesMax, bytesMax, waitingMax } = options
  let waiting: W[] = []
  let waitingEntries = 0
  let filling: Batch<W> | null = null
  let writing: Batch<W> | null = null
  let position = store.lastPosition()
  let isScheduled = false
  const whenRoom: (() => void)[] = []
  const whenIdle: (() => void)[] = []

  const nextPosition = (): number => {
    position += 1
    return position
  }

  const add = (work: W): void => {
    waiting.push(work)
    waitingEntries += work.entries
    schedule()
  }

  /** After the I/O of this turn: what came together is applied together. */
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    timing.soon(() => {
      isScheduled = false
      turn()
    })
  }

  const turn = (): void => {
    fill()
    if (writing === null && filling !== null) write(filling)
    if (waiting.length === 0 && writing === null) settle(whenIdle.splice(0))
    else if (waiting.length > 0 && !isBatchFull()) schedule()
  }

  const isBatchFull = (): boolean =>
    filling !== null && (filling.entries >= entriesMax || filling.bytes >= bytesMax)

  /** Applies what waits, visitor by visitor, to the batch that is filled. */
  const fill = (): void => {
    if (waiting.length === 0 || isBatchFull()) return
    filling = filling ?? newBatch()
    const batch = filling
    batch.at = clock.now()
    const groups = byVisitor(takeWaiting(batch))
    try {
      for (const works of groups) applyTo(batch, works)
    } catch (cause) {
      loseFilling(batch, groups.flat(), toError(cause))
    }
    if (waitingEntries < waitingMax) settle(whenRoom.splice(0))
  }

  /** A fault of ours while rows were put: the draft holds half of something, so none of it is kept. */
  const loseFilling = (batch: Batch<W>, taken: readonly W[], error: Error): void => {
    filling = null
    position = batch.firstPosition
    lose(batch, [...new Set([...batch.works, ...taken])], error)
  }

  const lose = (batch: Batch<W>, works: readonly W[], error: Error): void => {
    options.lost(batch, error)
    for (const work of works) work.lost(error)
  }

  const newBatch = (): Batch<W> => {
    // The disk's word: a commit that failed may be there all the same, and another may have gone on without us.
    if (writing === null) position = store.lastPosition()
    return {
      draft: store.createDraft(writing?.draft),
      works: [],
      touched: new Set(),
      visits: [],
      entries: 0,
      bytes: 0,
      at: 0,
      wasTried: false,
      firstPosition: position,
    }
  }

  const takeWaiting = (batch: Batch<W>): readonly W[] => {
    let taken = 0
    while (taken < waiting.length && !isBatchFull()) {
      const work = waiting[taken]
      if (work === undefined) break
      batch.entries += work.entries
      batch.bytes += work.bytes
      taken += 1
    }
    const works = waiting.slice(0, taken)
    waiting = waiting.slice(taken)
    for (const { entries } of works) waitingEntries -= entries
    return works
  }

  /** A visitor who cannot be woken is refused alone; the others of the batch go on. */
  const applyTo = (batch: Batch<W>, works: readonly W[]): void => {
    const refusal = options.apply(batch, works, nextPosition)
    if (refusal === null) batch.works.push(...works)
    else for (const work of works) work.lost(refusal)
  }

  const write = (batch: Batch<W>): void => {
    filling = null
    writing = batch
    // What a batch of duplicates repeats may be visible, and not flushed, while the store cannot write (Q1).
    batch.wasTried = store.unavailable() === null
    const isKept = batch.draft.isEmpty && batch.wasTried
    const written = isKept ? Promise.resolve() : store.commit(batch.draft, { at: batch.at })
    written.then(
      () => {
        writing = null
        options.committed(batch)
        for (const work of batch.works) work.kept()
        batch.draft.release()
        batch.works.length = 0
        turn()
      },
      (cause: unknown) => {
        const behind = filling
        const error = toError(cause)
        writing = null
        filling = null
        lose(batch, batch.works, error)
        if (behind !== null) lose(behind, behind.works, error)
        turn()
      },
    )
  }

  return {
    add,
    waiting: () => waitingEntries,
    isFull: () => waitingEntries >= waitingMax,
    whenRoom: () => new Promise((resolve) => whenRoomOrNow(resolve)),
    idle: () => new Promise((resolve) => (isIdle() ? resolve() : whenIdle.push(resolve))),
  }

  function isIdle(): boolean {
    return waiting.length === 0 && writing === null && filling === null && !isScheduled
  }

  function whenRoomOrNow(resolve: () => void): void {
    if (waitingEntries < waitingMax) resolve()
    else whenRoom.push(resolve)
  }
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}

function settle(waiters: readonly (() => void)[]): void {
  for (const waiter of waiters) waiter()
}

/** In the order in which each visitor's first work came. */
function byVisitor<W extends Work>(works: readonly W[]): readonly (readonly W[])[] {
  const grouped = new Map<string, W[]>()
  for (const work of works) {
    const group = grouped.get(work.globalVisitID)
    if (group === undefined) grouped.set(work.globalVisitID, [work])
    else group.push(work)
  }
  return [...grouped.values()]
}
