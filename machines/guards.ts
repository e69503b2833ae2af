/** The identity region's questions, numbered: which held is kept with each entry that could decide an identity. */

import type { Verdict, VisitorContext } from './context.ts'
import type { Who } from './facts.ts'
import type { IdentityRaised } from './raised.ts'

type Question = (context: VisitorContext, raised: IdentityRaised) => boolean

/** Names the one who is the current identity. */
export const namesCurrent: Question = ({ who }, { identityId }) =>
  identityId !== null && identityId === who.identityId

/** UserInfo or SignOut without an id. */
export const namesNobody: Question = (_context, { identityId }) => identityId === null

/** I14: an agent rejected that identity on this visitor. */
export const isRejectedHere: Question = ({ rejected }, { identityId }) =>
  identityId !== null && rejected.includes(identityId)

/** I6: an agent confirmed somebody else in this visit. */
export const isConfirmedOtherwise: Question = ({ visit }, { identityId }) =>
  visit !== null && visit.confirmed !== null && visit.confirmed !== identityId

/** I6: the site may say who this is. */
export const mayRecognize: Question = (context, raised) =>
  !namesNobody(context, raised) && !isRejectedHere(context, raised) && !isConfirmedOtherwise(context, raised)

/** I11: the assumption is surer than the current one is by now. */
export const isMoreConfident: Question = ({ who }, raised) =>
  raised.type === 'identity.assume' && raised.confidence > confidenceAt(who, raised.entry.at)

/** I15: the identity changed after what the agent saw. */
export const changedSince: Question = ({ who }, raised) =>
  isVerdict(raised) && raised.entry.ifSeq !== null && who.changedSeq > raised.entry.ifSeq

/** I17: that verdict can be retracted still. */
export const mayRetract: Question = (context, raised) => verdictOf(context, raised)?.retracted === false

/** I17: that verdict, and no other that stands, decided the current identity, and its visit is open still. */
export const decidedCurrent: Question = (context, raised) => {
  const { who, visit, verdicts } = context
  const verdict = verdictOf(context, raised)
  if (verdict === undefined || visit === null || visit.visitId !== verdict.visitId) return false
  // An event that reopens a visit may also sign somebody in: then two changes have the same `seq`.
  const isWhatItSaid = verdict.kind === 'confirm' ? who.how === 'agent' : who.state === 'anonymous'
  return (
    isWhatItSaid &&
    who.changedSeq === verdict.decides &&
    !verdicts.some((other) => standsWith(other, verdict))
  )
}

/** In this order they are bits, from the lowest; a new one is added at the end, with a new machine version. */
export const GUARDS = {
  namesCurrent,
  namesNobody,
  isRejectedHere,
  isConfirmedOtherwise,
  mayRecognize,
  isMoreConfident,
  changedSince,
  mayRetract,
  decidedCurrent,
} as const

export type GuardName = keyof typeof GUARDS

/** Which guards hold, as bits. */
export function guardBits(context: VisitorContext, raised: IdentityRaised): number {
  return Object.values(GUARDS).reduce((bits, holds, bit) => bits | (holds(context, raised) ? 1 << bit : 0), 0)
}

/** The names of the guards whose bits are set. */
export function guardNames(bits: number): readonly GuardName[] {
  const names = Object.keys(GUARDS).filter((_name, bit) => (bits & (1 << bit)) !== 0)
  return names.filter((name): name is GuardName => name in GUARDS)
}

/** The verdict that a retraction means, where it is kept still. */
export function verdictOf({ verdicts }: VisitorContext, raised: IdentityRaised) {
  if (raised.type !== 'identity.retract') return undefined
  return verdicts.find(({ seq }) => seq === raised.entry.verdictSeq)
}

/** Another verdict that decided the same, and was not taken back. */
export function standsWith(other: Verdict, { seq, decides, visitId }: Verdict): boolean {
  return other.seq !== seq && other.decides === decides && other.visitId === visitId && !other.retracted
}

/** What is left of a confidence at `at`: it halves every half-life; three decimals. */
export function confidenceAt({ confidence, asOf, halfLifeMs }: Who, at: number): number {
  if (confidence === null) return 0
  if (halfLifeMs === null) return confidence
  return Math.round(confidence * 2 ** -((at - asOf) / halfLifeMs) * 1000) / 1000
}

function isVerdict(
  raised: IdentityRaised,
): raised is Extract<IdentityRaised, { type: 'identity.confirm' | 'identity.reject' }> {
  return raised.type === 'identity.confirm' || raised.type === 'identity.reject'
}
