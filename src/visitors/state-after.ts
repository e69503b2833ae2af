/** States of a visitor as rows keep them: after one of its entries, and without what is too old to be remembered. */
import { MACHINE_VERSION } from '../../machines/versions.ts'
import { keep, resume } from '../../machines/visitor.ts'
import type { Store } from '../store/contract.ts'
import type { VisitorRow } from '../store/rows.ts'
import { bootIn, replayStretch } from './replay.ts'
import { type TooOld, withoutOld } from './shedding.ts'
import { fromSnapshotRow, type SettingsBook, toSnapshotRow } from './snapshots.ts'

export type StateRow = VisitorRow['replayFrom']

export interface States {
  /**
   * Resolves with the state after an entry, applied again from the one kept nearest before it; null where `replayFrom`
   * lies behind it. Rejects with `SnapshotDamaged`.
   */
  readonly after: (row: VisitorRow, seq: number, breathe: () => Promise<void>) => Promise<StateRow | null>
  /** `isDeep` as in `withoutOld`. Throws `SnapshotDamaged`. */
  readonly without: (
    globalVisitID: string,
    state: StateRow,
    old: TooOld,
  ) => { readonly state: StateRow; readonly isDeep: boolean }
}

/** Entries applied between two breaths. */
const STRIDE = 64

export function createStates(store: Store, book: SettingsBook): States {
  return {
    async after(row, seq, breathe) {
      const from = beginning(store, row, seq)
      if (from === null || from.seq === seq) return from
      let { snapshot, boot } = fromSnapshotRow({ globalVisitID: row.globalVisitID, ...from }, book)
      let applied = 0
      for (const replayed of replayStretch(store, book, { row, from, to: seq })) {
        snapshot = replayed.snapshot
        boot = bootIn(replayed.stored) ?? boot
        applied += 1
        if (applied % STRIDE === 0) await breathe()
      }
      return { seq, machineVersion: MACHINE_VERSION, snapshot: toSnapshotRow(snapshot, book, boot) }
    },
    without(globalVisitID, state, old) {
      const { snapshot, boot } = fromSnapshotRow({ globalVisitID, ...state }, book)
      const kept = keep(snapshot)
      const { context, isDeep } = withoutOld(kept.context, old)
      if (context === kept.context) return { state, isDeep }
      const young = toSnapshotRow(resume({ ...kept, context }), book, boot)
      return { state: { seq: state.seq, machineVersion: MACHINE_VERSION, snapshot: young }, isDeep }
    },
  }
}

/** What comes before `replayFrom` is only told, not applied again. */
function beginning(store: Store, { number, replayFrom }: VisitorRow, seq: number): StateRow | null {
  if (replayFrom.seq > seq) return null
  const base = store.baseAtOrBefore(number, seq)
  return base !== null && base.seq >= replayFrom.seq ? base : replayFrom
}
