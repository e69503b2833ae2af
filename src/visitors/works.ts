/** The kinds of work that the committer is given here: entries for an actor, a token to bind, deadlines to look at. */
import { timingSafeEqual } from 'node:crypto'
import type { TokenRow } from '../store/rows.ts'
import type { Batch, Work } from './committer.ts'
import type { NewEntry, Outcome, Recorded } from './contract.ts'
import type { Recorder } from './recorder.ts'

export type VisitorWork = ActorWork | RowsWork

/** Needs the visitor's actor. */
export interface ActorWork extends Work {
  readonly is: 'actor'
  readonly apply: (recorder: Recorder) => void
}

/** Needs only the draft: a token may be bound to a visitor who never says anything. */
export interface RowsWork extends Work {
  readonly is: 'rows'
  readonly apply: (batch: Batch<VisitorWork>) => void
}

/** How a work ends. */
interface Settling<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** Entries to record; what became of each when they are on disk. */
export function entriesWork(
  globalVisitID: string,
  entries: readonly NewEntry[],
  { resolve, reject }: Settling<Recorded>,
): VisitorWork {
  let recorded: Recorded = { outcomes: [], visitId: null, withdrawn: false }
  return {
    is: 'actor',
    globalVisitID,
    entries: entries.length,
    bytes: entries.reduce((bytes, entry) => bytes + roughBytes(entry), 0),
    apply: (recorder) => {
      const outcomes: readonly Outcome[] = entries.map(recorder.take)
      const visitId = recorder.visit()?.visitId ?? null
      recorded = { outcomes, visitId, withdrawn: recorder.hasWithdrawn() }
    },
    kept: () => resolve(recorded),
    lost: reject,
  }
}

/** Deadlines to apply if they are due. */
export function deadlinesWork(globalVisitID: string, { resolve, reject }: Settling<void>): VisitorWork {
  const apply = (recorder: Recorder): void => recorder.catchUp()
  return { is: 'actor', globalVisitID, entries: 1, bytes: 0, apply, kept: resolve, lost: reject }
}

/** P6: a token without an event is forgotten a day later. Who says hello again in its second half has a day from then. */
const OLD_TOKEN_MS = 12 * 60 * 60_000

export function isOld({ boundAt }: TokenRow, now: number): boolean {
  return now - boundAt > OLD_TOKEN_MS
}

/** P6: the first token is bound; true if this one is the bound one then. */
export function tokenWork(
  globalVisitID: string,
  hash: Uint8Array,
  { resolve, reject }: Settling<boolean>,
): VisitorWork {
  let isBound = false
  return {
    is: 'rows',
    globalVisitID,
    entries: 1,
    bytes: 0,
    apply: ({ draft, at }) => {
      // Q12: erased since it was asked for.
      if (draft.erasedAt('device', globalVisitID) !== 0) return
      const other = draft.token(globalVisitID)
      isBound = other === null || timingSafeEqual(other.hash, hash)
      const isFresh = other === null || (isBound && isOld(other, at))
      if (isFresh) draft.putToken({ globalVisitID, hash, boundAt: at })
    },
    kept: () => resolve(isBound),
    lost: reject,
  }
}

/** Q12: what an erasure does to a visitor, in its turn among what happens there. */
export function erasingWork(
  globalVisitID: string,
  apply: (recorder: Recorder) => void,
  { resolve, reject }: Settling<void>,
): VisitorWork {
  return { is: 'actor', globalVisitID, entries: 1, bytes: 0, apply, kept: resolve, lost: reject }
}

/** Q12: rows of people that no actor holds, changed in their turn among the commits. */
export function rowsWork(
  apply: (draft: Batch<VisitorWork>['draft'], at: number) => void,
  { resolve, reject, lost = () => {} }: Settling<void> & { readonly lost?: (() => void) | undefined },
): VisitorWork {
  return {
    is: 'rows',
    globalVisitID: '',
    entries: 1,
    bytes: 0,
    apply: ({ draft, at }) => apply(draft, at),
    kept: resolve,
    lost: (error) => {
      lost()
      reject(error)
    },
  }
}

/** What an entry without its texts takes, about. */
const ENTRY_BYTES = 256

/** About how many bytes an entry is: what bounds a commit. */
function roughBytes(entry: NewEntry): number {
  if (entry.type !== 'event') return ENTRY_BYTES
  return ENTRY_BYTES + entry.words.url.length + roughSize(entry.words.data)
}

function roughSize(data: Readonly<Record<string, unknown>>): number {
  let size = 0
  for (const key in data) {
    const value = data[key]
    size += key.length
    if (typeof value === 'string') size += value.length
    else size += typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8
  }
  return size
}
