/** An assumption waits to be decided: by the first sign-in or verdict on that visitor, also in a later visit. */
import type { Assumption, VisitorContext } from './context.ts'
import type { AssumeRaised } from './raised.ts'
import { becomes, type Step, withFacts } from './steps.ts'

/** What is decided later than this after the assumption says nothing about its rule. */
export const DECIDED_WITHIN_MS = 30 * 24 * 60 * 60_000

/** A rule's assumption was taken; one that it replaces stays undecided. */
export function keepsAssumption(context: VisitorContext, { identityId, rule, entry }: AssumeRaised): Step {
  const { seq, at, version } = entry
  const assumption: Assumption = { rule, version, identityId, seq, at }
  return withFacts(becomes({ ...context, assumption }), { type: 'assumption.made', rule, version })
}

/** Who it really is says whether the rule was right. */
export function decidesAssumption(context: VisitorContext, identityId: string, at: number): Step {
  const { assumption } = context
  return assumption === null ? becomes(context) : decided(context, assumption.identityId === identityId, at)
}

/** Who it is not: only an assumption of that very person is decided by a rejection. */
export function refutesAssumption(context: VisitorContext, identityId: string, at: number): Step {
  return context.assumption?.identityId === identityId ? decided(context, false, at) : becomes(context)
}

function decided(context: VisitorContext, hit: boolean, at: number): Step {
  const { assumption } = context
  if (assumption === null) return becomes(context)
  const forgotten = becomes({ ...context, assumption: null })
  if (at - assumption.at > DECIDED_WITHIN_MS) return forgotten
  const { rule, version } = assumption
  return withFacts(forgotten, { type: 'assumption.decided', rule, version, hit, undone: false })
}

/** I17: a verdict that is taken back decides no assumption: it waits again, unless another one was made since. */
export function undecidesAssumption(context: VisitorContext, decision: Decision | null): Step {
  if (decision === null) return becomes(context)
  const { assumption, hit } = decision
  const waiting = context.assumption === null ? { ...context, assumption } : context
  const { rule, version } = assumption
  return withFacts(becomes(waiting), { type: 'assumption.decided', rule, version, hit, undone: true })
}

/** What a verdict decided of an assumption, kept with the verdict. */
export interface Decision {
  readonly assumption: Assumption
  readonly hit: boolean
}

/** What the step from one context to the other decided, or null. */
export function decisionOf(before: VisitorContext, step: Step): Decision | null {
  const { assumption } = before
  const fact = step.facts.find((told) => told.type === 'assumption.decided')
  return assumption === null || fact === undefined ? null : { assumption, hit: fact.hit }
}
