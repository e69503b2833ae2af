/** Who is believed to be there, why, and how a change of it is announced. */
import type { Verdict, VisitorContext } from './context.ts'
import type { Footing, Interaction, Settings } from './entries.ts'
import type { Cause, LinkHow, Who } from './facts.ts'
import { guardBits } from './guards.ts'
import type { IdentityRaised, Raised } from './raised.ts'
import { becomes, type Step, withFacts } from './steps.ts'

/** A new belief about who is there, from what was raised; announced where it is a change. */
export function believes(
  context: VisitorContext,
  raised: IdentityRaised,
  {
    state,
    identityId,
    how,
  }: { readonly state: Who['state']; readonly identityId: string; readonly how: LinkHow },
): Step {
  const { at, seq } = raised.entry
  const isSame =
    context.who.state === state && context.who.identityId === identityId && context.who.how === how
  const who: Who = {
    state,
    identityId,
    confidence: confidenceOf(raised, context.settings),
    asOf: at,
    halfLifeMs: raised.type === 'identity.assume' ? raised.halfLifeMs : null,
    how,
    since: isSame ? context.who.since : at,
    changedSeq: isSame ? context.who.changedSeq : seq,
  }
  return announces(context, {
    who,
    cause: causeOf(raised),
    visitId: context.visit?.visitId ?? null,
    sessionId: context.visit?.session?.sessionId ?? null,
  })
}

function confidenceOf(raised: IdentityRaised, settings: Settings): number {
  return raised.type === 'identity.confirm'
    ? settings.confidence.confirmed
    : 'confidence' in raised
      ? raised.confidence
      : 1
}

/** Each change of state, identity or interaction is one identity change; anything less is not announced. */
export function announces(
  context: VisitorContext,
  change: {
    readonly who: Who
    readonly cause: Cause
    readonly visitId: string | null
    readonly sessionId: string | null
  },
): Step {
  const { who, cause, visitId, sessionId } = change
  const { who: before, settings } = context
  const interaction = interactionOf(who, settings)
  const next = becomes({ ...context, who })
  const isSame =
    before.state === who.state &&
    before.identityId === who.identityId &&
    interactionOf(before, settings) === interaction
  if (isSame) return next
  const { state, identityId, confidence, asOf, halfLifeMs } = who
  const previous = { state: before.state, identityId: before.identityId }
  return withFacts(next, {
    type: 'identity.changed',
    visitId,
    sessionId,
    state,
    identityId,
    confidence,
    asOf,
    halfLifeMs,
    previous,
    cause,
    interaction,
  })
}

/** The strategy of the site for one believed like this. */
export function interactionOf({ state, how }: Who, settings: Settings): Interaction {
  const footing: Footing = state === 'recognized' && how === 'agent' ? 'confirmed' : state
  return settings.interaction[footing]
}

/** Which guards held when this was decided. */
export function considers(context: VisitorContext, raised: IdentityRaised, step: Step): Step {
  return { ...step, facts: [{ type: 'considered', guards: guardBits(context, raised) }, ...step.facts] }
}

/** Why: the event, rule, verdict, deadline or erasure at the root of what was raised. */
export function causeOf({ entry, ...raised }: Raised): Cause {
  const ended = raised.type === 'visit.ended' ? { ended: raised.reason } : {}
  switch (entry.type) {
    case 'event':
      return { kind: 'event', eventID: entry.event.eventID, eventName: entry.event.eventName, ...ended }
    case 'deadline':
      return { kind: 'deadline', deadline: entry.deadline, ...ended }
    case 'assume':
    case 'rule.answered':
      return { kind: 'rule', rule: entry.rule }
    case 'confirm':
    case 'reject':
    case 'retract':
      return { kind: 'agent', agentId: entry.agentId }
    case 'person.erased':
      return { kind: 'erased' }
    default:
      throw new Error(`an entry ${entry.type} decides no identity`)
  }
}

/** A belief came back by entry `to`: the verdicts that had decided it decide it again. */
export function decidedAnew(
  verdicts: readonly Verdict[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly Verdict[] {
  if (!verdicts.some(({ decides }) => decides === from)) return verdicts
  return verdicts.map((verdict) => (verdict.decides === from ? { ...verdict, decides: to } : verdict))
}
