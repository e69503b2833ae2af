/** Which of a visitor's deadlines are armed, and the time that stands for them in the index. */
import type { VisitorContext } from '../../machines/context.ts'
import { type Deadline, deadlinesOf } from '../../machines/deadlines.ts'

/**
 * The due time for the index, never later than the true one: an earlier one that stands is left, and moved only when
 * it comes, so that a deadline that every event puts off costs no write.
 */
export function rearmed(stands: number, due: number, at: number): number {
  if (due === 0) return 0
  return stands > at && stands <= due ? stands : due
}

/** What is due, earliest first, without those that made the machine throw (E12). */
export function armed(context: VisitorContext, disarmed: ReadonlySet<string>): readonly Deadline[] {
  const all = deadlinesOf(context)
  return disarmed.size === 0 ? all : all.filter((deadline) => !disarmed.has(nameOf(deadline)))
}

/** Of those that are not armed again, the ones that would still be due: the others need not be remembered. */
export function stillArmed(context: VisitorContext, disarmed: ReadonlySet<string>): readonly string[] {
  if (disarmed.size === 0) return []
  return deadlinesOf(context)
    .map(nameOf)
    .filter((name) => disarmed.has(name))
}

/** A deadline by its name and time. */
export function nameOf({ deadline, due }: Deadline): string {
  return `${deadline}:${due}`
}
