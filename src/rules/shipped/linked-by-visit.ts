/** Assumes that whoever follows a link which the site made for a signed-in customer is that customer. */
import type { Given, Rule, RuleAnswer } from '../contract.ts'

const DAY_MS = 24 * 60 * 60_000

export interface LinkedByVisitOptions {
  /** A visit that began longer ago than this says nothing. */
  readonly days?: number
  readonly confidence?: number
  /** Where they were only recognised in that visit, not signed in. */
  readonly confidenceRecognized?: number
  readonly version?: number
}

/**
 * The customer of the visit that the link carries. Its error: links are forwarded, and a mailbox may be shared;
 * whoever follows the link is taken for the one it was made for.
 */
export function linkedByVisit(options: LinkedByVisitOptions = {}): Rule {
  const { days = 30, confidence = 0.7, confidenceRecognized = 0.5, version = 1 } = options
  return {
    name: 'linkedByVisit',
    version,
    on: ['*'],
    needs: ['linkedVisit'],
    assume: ({ at, linkedVisit, visitor }: Given): RuleAnswer | null => {
      if (linkedVisit === null || at - linkedVisit.startDate > days * DAY_MS) return null
      const { identityId, visitId, signedIn } = linkedVisit
      // The same device needs no link to be known; what it knows is for other rules.
      if (linkedVisit.globalVisitID === visitor.globalVisitID || visitor.rejected.includes(identityId))
        return null
      return {
        identityId,
        confidence: signedIn ? confidence : confidenceRecognized,
        evidence: { linkedVisitID: visitId, signedIn },
      }
    },
  }
}
