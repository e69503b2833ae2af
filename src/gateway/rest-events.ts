/** Events that come with a key over REST: checked and translated like a browser's, believed without a proof. */
import { checkEvent, identityOf, normalizeIdentityId } from '../../protocol/events.ts'
import type { Config } from '../config.ts'
import type { NewEvent } from '../visitors/contract.ts'
import { mayClaim, NO_CLAIM, translateEvent } from './translate.ts'
import { createUserAgents } from './user-agents.ts'

export interface RestEvents {
  /** An event, or why it is none: `code` is a rejection of the wire. */
  toEvent(value: unknown, userAgent: string | undefined): RestEvent
  /** E8: the id as it is kept, or null where it names nobody. */
  identityIdOf(value: unknown): string | null
}

export type RestEvent =
  | { readonly ok: true; readonly event: NewEvent }
  | { readonly ok: false; readonly code: string; readonly message: string }

export function createRestEvents(config: Config): RestEvents {
  const { noIdentities } = config
  const userAgentOf = createUserAgents()
  return {
    toEvent(value, userAgentText) {
      const checked = checkEvent(value, config, noIdentities)
      if (!checked.ok) return { ok: false, code: checked.rejection.code, message: checked.rejection.message }
      const { event } = checked
      // P7: a key vouches for what it says.
      const claim = mayClaim(event) ? { identityId: identityOf(event, noIdentities), proven: true } : NO_CLAIM
      const speaker = { globalVisitID: '', userAgent: userAgentOf(userAgentText), languageCode: undefined }
      // E5: without `sentAt` the age is 0.
      const carriage = { sentAt: event.timestamp, via: 'rest', final: false } as const
      return { ok: true, event: translateEvent(event, claim, { speaker, carriage }) }
    },
    identityIdOf: (value) => normalizeIdentityId(value, noIdentities),
  }
}
