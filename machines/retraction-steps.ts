/** I17: what an agent decided is taken back, in whatever order; nothing that was taken back comes again with it. */

import { undecidesAssumption } from './assumption-steps.ts'
import { announces, causeOf, decidedAnew } from './belief-steps.ts'
import { REJECTED_MAX, type Verdict, type Visit, type VisitorContext } from './context.ts'
import type { Who } from './facts.ts'
import { standsWith, verdictOf } from './guards.ts'
import { liftsRejection, linksOnly } from './identity-steps.ts'
import { APPLIED } from './lease-steps.ts'
import type { RetractRaised } from './raised.ts'
import { becomes, chain, type Step, withFacts } from './steps.ts'
import { placeIn, sealed, takesLinkBack } from './verdict-steps.ts'

/** It decided who is believed to be there: the belief from before it comes back. */
export function undoesDecision(context: VisitorContext, raised: RetractRaised): Step {
  const verdict = verdictOf(context, raised)
  if (verdict === undefined) return becomes(context)
  const undone = undoes(context, verdict, verdict.before)
  const linked = chain(undone, (now) => restoresLink(now, verdict))
  const who: Who = { ...verdict.before, since: raised.entry.at, changedSeq: raised.entry.seq }
  const restored = chain(linked, ({ visit, verdicts, ...now }) =>
    becomes({
      ...now,
      visit: visit && { ...visit, confirmed: verdict.confirmedBefore },
      verdicts: decidedAnew(verdicts, { from: verdict.before.changedSeq, to: raised.entry.seq }),
    }),
  )
  const back = chain(restored, (now) => announces(now, { who, cause: causeOf(raised), ...placeIn(now) }))
  return withFacts(back, APPLIED)
}

/** The identity has moved on since, or another verdict says the same: only what else it did is undone. */
export function undoesRejection(context: VisitorContext, raised: RetractRaised): Step {
  const verdict = verdictOf(context, raised)
  return verdict === undefined ? becomes(context) : withFacts(undoes(context, verdict, context.who), APPLIED)
}

/** All but the belief, which will be `there`: its rows, its rejection, and what later verdicts remember of it. */
function undoes(context: VisitorContext, verdict: Verdict, there: Who): Step {
  const retracted = context.verdicts.map((kept) => (kept === verdict ? { ...kept, retracted: true } : kept))
  const verdicts = retracted.map((kept) => withoutIt(kept, verdict, context))
  const unmade = {
    ...context,
    verdicts,
    visit: context.visit && unconfirmed(context.visit, verdict, context),
    latest: sealed(context.latest),
  }
  const marked = undecidesAssumption(unmade, verdict.decision)
  const rows =
    verdict.kind === 'confirm'
      ? withFacts(marked, { type: 'contact.retracted', verdictSeq: verdict.seq })
      : marked
  return chain(rows, (now) => undoesItsRejection(now, verdict, there))
}

/** A later verdict, as if this one had not been: what it would go back to is what was before this one. */
function withoutIt(kept: Verdict, verdict: Verdict, context: VisitorContext): Verdict {
  if (kept.seq === verdict.seq || kept.visitId !== verdict.visitId) return kept
  const others = context.verdicts.filter((other) => standsWith(other, verdict))
  // Where others decided the same, the earliest of them takes its place.
  const isOnTop = kept.before.changedSeq === verdict.decides && verdict.before.changedSeq !== verdict.decides
  const before =
    isOnTop && (others.length === 0 || others[0]?.seq === kept.seq) ? verdict.before : kept.before
  const earlier = context.verdicts.filter(({ seq }) => seq < kept.seq)
  const confirmedBefore = confirmedWithout(kept.confirmedBefore, verdict, earlier)
  return before === kept.before && confirmedBefore === kept.confirmedBefore
    ? kept
    : { ...kept, before, confirmedBefore }
}

function unconfirmed(visit: Visit, verdict: Verdict, context: VisitorContext): Visit {
  if (visit.visitId !== verdict.visitId) return visit
  const confirmed = confirmedWithout(visit.confirmed, verdict, context.verdicts)
  return confirmed === visit.confirmed ? visit : { ...visit, confirmed }
}

/** Whom an agent confirmed in the visit, without this verdict: nobody else where no other agent did. */
function confirmedWithout(
  confirmed: string | null,
  { seq, kind, identityId, visitId, confirmedBefore }: Verdict,
  verdicts: readonly Verdict[],
): string | null {
  if (kind !== 'confirm' || confirmed !== identityId) return confirmed
  const isConfirmedToo = verdicts.some(
    (other) =>
      other.seq !== seq &&
      other.kind === 'confirm' &&
      other.identityId === identityId &&
      other.visitId === visitId &&
      !other.retracted,
  )
  return isConfirmedToo ? confirmed : confirmedBefore
}

/** Whether the person is rejected on this visitor is what it would be had this verdict not been. */
function undoesItsRejection(context: VisitorContext, verdict: Verdict, there: Who): Step {
  const { identityId, seq } = verdict
  const wasRejected = (verdict.kind === 'reject') !== verdict.changedRejection
  const next = context.verdicts.find(
    (later) => later.seq > seq && later.identityId === identityId && !later.retracted,
  )
  if (next !== undefined) {
    const changedRejection = (next.kind === 'reject') !== wasRejected
    const verdicts = context.verdicts.map((kept) => (kept === next ? { ...kept, changedRejection } : kept))
    return becomes({ ...context, verdicts })
  }
  if (!wasRejected) return liftsRejection(context, identityId)
  // Whoever is believed to be there since is not rejected in passing: nothing but the verdict is undone.
  if (there.identityId === identityId || context.rejected.includes(identityId)) return becomes(context)
  const rejected = [...context.rejected, identityId].slice(-REJECTED_MAX)
  return withFacts(becomes({ ...context, rejected }), { type: 'rejection.kept', identityId })
}

/** What the link was before the verdict: that of the identity believed then, or none of the one it named. */
function restoresLink(context: VisitorContext, { before, identityId }: Verdict): Step {
  const named = before.identityId === identityId ? becomes(context) : takesLinkBack(context, identityId)
  const { identityId: known } = before
  if (known === null) return named
  const association = before.state === 'wmRecognized' ? 'WM-Recognized' : 'Recognized'
  return chain(named, (now) => linksOnly(now, known, association))
}
