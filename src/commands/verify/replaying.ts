/** A visitor's stream told again: what followed from each entry, and the state at the end, are what is kept. */
import type { VisitorContext } from '../../../machines/context.ts'
import type { Fact } from '../../../machines/facts.ts'
import { MACHINE_VERSION } from '../../../machines/versions.ts'
import { keep, type VisitorSnapshot } from '../../../machines/visitor.ts'
import type { StoredEntry, VisitorRow } from '../../store/rows.ts'
import { BASE_EVERY } from '../../visitors/recorder.ts'
import { type Replayed, replay } from '../../visitors/replay.ts'
import { fromSnapshotRow } from '../../visitors/snapshots.ts'
import { firstDifference } from './differences.ts'
import type { Proof } from './proof.ts'
import { entriesOf } from './reading.ts'

/** Told of every entry and what followed from it, in order. */
export type Listener = (stored: StoredEntry, facts: readonly Fact[]) => void

/**
 * Replays from `replayFrom`; outcomes before it are taken as they are kept. Returns the state after the last entry,
 * or null where there is none to be had.
 */
export function proveReplay(proof: Proof, row: VisitorRow, listener: Listener): VisitorContext | null {
  // A visitor that has not been woken since the machine changed was decided by the older one: nothing to replay.
  const isOlder = row.machineVersion !== MACHINE_VERSION
  const from = isOlder ? row.seq : row.replayFrom.seq
  for (const stored of entriesOf(proof.store, row.number)) {
    if (stored.seq > from) break
    listener(stored, outcomeOf(stored))
  }
  let seq = from
  try {
    let { snapshot } = fromSnapshotRow(isOlder ? row : { ...row, ...row.replayFrom }, proof.book)
    if (isOlder) return snapshot.context
    for (const replayed of replay(proof.store, proof.book, row)) {
      snapshot = replayed.snapshot
      seq = replayed.stored.seq
      proveOutcome(proof, row.number, replayed)
      if (seq % BASE_EVERY === 0) proveBase(proof, row, { seq, snapshot })
      listener(replayed.stored, replayed.facts)
    }
    proveSnapshot(proof, row, snapshot)
    return snapshot.context
  } catch (cause) {
    const found = cause instanceof Error ? cause.name : 'a throw'
    proof.tell({ visitor: row.number, what: `replay after entry ${seq}`, expected: 'a state', found })
    return null
  }
}

/** What was kept of what followed; it has no facts about pages. */
function outcomeOf({ outcome }: StoredEntry): readonly Fact[] {
  // The boundary where the opaque outcome becomes the facts that the visitors' room kept.
  return Array.isArray(outcome) ? (outcome as readonly Fact[]) : []
}

function proveOutcome({ tell }: Proof, visitor: number, { stored, facts }: Replayed): void {
  const told = facts.filter(({ type }) => !type.startsWith('page.'))
  const difference = firstDifference(`outcome of entry ${stored.seq}`, told, outcomeOf(stored))
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
