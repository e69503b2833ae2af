/** The identity region's steps for what agents decide, and for erasure (I13 to I17). */
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
import { verdictOf } from './guards.ts'
import {
  announces,
  believes,
  causeOf,
  endsSession,
  liftsRejection,
  links,
  linksOnly,
} from './identity-steps.ts'
import { APPLIED, refusal } from './lease-steps.ts'
import type { ErasedRaised, IdentityRaised, RetractRaised, VerdictRaised } from './raised.ts'
import { becomes, chain, type Step, withFacts } from './steps.ts'

/** I13: an agent knows who it is. */
export function confirms(context: VisitorContext, raised: VerdictRaised): Step {
  const { identityId } = raised
  const { visit } = context
  if (visit === null) return becomes(context)
  const lifted = liftsRejection(context, identityId)
  const kept = chain(lifted, (now) =>
    keepsVerdict(now, raised, { before: context, changedRejection: lifted.context !== context }),
  )
  const confirmed = chain(kept, (now) => becomes({ ...now, visit: { ...visit, confirmed: identityId } }))
  const linked = chain(confirmed, (now) => links(now, { identityId, scope: 'Recognized', how: 'agent' }))
  const believed = chain(linked, (now) =>
    believes(now, raised, { state: 'recognized', identityId, how: 'agent' }),
  )
  return withFacts(believed, APPLIED)
}

/** I14: an agent knows who it is not; the link is taken back unless they signed in during the visit. */
export function rejects(context: VisitorContext, raised: VerdictRaised): Step {
  const { identityId, entry } = raised
  const { visit } = context
  if (visit === null) return becomes(context)
  const kept = keepsRejection(context, raised)
  const unlinked = chain(kept, (now) => takesLinkBack(now, identityId))
  const cleared = chain(unlinked, (now) => becomes({ ...now, visit: { ...visit, confirmed: null } }))
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
  const kept = keepsVerdict(context, raised, { before: context, changedRejection: isNew })
  if (!isNew) return kept
  const rejected = [...context.rejected, identityId].slice(-REJECTED_MAX)
  return withFacts(
    chain(kept, (now) => becomes({ ...now, rejected })),
    { type: 'rejection.kept', identityId },
  )
}

/** I17: what a verdict did is undone; the belief from before it comes back if it decided the current one. */
export function undoesDecision(context: VisitorContext, raised: RetractRaised): Step {
  const verdict = verdictOf(context, raised)
  const { visit } = context
  if (verdict === undefined || visit === null) return becomes(context)
  const undone = undoes(context, verdict)
  const restored = chain(undone, (now) =>
    becomes({ ...now, visit: { ...visit, confirmed: verdict.confirmedBefore } }),
  )
  const linked = chain(restored, (now) => restoresLink(now, verdict))
  const who: Who = { ...verdict.before, since: raised.entry.at, changedSeq: raised.entry.seq }
  const back = chain(linked, (now) => announces(now, { who, cause: causeOf(raised), ...placeIn(now) }))
  return withFacts(back, APPLIED)
}

/** I17: the identity has moved on since; only the rejection or the row is undone. */
export function undoesRejection(context: VisitorContext, raised: RetractRaised): Step {
  const verdict = verdictOf(context, raised)
  return verdict === undefined ? becomes(context) : withFacts(undoes(context, verdict), APPLIED)
}

function undoes(context: VisitorContext, verdict: Verdict): Step {
  const verdicts = context.verdicts.map((kept) => (kept === verdict ? { ...kept, retracted: true } : kept))
  const marked = becomes({ ...context, verdicts })
  if (verdict.kind === 'reject') {
    return verdict.changedRejection ? chain(marked, (now) => liftsRejection(now, verdict.identityId)) : marked
  }
  const rows = withFacts(marked, { type: 'contact.retracted', verdictSeq: verdict.seq })
  if (!verdict.changedRejection || context.rejected.includes(verdict.identityId)) return rows
  const rejected = [...context.rejected, verdict.identityId].slice(-REJECTED_MAX)
  const kept = { type: 'rejection.kept', identityId: verdict.identityId } as const
  return withFacts(
    chain(rows, (now) => becomes({ ...now, rejected })),
    kept,
  )
}

/** What the link was before the verdict: that of the identity believed then, or none of the one it named. */
function restoresLink(context: VisitorContext, { before, identityId }: Verdict): Step {
  const named = before.identityId === identityId ? becomes(context) : takesLinkBack(context, identityId)
  if (before.identityId === null) return named
  const association = before.state === 'wmRecognized' ? 'WM-Recognized' : 'Recognized'
  return chain(named, (now) => linksOnly(now, before.identityId ?? identityId, association))
}

function takesLinkBack(context: VisitorContext, identityId: string): Step {
  const signedInHere = context.visit?.signedIn.includes(identityId) === true
  return linksOnly(context, identityId, signedInHere ? 'Recognized' : null)
}

/** Kept so that it can be retracted; a verdict after the visit's end also says that the end was no mistake. */
function keepsVerdict(
  context: VisitorContext,
  { entry, identityId }: VerdictRaised,
  { before, changedRejection }: { readonly before: VisitorContext; readonly changedRejection: boolean },
): Step {
  const verdict: Verdict = {
    seq: entry.seq,
    kind: entry.type,
    identityId,
    visitId: before.visit?.visitId ?? null,
    before: before.who,
    confirmedBefore: before.visit?.confirmed ?? null,
    changedRejection,
    retracted: false,
  }
  const verdicts = [...context.verdicts, verdict].slice(-VERDICTS_MAX)
  return becomes({ ...context, verdicts, latest: sealed(context.latest) })
}

function sealed(latest: EndedVisit | null): EndedVisit | null {
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
  const hideVisit = (visit: Visit): Visit => ({
    ...visit,
    confirmed: hide(visit.confirmed),
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
    verdicts: context.verdicts.map((verdict) => ({
      ...verdict,
      identityId: hide(verdict.identityId),
      before: hideWho(verdict.before),
    })),
  })
}

function placeIn({ visit }: VisitorContext): {
  readonly visitId: string | null
  readonly sessionId: string | null
} {
  return { visitId: visit?.visitId ?? null, sessionId: visit?.session?.sessionId ?? null }
}
