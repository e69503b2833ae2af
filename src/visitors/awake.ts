/** A visitor that is awake: its live actor, and the row as it was last put. */
import type { Fact } from '../../machines/facts.ts'
import { MACHINE_VERSION, SnapshotDamaged } from '../../machines/versions.ts'
import { birth, startVisitor, type VisitorActor, type VisitorSnapshot } from '../../machines/visitor.ts'
import type { Draft } from '../store/contract.ts'
import type { ErasedSpan } from '../store/erased.ts'
import type { VisitorRow } from '../store/rows.ts'
import { rebuild } from './replay.ts'
import type { Room } from './room.ts'
import { fromSnapshotRow, toBirthRow, toSnapshotRow } from './snapshots.ts'

export interface Awake {
  readonly globalVisitID: string
  /** 0 until its first entry. */
  number: number
  actor: VisitorActor
  row: VisitorRow
  /** What the actor emitted and nobody took yet. */
  readonly facts: Fact[]
  /** The start under which its last entry was applied (Q7). */
  boot: number
  /** The current identity's number, remembered. */
  identity: { readonly identityId: string; readonly number: number } | null
  /** Batches that hold entries of it and are not on disk. */
  unflushed: number
  lastUsedAt: number
  /** Pseudonyms of people it has forgotten since it woke. */
  readonly forgotten: Set<string>
  /** What of its visits was erased: nothing comes late to it. */
  erasedSpans: readonly ErasedSpan[]
}

/** Wakes a visitor from its row, or brings a new one to life. Throws `SnapshotTooNew`. */
export function wake(room: Room, globalVisitID: string, draft: Draft): Awake {
  const row = draft.visitor(draft.visitorNumber(globalVisitID))
  if (row === null) return born(room, globalVisitID)
  const awake = restored(room, row)
  awake.erasedSpans = draft.erasedSpans(row.number)
  return awake
}

function born(room: Room, globalVisitID: string): Awake {
  const snapshot = birth({ globalVisitID, settings: room.settings })
  const stored = toSnapshotRow(snapshot, room.book, room.store.boot)
  const row: VisitorRow = {
    number: 0,
    globalVisitID,
    seq: 0,
    position: 0,
    at: 0,
    firstAt: 0,
    machineVersion: MACHINE_VERSION,
    snapshot: stored,
    armedAt: 0,
    disarmed: [],
    keptFrom: 1,
    newest: 0,
    replayFrom: { seq: 0, machineVersion: MACHINE_VERSION, snapshot: toBirthRow(room.book) },
    connected: 0,
  }
  return living(row, snapshot, room.store.boot)
}

function restored(room: Room, row: VisitorRow): Awake {
  try {
    const { snapshot, boot, migrated } = fromSnapshotRow(row, room.book)
    if (!migrated) return living(row, snapshot, boot)
    const stored = toSnapshotRow(snapshot, room.book, boot)
    const replayFrom = { seq: row.seq, machineVersion: MACHINE_VERSION, snapshot: stored }
    return living({ ...row, machineVersion: MACHINE_VERSION, snapshot: stored, replayFrom }, snapshot, boot)
  } catch (cause) {
    if (!(cause instanceof SnapshotDamaged)) throw cause
    room.log.warn(
      { visitor: row.number, reason: cause.message },
      'a damaged snapshot is rebuilt from the stream',
    )
    const { snapshot, boot } = rebuild(room, row)
    return living({ ...row, machineVersion: MACHINE_VERSION }, snapshot, boot)
  }
}

function living(row: VisitorRow, snapshot: VisitorSnapshot, boot: number): Awake {
  const { globalVisitID, number } = row
  const facts: Fact[] = []
  const awake: Awake = {
    globalVisitID,
    number,
    actor: startVisitor(snapshot),
    row,
    facts,
    boot,
    identity: null,
    unflushed: 0,
    lastUsedAt: 0,
    forgotten: new Set(),
    erasedSpans: [],
  }
  listen(awake)
  return awake
}

/** E12: the actor that threw is dead; another goes on from where it was. */
export function revive(awake: Awake, snapshot: VisitorSnapshot): void {
  awake.actor = startVisitor(snapshot)
  awake.facts.length = 0
  listen(awake)
}

function listen(awake: Awake): void {
  awake.actor.on('*', (fact) => {
    awake.facts.push(fact)
  })
}

/** A visitor is numbered with its first entry: one whose words were all refused leaves nothing behind. */
export function giveNumber(awake: Awake, draft: Draft): void {
  awake.number = draft.numberVisitor(awake.globalVisitID)
  awake.row = { ...awake.row, number: awake.number }
}
