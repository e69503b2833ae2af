/** A visitor's stream told again: what followed from each entry, and the state at the end, are what is kept. */
import type { VisitorContext } from '../../../machines/context.ts'
import type { Fact } from '../../../machines/facts.ts'
import { MACHINE_VERSION } from '../../../machines/versions.ts'
import { keep, type VisitorSnapshot } from '../../../machines/visitor.ts'
import type { StoredEntry, VisitorRow } from '../../store/rows.ts'
import { factsOf } from '../../visitors/entries.ts'
import { BASE_EVERY } from '../../visitors/recorder.ts'
import { type Replayed, replay } from '../../visitors/replay.ts'
import { fromSnapshotRow } from '../../visitors/snapshots.ts'
import { firstDifference } from './differences.ts'
import type { Proof } from './proof.ts'
import { entriesOf } from './reading.ts'

export interface Listeners {
  /** Told of every entry that is there, in order. */
  readonly read: (stored: StoredEntry) => void
  /** Told of every entry up to where the replay came, with what followed from it. */
  readonly told: (stored: StoredEntry, facts: readonly Fact[]) => void
}

/**
 * Replays from `replayFrom`; outcomes before it are taken as they are kept. Returns the state after the last entry,
 * or null where there is none to be had. Each entry is read once.
 */
export function proveReplay(proof: Proof, row: VisitorRow, { read, told }: Listeners): VisitorContext | null {
  // A visitor that has not been woken since the machine changed was decided by the older one: nothing to replay.
  const isOlder = row.machineVersion !== MACHINE_VERSION
  const from = isOlder ? row.seq : row.replayFrom.seq
  let reached = 0
  const take = (stored: StoredEntry, facts: readonly Fact[]): void => {
    reached = stored.seq
    read(stored)
    told(stored, facts)
  }
  for (const stored of from === 0 ? [] : entriesOf(proof.store, row.number)) {
    if (stored.seq > from) break
    take(stored, factsOf(stored))
  }
  const context = contextAfter(() => {
    let { snapshot } = fromSnapshotRow(isOlder ? row : { ...row, ...row.replayFrom }, proof.book)
    if (isOlder) return snapshot.context
    for (const replayed of replay(proof.store, proof.book, row)) {
      snapshot = replayed.snapshot
      const { seq } = replayed.stored
      proveOutcome(proof, row.number, replayed)
      if (seq % BASE_EVERY === 0) proveBase(proof, row, { seq, snapshot })
      take(replayed.stored, replayed.facts)
    }
    proveSnapshot(proof, row, snapshot)
    return snapshot.context
  })
  // What the replay did not come to is read all the same.
  for (const stored of entriesOf(proof.store, row.number, reached + 1)) read(stored)
  return context

  function contextAfter(replayAll: () => VisitorContext): VisitorContext | null {
    try {
      return replayAll()
    } catch (cause) {
      const found = cause instanceof Error ? cause.name : 'a throw'
      proof.tell({ visitor: row.number, what: `replay after entry ${reached}`, expected: 'a state', found })
      return null
    }
  }
}

function proveOutcome({ tell }: Proof, visitor: number, { stored, facts }: Replayed): void {
  const told = facts.filter(({ type }) => !type.startsWith('page.'))
  const difference = firstDifference(`outcome of entry ${stored.seq}`, told, factsOf(stored))
  if (difference !== null) tell({ visitor, ...difference })
}

interface Reached {
  readonly seq: number
  readonly snapshot: VisitorSnapshot
}

function proveBase({ store, book, tell }: Proof, row: VisitorRow, { seq, snapshot }: Reached): void {
  const base = store.baseAtOrBefore(row.number, seq)
  const what = `kept state after entry ${seq}`
  if (base?.seq !== seq) return tell({ visitor: row.number, what, expected: 'a row', found: 'no row' })
  if (base.machineVersion !== MACHINE_VERSION) return
  const kept = fromSnapshotRow({ ...base, globalVisitID: row.globalVisitID }, book).snapshot
  const difference = firstDifference(what, keep(snapshot), keep(kept))
  if (difference !== null) tell({ visitor: row.number, ...difference })
}

function proveSnapshot({ book, tell }: Proof, row: VisitorRow, replayed: VisitorSnapshot): void {
  const difference = firstDifference('snapshot', keep(replayed), keptSnapshot())
  if (difference !== null) tell({ visitor: row.number, ...difference })

  function keptSnapshot(): unknown {
    try {
      return keep(fromSnapshotRow(row, book).snapshot)
    } catch (cause) {
      return cause instanceof Error ? cause.name : 'none'
    }
  }
}
