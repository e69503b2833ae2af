/** When a visitor's next deadline is due: absolute times of the context, in the order the specification gives. */
import type { VisitorContext } from './context.ts'
import type { DeadlineName } from './entries.ts'

export interface Deadline {
  readonly deadline: DeadlineName
  readonly due: number
}

/** All that is armed, earliest first; ties are leave, idle, max, lease. */
export function deadlinesOf({ visit, leases }: VisitorContext): readonly Deadline[] {
  if (visit === null) return []
  const armed: Deadline[] = []
  if (visit.leaveAt !== null) armed.push({ deadline: 'leave', due: visit.leaveAt })
  armed.push({ deadline: 'idle', due: visit.idleAt }, { deadline: 'max', due: visit.maxAt })
  for (const { until } of leases) armed.push({ deadline: 'lease', due: until })
  return armed.sort((one, other) => one.due - other.due)
}

/** When the next one is due, or Infinity: asked before every entry, so it allocates nothing. */
export function nextDue({ visit, leases }: VisitorContext): number {
  if (visit === null) return Number.POSITIVE_INFINITY
  let due = Math.min(visit.idleAt, visit.maxAt)
  if (visit.leaveAt !== null) due = Math.min(due, visit.leaveAt)
  for (const { until } of leases) due = Math.min(due, until)
  return due
}
