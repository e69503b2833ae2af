/** One visitor's stream as it stands: seq without gaps, positions that rise, time that never falls, each event found again. */
import { isStoredEvent, type StoredEntry, type StoredEvent, type VisitorRow } from '../../store/rows.ts'
import { createCoverage } from './coverage.ts'
import { type Checks, createChecks } from './findings.ts'
import type { Proof, Tally } from './proof.ts'
import { entriesOf } from './reading.ts'

/** Proves it and counts what is in it. */
export function proveStream(
  { store, tell, firstCommit }: Proof,
  row: VisitorRow,
): Pick<Tally, 'entries' | 'events' | 'committed'> {
  const checks = createChecks(row.number, tell)
  const coverage = createCoverage(store, row.number, checks)
  const owned = createOwnership(row.number, (visitID) => store.name('visit', visitID)?.number ?? 0)
  let [entries, events, committed] = [0, 0, 0]
  let last: Pick<StoredEntry, 'seq' | 'position' | 'at'> = { seq: row.keptFrom - 1, position: 0, at: 0 }
  for (const stored of entriesOf(store, row.number)) {
    checks.same(`seq of the entry after ${last.seq}`, stored.seq, last.seq + 1)
    checks.holds(
      `the position of entry ${stored.seq} is above the one before`,
      stored.position > last.position,
    )
    checks.holds(`the time of entry ${stored.seq} is not before the one before`, stored.at >= last.at)
    if (stored.seq === 1) checks.same('the time of the first entry (firstAt)', row.firstAt, stored.at)
    coverage(stored)
    if (isStoredEvent(stored)) {
      checks.same(`seq that the eventID of entry ${stored.seq} is remembered with`, seen(stored), stored.seq)
      checks.holds(`the visitID of entry ${stored.seq} belongs to this visitor`, owned(stored))
      events += 1
    }
    if (stored.position >= firstCommit) committed += 1
    entries += 1
    last = stored
  }
  proveEnd(checks, row, last)
  return { entries, events, committed }

  function seen({ words }: StoredEvent): number {
    return store.seenSeq(row.number, words.eventID)
  }
}

function proveEnd(checks: Checks, row: VisitorRow, last: Pick<StoredEntry, 'seq' | 'position' | 'at'>): void {
  checks.same('seq of the last entry', last.seq, row.seq)
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
