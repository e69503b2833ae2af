/** The identity region's steps: signing in and out, being recognised, being assumed (I1 to I12, I16). */

import { decidesAssumption, keepsAssumption } from './assumption-steps.ts'
import { announces, believes, causeOf, decidedAnew } from './belief-steps.ts'
import {
  NOBODY,
  type OpenSession,
  SIGNED_IN_MAX,
  type Verdict,
  type Visit,
  type VisitorContext,
} from './context.ts'
import type { Association, Fact, LinkHow, SessionEndReason, Who } from './facts.ts'
import { APPLIED, refusal } from './lease-steps.ts'
import type { AssumeRaised, SaidRaised, VisitEndedRaised, VisitReopenedRaised } from './raised.ts'
import { becomes, chain, type Step, withFacts } from './steps.ts'

/** I1: a session opens, the visit is linked, the one who signs in is believed. */
export function signsIn(context: VisitorContext, raised: SaidRaised): Step {
  const { visit, counts } = context
  const { identityId, entry } = raised
  if (visit === null || identityId === null) {
    throw new Error('a SignIn names nobody, or no visit is open: it should not have come this far (E8)')
  }
  const session: OpenSession = {
    ordinal: counts.sessions + 1,
    sessionId: entry.ids.sessionId,
    identityId,
    startedAt: Math.max(entry.occurredAt, visit.startedAt),
  }
  const signedIn = [...visit.signedIn.filter((other) => other !== identityId), identityId].slice(
    -SIGNED_IN_MAX,
  )
  const opened: Step = {
    context: {
      ...context,
      visit: { ...visit, session, signedIn },
      counts: { ...counts, sessions: session.ordinal },
    },
    facts: [{ type: 'session.opened', visit: visit.ordinal, ...session }],
    raised: [],
  }
  const decided = chain(opened, (now) => decidesAssumption(now, identityId, entry.at))
  const welcome = chain(decided, (now) => {
    const verdicts = forgetsRejections(now.verdicts, identityId)
    return liftsRejection({ ...now, verdicts }, identityId)
  })
  const known = chain(welcome, (now) => links(now, { identityId, scope: 'Authenticated', how: 'SignIn' }))
  const learned = withFacts(known, { type: 'profile.learned', identityId, proven: entry.proven })
  return chain(learned, (now) => believes(now, raised, { state: 'authenticated', identityId, how: 'SignIn' }))
}

/** I3: one customer takes the other's place; both stay linked. */
export function switchesCustomer(context: VisitorContext, raised: SaidRaised): Step {
  const ended = endsSession(context, { reason: 'switched', endedAt: raised.entry.occurredAt })
  return chain(ended, (now) => signsIn(now, raised))
}

/** I4: the session ends; whoever goes on browsing is probably the same. */
export function signsOut(context: VisitorContext, raised: SaidRaised): Step {
  const { identityId } = context.who
  if (identityId === null) return becomes(context)
  const sessionId = context.visit?.session?.sessionId ?? null
  const ended = endsSession(context, { reason: 'signedOut', endedAt: raised.entry.occurredAt })
  const row = chain(ended, (now) =>
    addsContact(now, { identityId, scope: 'Recognized', how: 'SignOut' }, sessionId),
  )
  return chain(row, (now) => believes(now, raised, { state: 'recognized', identityId, how: 'SignOut' }))
}

/** I6: the site says who it probably is. */
export function recognizes(context: VisitorContext, raised: SaidRaised): Step {
  const { identityId, entry } = raised
  if (identityId === null) return becomes(context)
  const linked = links(context, { identityId, scope: 'Recognized', how: 'UserInfo' })
  const learned = withFacts(linked, { type: 'profile.learned', identityId, proven: entry.proven })
  return chain(learned, (now) => believes(now, raised, { state: 'recognized', identityId, how: 'UserInfo' }))
}

/** I2, I7: more is known of the one who is there. */
export function learnsProfile(context: VisitorContext, { entry }: SaidRaised): Step {
  const { identityId } = context.who
  if (identityId === null) return becomes(context)
  return withFacts(becomes(context), { type: 'profile.learned', identityId, proven: entry.proven })
}

/** I10, I11: a rule assumes who it is. */
export function assumes(context: VisitorContext, raised: AssumeRaised): Step {
  const { identityId } = raised
  const isNew = context.who.identityId !== identityId
  const kept = keepsAssumption(context, raised)
  const linked = isNew
    ? chain(kept, (now) => links(now, { identityId, scope: 'WM-Recognized', how: 'rule' }))
    : kept
  const believed = chain(linked, (now) =>
    believes(now, raised, { state: 'wmRecognized', identityId, how: 'rule' }),
  )
  return withFacts(believed, APPLIED)
}

/** I12 and the other refusals: it changes nothing, and the caller is told why. */
export function ignoresAssumption(reason: 'outranked' | 'rejectedHere' | 'lessConfident') {
  return (context: VisitorContext, _raised: AssumeRaised): Step =>
    withFacts(becomes(context), refusal(reason))
}

/** V9, I16: with the visit the belief ends; the link of one still signed in becomes Recognized. */
export function forgetsWhoWasThere(context: VisitorContext, raised: VisitEndedRaised): Step {
  const { visit, endedAt, reason, entry } = raised
  const session = visit.session
  const facts: Fact[] = session === null ? [] : [...endOf(session, visit, { reason, endedAt })]
  const step = withFacts(becomes(context), ...facts)
  if (context.who.state === 'anonymous') return step
  const who: Who = { ...NOBODY, asOf: entry.at, since: entry.at, changedSeq: entry.seq }
  const cause = causeOf(raised)
  return chain(step, (now) => announces(now, { who, cause, visitId: visit.visitId, sessionId: null }))
}

/** V10: who was believed to be there is believed again. */
export function believesAgain(context: VisitorContext, raised: VisitReopenedRaised): Step {
  const { who: before, visit } = raised.ended
  const who: Who = { ...before, since: raised.entry.at, changedSeq: raised.entry.seq }
  if (before.state === 'anonymous') return becomes(context)
  const session = visit.session
  const link: Fact[] =
    session === null
      ? []
      : [
          {
            type: 'link.changed',
            visit: visit.ordinal,
            visitId: visit.visitId,
            identityId: session.identityId,
            association: 'Authenticated',
          },
        ]
  const verdicts = decidedAnew(context.verdicts, { from: before.changedSeq, to: raised.entry.seq })
  const announced = announces(verdicts === context.verdicts ? context : { ...context, verdicts }, {
    who,
    cause: { kind: 'reopened', eventID: raised.entry.event.eventID, eventName: raised.entry.event.eventName },
    visitId: visit.visitId,
    sessionId: session?.sessionId ?? null,
  })
  return { ...announced, facts: [...link, ...announced.facts] }
}

/** A person's link to the open visit is made, and the row that says so. */
export function links(
  context: VisitorContext,
  link: { readonly identityId: string; readonly scope: Association; readonly how: LinkHow },
): Step {
  return chain(linksOnly(context, link.identityId, link.scope), (now) =>
    addsContact(now, link, now.visit?.session?.sessionId ?? null),
  )
}

/** The link alone; association null takes it back. */
export function linksOnly(
  context: VisitorContext,
  identityId: string,
  association: Association | null,
): Step {
  const { visit } = context
  if (visit === null) return becomes(context)
  const { ordinal, visitId } = visit
  return withFacts(becomes(context), {
    type: 'link.changed',
    visit: ordinal,
    visitId,
    identityId,
    association,
  })
}

function addsContact(
  context: VisitorContext,
  {
    identityId,
    scope,
    how,
  }: { readonly identityId: string; readonly scope: Association; readonly how: LinkHow },
  sessionId: string | null,
): Step {
  const { visit } = context
  if (visit === null) return becomes(context)
  const { ordinal, visitId } = visit
  const row = { type: 'contact.added', visit: ordinal, visitId, sessionId, identityId, scope, how } as const
  return withFacts(becomes(context), row)
}

/** The open session ends and its customer's link becomes Recognized; who is believed is another step. */
export function endsSession(
  context: VisitorContext,
  how: { readonly reason: SessionEndReason; readonly endedAt: number },
): Step {
  const { visit } = context
  if (visit === null || visit.session === null) return becomes(context)
  const facts = endOf(visit.session, visit, how)
  return withFacts(becomes({ ...context, visit: { ...visit, session: null } }), ...facts)
}

function endOf(
  session: OpenSession,
  visit: Visit,
  { reason, endedAt }: { readonly reason: SessionEndReason; readonly endedAt: number },
): readonly Fact[] {
  const { ordinal, visitId } = visit
  const ended = Math.max(endedAt, session.startedAt)
  return [
    { type: 'session.closed', ordinal: session.ordinal, visit: ordinal, endedAt: ended, reason },
    {
      type: 'link.changed',
      visit: ordinal,
      visitId,
      identityId: session.identityId,
      association: 'Recognized',
    },
  ]
}

/** I1, I13: what takes an agent's rejection of this person back. */
export function liftsRejection(context: VisitorContext, identityId: string): Step {
  if (!context.rejected.includes(identityId)) return becomes(context)
  const rejected = context.rejected.filter((other) => other !== identityId)
  return withFacts(becomes({ ...context, rejected }), { type: 'rejection.lifted', identityId })
}

/** Whoever signs in was not rejected, whatever verdicts before it are taken back. */
export function forgetsRejections(verdicts: readonly Verdict[], identityId: string): readonly Verdict[] {
  if (!verdicts.some((verdict) => verdict.identityId === identityId)) return verdicts
  return verdicts.map((verdict) =>
    verdict.identityId === identityId ? { ...verdict, changedRejection: verdict.kind === 'reject' } : verdict,
  )
}
