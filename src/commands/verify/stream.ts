/** One visitor's stream as it stands: seq without gaps, positions that rise, time that never falls, each event found again. */
import { orderOf } from '../../store/order.ts'
import { isStoredEvent, type StoredEntry, type StoredEvent, type VisitorRow } from '../../store/rows.ts'
import { createCoverage } from './coverage.ts'
import { type Checks, createChecks } from './findings.ts'
import type { Proof, Tally } from './proof.ts'

export interface Stream {
  /** Looks at the next entry. */
  readonly take: (stored: StoredEntry) => void
  /** Looks at where it ended, and counts what was in it. */
  readonly finish: () => Pick<Tally, 'entries' | 'events' | 'seenBefore' | 'committed' | 'chunks'>
}

/** Proves a stream as its entries are read. */
export function createStream({ store, tell, firstCommit }: Proof, row: VisitorRow): Stream {
  const { number } = row
  const checks = createChecks(number, tell)
  const coverage = createCoverage(store, number, checks)
  const owned = createOwnership(number, (visitID) => store.name('visit', visitID)?.number ?? 0)
  let [entries, events, committed] = [0, 0, 0]
  let last: Pick<StoredEntry, 'seq' | 'position' | 'at'> = { seq: row.keptFrom - 1, position: 0, at: 0 }

  const takeEvent = (stored: StoredEvent): void => {
    const { seq, words } = stored
    events += 1
    // Q12: its ids are gone; its eventID is remembered by a hash all the same.
    if (stored.erased === true) return
    const seen = store.seenSeq(number, words.eventID)
    checks.same(`seq that the eventID of entry ${seq} is remembered with`, seen, seq)
    checks.holds(
      `the eventID of entry ${seq} is not later than the latest`,
      orderOf(words.eventID) <= row.newest,
    )
    checks.holds(`the visitID of entry ${seq} belongs to this visitor`, owned(stored))
  }

  return {
    take: (stored) => {
      const { seq, position, at } = stored
      checks.same(`seq of the entry after ${last.seq}`, seq, last.seq + 1)
      checks.holds(`the position of entry ${seq} is above the one before`, position > last.position)
      checks.holds(`the time of entry ${seq} is not before the one before`, at >= last.at)
      if (seq === 1) checks.same('the time of the first entry (firstAt)', row.firstAt, at)
      coverage(stored)
      if (isStoredEvent(stored)) takeEvent(stored)
      if (position >= firstCommit) committed += 1
      entries += 1
      last = { seq, position, at }
    },
    finish: () => {
      proveEnd(checks, row, last)
      const seenBefore = row.keptFrom === 1 ? 0 : store.seenBefore(number, row.keptFrom)
      return { entries, events, seenBefore, committed, chunks: firstCommit > 1 ? countChunks(store, row) : 0 }
    },
  }
}

/** Retention has left nothing of its stream. */
function isEmpty({ keptFrom, seq }: VisitorRow): boolean {
  return keptFrom > seq
}

function countChunks({ chunks }: Proof['store'], { number }: VisitorRow): number {
  let count = 0
  for (let from = 1; ; ) {
    const read = chunks(number, { from, entries: CHUNK_ENTRIES })
    const last = read.at(-1)?.entries.at(-1)
    if (last === undefined) return count
    count += read.length
    from = last.seq + 1
  }
}

const CHUNK_ENTRIES = 1_000

function proveEnd(checks: Checks, row: VisitorRow, last: Pick<StoredEntry, 'seq' | 'position' | 'at'>): void {
  checks.same('seq of the last entry', last.seq, row.seq)
  if (isEmpty(row)) return
  checks.same('position of the last entry', last.position, row.position)
  checks.same('time of the last entry', last.at, row.at)
}

/** E9: what an event was recorded under is its visitor's own; a faulted one owns nothing. */
function createOwnership(number: number, ownerOf: (visitID: string) => number) {
  let asked = ''
  let isOwn = true
  return ({ words, faulted }: StoredEvent): boolean => {
    if (faulted) return true
    if (words.visitID !== asked) isOwn = ownerOf(words.visitID) === number
    asked = words.visitID
    return isOwn
  }
}
