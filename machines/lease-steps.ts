/** The right to engage a visit: one lease at a time, kept in the visitor's own stream (L1 to L3, L5). */
import type { VisitorContext } from './context.ts'
import type { EngageEntry, NotifyOutcomeEntry, ReleaseEntry } from './entries.ts'
import type { Answered, RefusalReason } from './facts.ts'
import { becomes, type Step, withFacts } from './steps.ts'

/** Tells the caller that it was done. */
export const APPLIED: Answered = { type: 'answered', applied: true, reason: null }

/** Tells the caller why it was not done. */
export function refusal(reason: RefusalReason): Answered {
  return { type: 'answered', applied: false, reason }
}

/** L1, L2: a lease is granted, renewed for the same engine and purpose, or refused with the holder's name. */
export function engages(context: VisitorContext, { at, engine, purpose, ttlMs }: EngageEntry): Step {
  const { visit, leases, counts, settings } = context
  if (visit === null) return withFacts(becomes(context), refusal('conflict'))
  const { visitId } = visit
  const until = at + ttlMs
  const own = leases.find((lease) => lease.engine === engine && lease.purpose === purpose)
  const holder = leases[0]
  if (own === undefined && holder !== undefined && leases.length >= settings.leasesPerVisit) {
    const refused = { type: 'lease.refused', visitId, engine, purpose, holder: holder.engine } as const
    return withFacts(becomes(context), refused, refusal('held'))
  }
  const leaseId = own?.leaseId ?? counts.leases + 1
  const lease = { leaseId, engine, purpose, until }
  return withFacts(
    becomes({
      ...context,
      leases: [...leases.filter((held) => held !== own), lease],
      counts: { ...counts, leases: Math.max(counts.leases, leaseId) },
    }),
    { type: 'lease.granted', visitId, renewed: own !== undefined, ...lease },
    APPLIED,
  )
}

/** L3: the holder gives it back. */
export function releases(context: VisitorContext, { leaseId }: ReleaseEntry): Step {
  const { visit, leases } = context
  const lease = leases.find((held) => held.leaseId === leaseId)
  if (visit === null || lease === undefined) return withFacts(becomes(context), refusal('unknownLease'))
  return withFacts(
    becomes({ ...context, leases: leases.filter((held) => held !== lease) }),
    { type: 'lease.ended', leaseId, visitId: visit.visitId, engine: lease.engine, why: 'released' },
    APPLIED,
  )
}

/** L5: what became of a notification is kept and published. */
export function keepsOutcome(context: VisitorContext, entry: NotifyOutcomeEntry): Step {
  const { notifyId, leaseId, outcome } = entry
  const visitId = context.visit?.visitId ?? null
  return withFacts(becomes(context), { type: 'notify.came', notifyId, visitId, leaseId, outcome })
}
