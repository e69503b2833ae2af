/** A visitor's deadlines, sockets and open visit in their indexes: the sweep and the lists miss none. */
import type { VisitorContext } from '../../../machines/context.ts'
import { deadlinesOf } from '../../../machines/deadlines.ts'
import type { VisitorRow } from '../../store/rows.ts'
import { createChecks } from './findings.ts'
import type { Proof, Tally } from './proof.ts'

/** Proves the indexes for one visitor. */
export function proveDue(
  { store, tell }: Proof,
  row: VisitorRow,
  context: VisitorContext | null,
): Pick<Tally, 'armed' | 'connected' | 'open'> {
  const { number, armedAt } = row
  const checks = createChecks(number, tell)
  if (armedAt !== 0) checks.holds('the deadlines index has it', store.isArmed(number, armedAt))
  if (row.connected !== 0) checks.holds('the index of the connected has it', isListed())
  const open = store.openVisits({ from: number, to: number, limit: 2 })
  if (context !== null) {
    const { visit } = context
    checks.same('visits in the index of the open ones', open.length, visit === null ? 0 : 1)
    checks.same('the open visit by its index', open[0]?.visit, visit?.ordinal)
    checks.same('connected', row.connected, visit?.hasSocket === true ? visit.ordinal : 0)
    const next = nextDue(row, context)
    if (next === 0) checks.same('armed', armedAt, 0)
    else checks.holds('armed not later than the next deadline is due', armedAt !== 0 && armedAt <= next)
  }
  return { armed: armedAt === 0 ? 0 : 1, connected: row.connected === 0 ? 0 : 1, open: open.length }

  function isListed(): boolean {
    return store.connected({ from: number, to: number, limit: 1 }).length === 1
  }
}

/** E12: one that made the machine throw is not armed again. */
function nextDue({ disarmed }: VisitorRow, context: VisitorContext): number {
  const armed = deadlinesOf(context).filter(({ deadline, due }) => !disarmed.includes(`${deadline}:${due}`))
  return armed[0]?.due ?? 0
}
