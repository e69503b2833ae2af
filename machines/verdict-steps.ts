/** The identity region's steps for what agents decide, and for erasure (I13 to I15). */

import { decidesAssumption, decisionOf, refutesAssumption } from './assumption-steps.ts'
import { announces, believes, causeOf } from './belief-steps.ts'
import {
  type EndedVisit,
  NOBODY,
  REJECTED_MAX,
  VERDICTS_MAX,
  type Verdict,
  type Visit,
  type VisitorContext,
} from './context.ts'
import type { PersonErasedEntry } from './entries.ts'
import type { Who } from './facts.ts'
import { endsSession, liftsRejection, links, linksOnly } from './identity-steps.ts'
import { APPLIED, refusal } from './lease-steps.ts'
import type { ErasedRaised, IdentityRaised, VerdictRaised } from './raised.ts'
import { becomes, chain, type Step, withFacts } from './steps.ts'

/** I13: an agent knows who it is. */
export function confirms(context: VisitorContext, raised: VerdictRaised): Step {
  const { identityId } = raised
  const { visit } = context
  if (visit === null) return becomes(context)
  const decided = decidesAssumption(context, identityId, raised.entry.at)
  const lifted = chain(decided, (now) => liftsRejection(now, identityId))
  const confirmed = chain(lifted, (now) => becomes({ ...now, visit: { ...visit, confirmed: identityId } }))
  const linked = chain(confirmed, (now) => links(now, { identityId, scope: 'Recognized', how: 'agent' }))
  const believed = chain(linked, (now) =>
    believes(now, raised, { state: 'recognized', identityId, how: 'agent' }),
  )
  const kept = chain(believed, (now) =>
    keepsVerdict(now, raised, {
      before: context,
      changedRejection: context.rejected.includes(identityId),
      decides: now.who.changedSeq,
      decision: decisionOf(context, decided),
    }),
  )
  return withFacts(kept, APPLIED)
}

/** I14: an agent knows who it is not; the link is taken back unless they signed in during the visit. */
export function rejects(context: VisitorContext, raised: VerdictRaised): Step {
  const { identityId, entry } = raised
  const { visit } = context
  if (visit === null) return becomes(context)
  const kept = keepsRejection(context, raised)
  const unlinked = chain(kept, (now) => takesLinkBack(now, identityId))
  const confirmed = visit.confirmed === identityId ? null : visit.confirmed
  const cleared = chain(unlinked, (now) => becomes({ ...now, visit: { ...visit, confirmed } }))
  const who: Who = { ...NOBODY, asOf: entry.at, since: entry.at, changedSeq: entry.seq }
  const anonymous = chain(cleared, (now) => announces(now, { who, cause: causeOf(raised), ...placeIn(now) }))
  return withFacts(anonymous, APPLIED)
}

/** After the call, with no visit open: the rejection is kept all the same. */
export function keepsRejectionOnly(context: VisitorContext, raised: VerdictRaised): Step {
  return withFacts(keepsRejection(context, raised), APPLIED)
}

function keepsRejection(context: VisitorContext, raised: VerdictRaised): Step {
  const { identityId } = raised
  const isNew = !context.rejected.includes(identityId)
  const { seq, at } = raised.entry
  const refuted = refutesAssumption(context, identityId, at)
  const decision = decisionOf(context, refuted)
  const kept = chain(refuted, (now) =>
    keepsVerdict(now, raised, { before: context, changedRejection: isNew, decides: seq, decision }),
  )
  if (!isNew) return kept
  const rejected = [...context.rejected, identityId].slice(-REJECTED_MAX)
  return withFacts(
    chain(kept, (now) => becomes({ ...now, rejected })),
    { type: 'rejection.kept', identityId },
  )
}

/** A rejection or a retraction takes the link back, but not from one who signed in during the visit. */
export function takesLinkBack(context: VisitorContext, identityId: string): Step {
  const signedInHere = context.visit?.signedIn.includes(identityId) === true
  return linksOnly(context, identityId, signedInHere ? 'Recognized' : null)
}

/** Kept so that it can be retracted; a verdict after the visit's end also says that the end was no mistake. */
function keepsVerdict(
  context: VisitorContext,
  { entry, identityId }: VerdictRaised,
  {
    before,
    changedRejection,
    decides,
    decision,
  }: { readonly before: VisitorContext } & Pick<Verdict, 'changedRejection' | 'decides' | 'decision'>,
): Step {
  const verdict: Verdict = {
    seq: entry.seq,
    kind: entry.type,
    identityId,
    visitId: before.visit?.visitId ?? null,
    before: before.who,
    confirmedBefore: before.visit?.confirmed ?? null,
    changedRejection,
    decides,
    decision,
    retracted: false,
  }
  const verdicts = [...context.verdicts, verdict].slice(-VERDICTS_MAX)
  return becomes({ ...context, verdicts, latest: sealed(context.latest) })
}

/** Somebody decided after the visit's end: it is not reopened (V10). */
export function sealed(latest: EndedVisit | null): EndedVisit | null {
  return latest === null ? null : { ...latest, mayReopen: false }
}

/** I15: refused; nothing changes. */
export function refuses(context: VisitorContext, _raised: IdentityRaised): Step {
  return withFacts(becomes(context), refusal('conflict'))
}

/** An erased person who is the current identity is forgotten like the others, and the visitor is anonymous. */
export function forgetsCurrent(context: VisitorContext, raised: ErasedRaised): Step {
  const { entry } = raised
  const hidden = forgetsPerson(context, entry)
  const ended = chain(hidden, (now) => endsSession(now, { reason: 'erased', endedAt: entry.at }))
  const who: Who = { ...NOBODY, asOf: entry.at, since: entry.at, changedSeq: entry.seq }
  return chain(ended, (now) => announces(now, { who, cause: causeOf(raised), ...placeIn(now) }))
}

/** The pseudonym stands wherever the person's id stood. */
export function forgetsPerson(context: VisitorContext, { identityId, pseudonym }: PersonErasedEntry): Step {
  const hide = <T extends string | null>(id: T) => (id === identityId ? pseudonym : id)
  const hideWho = (who: Who): Who => ({ ...who, identityId: hide(who.identityId) })
  // No retraction brings them back.
  const forgets = (who: Who): Who =>
    who.identityId === identityId ? { ...NOBODY, asOf: who.asOf, changedSeq: who.changedSeq } : who
  const hideVisit = (visit: Visit): Visit => ({
    ...visit,
    // Nobody is confirmed any more: the site may say again who it is (I6).
    confirmed: visit.confirmed === identityId ? null : visit.confirmed,
    signedIn: visit.signedIn.map(hide),
    session: visit.session && { ...visit.session, identityId: hide(visit.session.identityId) },
  })
  const { visit, latest } = context
  return becomes({
    ...context,
    who: hideWho(context.who),
    visit: visit && hideVisit(visit),
    latest: sealed(latest && { ...latest, visit: hideVisit(latest.visit), who: hideWho(latest.who) }),
    rejected: context.rejected.filter((id) => id !== identityId),
    assumption: context.assumption?.identityId === identityId ? null : context.assumption,
    // What was decided about them is nobody's any more, and cannot be taken back.
    verdicts: context.verdicts
      .filter((verdict) => verdict.identityId !== identityId)
      .map((verdict) => ({
        ...verdict,
        decision: verdict.decision?.assumption.identityId === identityId ? null : verdict.decision,
        before: forgets(verdict.before),
        confirmedBefore: verdict.confirmedBefore === identityId ? null : verdict.confirmedBefore,
      })),
  })
}

export function placeIn({ visit }: VisitorContext): {
  readonly visitId: string | null
  readonly sessionId: string | null
} {
  return { visitId: visit?.visitId ?? null, sessionId: visit?.session?.sessionId ?? null }
}
