/** Changes that NATS refused for good: they lie on disk with the reason, and their visitor's next message says so (B6). */
import type { Store } from '../store/contract.ts'
import type { ChangeRow, DeadRow } from '../store/rows.ts'
import { type BusLog, reasonOf } from './log.ts'

export interface DeadChanges {
  /** Gives this change up; on disk when it resolves. */
  readonly bury: (change: ChangeRow, reason: string) => Promise<void>
  /** How many changes are missing right before this visitor's next message; 0 where nothing is. */
  readonly gapBefore: (number: number) => number
  /** That message is published. */
  readonly told: (number: number) => void
  /** How many lie there. */
  readonly count: () => number
  readonly close: () => Promise<void>
}

export interface DeadParts {
  readonly store: Pick<Store, 'dead' | 'putDead'>
  readonly log: BusLog
  /** Epoch ms. */
  readonly now: () => number
}

const SLICE_ROWS = 500

/** Begins with what the disk says. */
export function createDeadChanges({ store, log, now }: DeadParts): DeadChanges {
  const untold = new Map<number, readonly DeadRow[]>()
  let count = 0
  let telling: Promise<void> = Promise.resolve()

  function keepUntold(row: DeadRow): void {
    const { number } = row.change
    untold.set(number, [...(untold.get(number) ?? []), row])
  }

  for (let from = 0; ; ) {
    const rows = store.dead({ from, limit: SLICE_ROWS })
    for (const row of rows) if (!row.told) keepUntold(row)
    count += rows.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < SLICE_ROWS) break
    from = last.change.position + 1
  }

  async function tell(rows: readonly DeadRow[]): Promise<void> {
    try {
      await store.putDead(rows.flatMap((row) => keptNow(row) ?? []).map((row) => ({ ...row, told: true })))
    } catch (error) {
      // Then, after a restart, one more message says what an earlier one has said.
      log.warn({ reason: reasonOf(error) }, 'that a gap was told cannot be written down')
    }
  }

  /** As it lies there by now: who was erased since is named in it no more (Q12), and what is gone stays gone. */
  function keptNow({ change: { position, n } }: DeadRow): DeadRow | undefined {
    const rows = store.dead({ from: position, limit: n })
    return rows.find(({ change }) => change.position === position && change.n === n)
  }

  return {
    async bury(change, reason) {
      const row = { change, reason, at: now(), told: false }
      await store.putDead([row])
      count++
      keepUntold(row)
      const { position, kind } = change
      log.error({ position, kind, reason }, 'a change was refused for good; it is kept among the dead')
    },
    gapBefore: (number) => untold.get(number)?.length ?? 0,
    told(number) {
      const rows = untold.get(number)
      if (rows === undefined) return
      untold.delete(number)
      telling = telling.then(() => tell(rows))
    },
    count: () => count,
    close: () => telling,
  }
}
