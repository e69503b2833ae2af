/** Assumes that whoever types the e-mail address or phone number of one known person is that person. */
import type { Given, Rule, RuleAnswer } from '../contract.ts'

export interface ProfileMatchOptions {
  /** Where an e-mail address matches. */
  readonly confidenceEmail?: number
  /** Where a phone number does: numbers are shared and passed on more often. */
  readonly confidencePhone?: number
  readonly version?: number
}

/**
 * The one identity whose known e-mail address or phone number a BUSINESS event carries. Its error: people type other
 * people's addresses (a gift, a spouse's order, a typing error), and nobody proves them here.
 */
export function profileMatch(options: ProfileMatchOptions = {}): Rule {
  const { confidenceEmail = 0.6, confidencePhone = 0.5, version = 1 } = options
  return {
    name: 'profileMatch',
    version,
    on: ['*'],
    needs: ['identitiesByEmail', 'identitiesByPhone'],
    assume: ({ event, identitiesByEmail, identitiesByPhone, visitor }: Given): RuleAnswer | null => {
      if (event?.eventType !== 'BUSINESS') return null
      const people = new Set([...identitiesByEmail, ...identitiesByPhone].map(({ identityId }) => identityId))
      const [identityId, another] = people
      // Two people with the same address, or an address of one and the number of another: nobody in particular.
      if (identityId === undefined || another !== undefined || visitor.rejected.includes(identityId))
        return null
      const byEmail = identitiesByEmail.length > 0
      const byPhone = identitiesByPhone.length > 0
      return {
        identityId,
        confidence: byEmail ? confidenceEmail : confidencePhone,
        evidence: { eventName: event.eventName, byEmail, byPhone },
      }
    },
  }
}
