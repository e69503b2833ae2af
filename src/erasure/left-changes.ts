/** Changes that outlived their entries: retention takes these too, and leaves a change until NATS has it (Q12). */
import type { Store } from '../store/contract.ts'
import type { ChangeRow } from '../store/rows.ts'
import { STEP_ROWS, type Step } from './steps.ts'

/** No stream leads to them, so all changes up to a position are looked at, a page a step. */
export function* leftChangeSteps(
  store: Pick<Store, 'changes' | 'entries'>,
  to: number,
  isTheirs: (change: ChangeRow) => boolean,
): Generator<Step> {
  for (let from = 1; ; ) {
    const page = store.changes({ from, to, limit: STEP_ROWS })
    const last = page.at(-1)
    if (last === undefined) return
    const changes = page.filter((change) => isTheirs(change) && isLeft(store, change))
    yield changes.length === 0
      ? { counts: {} }
      : { erase: { gone: { changes } }, counts: { changes: changes.length } }
    from = last.position + 1
  }
}

function isLeft(store: Pick<Store, 'entries'>, { number, seq }: ChangeRow): boolean {
  return store.entries(number, { from: seq, to: seq, limit: 1 }).length === 0
}
