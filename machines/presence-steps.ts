/** The visit region's steps for sockets, deadlines and restarts (V4 to V6, Q7). */
import type { VisitorContext } from './context.ts'
import type { DeadlineEntry, PresenceEntry, ServerStartedEntry } from './entries.ts'
import { becomes, type Step, withFacts } from './steps.ts'
import { endVisit } from './visit-steps.ts'

/** V4: the visit's first socket came; a departure is undone. */
export function comes(context: VisitorContext, _entry: PresenceEntry): Step {
  const { visit } = context
  if (visit === null) return becomes(context)
  return becomes({ ...context, visit: { ...visit, hasSocket: true, leaveAt: null, departedAt: null } })
}

/** V4: the visit's last socket went; it ends after the grace unless somebody returns. */
export function goes(context: VisitorContext, { at }: PresenceEntry): Step {
  const { visit, settings } = context
  if (visit === null) return becomes(context)
  const leaveAt = at + settings.leaveGraceMs
  return becomes({ ...context, visit: { ...visit, hasSocket: false, leaveAt, departedAt: at } })
}

/** V3: an event that occurred after the departure is a return. */
export function returns(context: VisitorContext): VisitorContext {
  const { visit } = context
  return visit === null ? context : { ...context, visit: { ...visit, leaveAt: null, departedAt: null } }
}

/** V5: nobody returned; the end is the departure. */
export function closes(context: VisitorContext, entry: DeadlineEntry): Step {
  const endedAt = context.visit?.departedAt ?? entry.due
  return endVisit(context, entry, { reason: 'closed', endedAt })
}

/** V6: the end of an idle visit is its last activity; of one that lasted too long, the deadline. */
export function expires(context: VisitorContext, entry: DeadlineEntry): Step {
  const lastActivityAt = context.visit?.lastActivityAt ?? entry.due
  // A visit that was reopened past its time has activity after the deadline, and no end before it.
  const endedAt = entry.deadline === 'max' ? Math.max(entry.due, lastActivityAt) : lastActivityAt
  return endVisit(context, entry, { reason: 'expired', endedAt })
}

/** L3: the leases whose time is over end. */
export function endsLeases(context: VisitorContext, { due }: DeadlineEntry): Step {
  const { visit, leases } = context
  if (visit === null) return becomes(context)
  const over = leases.filter(({ until }) => until <= due)
  const left = leases.filter(({ until }) => until > due)
  return withFacts(
    becomes({ ...context, leases: left }),
    ...over.map(({ leaseId, engine }) => {
      return { type: 'lease.ended', leaseId, visitId: visit.visitId, engine, why: 'deadline' } as const
    }),
  )
}

/**
 * Q7: a restart is no departure. Leave deadlines, and others that fell due while the server was away, wait for the
 * browsers to come back; a visit that had a socket gets such a leave deadline.
 */
export function hearsStart(context: VisitorContext, entry: ServerStartedEntry): Step {
  const { startedAt, settings } = entry
  const { visit } = context
  if (visit === null) return becomes({ ...context, settings })
  const wait = startedAt + settings.restartGraceMs
  const leaves = visit.leaveAt !== null || visit.hasSocket
  return becomes({
    ...context,
    settings,
    visit: {
      ...visit,
      hasSocket: false,
      leaveAt: leaves ? wait : null,
      departedAt: leaves ? (visit.departedAt ?? visit.lastActivityAt) : null,
      idleAt: visit.idleAt <= startedAt ? wait : visit.idleAt,
      maxAt: visit.maxAt <= startedAt ? wait : visit.maxAt,
    },
  })
}
