/** Assumes that whoever signed in last on this device is there again. */
import type { Given, Rule, RuleAnswer } from '../contract.ts'

const DAY_MS = 24 * 60 * 60_000

export interface LastSignedInHereOptions {
  /** Sign-ins longer ago than this say nothing. */
  readonly days?: number
  /** The confidence halves with each of these since the sign-in. */
  readonly halfLifeDays?: number
  /** Each other person seen in these days multiplies the confidence by this. */
  readonly perOtherPerson?: number
  /** The confidence right after the sign-in, with nobody else seen. */
  readonly confidence?: number
  /** Choose another one where you choose other numbers: scores are kept by it. */
  readonly version?: number
}

/**
 * The person who signed in, or was confirmed, last on this device within so many days. Its error: it does not see who
 * uses the device without signing in; among several people who do, it is wrong as often as they take turns.
 */
export function lastSignedInHere(options: LastSignedInHereOptions = {}): Rule {
  const { days = 30, halfLifeDays = 14, perOtherPerson = 0.6, confidence = 0.8, version = 1 } = options
  const halfLifeMs = halfLifeDays * DAY_MS
  return {
    name: 'lastSignedInHere',
    version,
    on: ['visit.opened'],
    needs: ['pastLinks'],
    assume: ({ at, pastLinks, visitor }: Given): RuleAnswer | null => {
      const recent = pastLinks.filter((link) => at - link.at <= days * DAY_MS)
      const [latest] = recent
      if (latest === undefined || visitor.rejected.includes(latest.identityId)) return null
      const others = new Set(recent.map(({ identityId }) => identityId)).size - 1
      const ageMs = Math.max(0, at - latest.at)
      const sure = confidence * 2 ** -(ageMs / halfLifeMs) * perOtherPerson ** others
      const { identityId, how } = latest
      return {
        identityId,
        confidence: Math.round(sure * 1_000) / 1_000,
        halfLifeMs,
        evidence: { how, lastAt: latest.at, otherPeople: others },
      }
    },
  }
}
