/** A JWT as identity proof (P7): signed by the site's own keys, for us, about this identity. */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { normalizeIdentityId } from '../../protocol/events.ts'
import type { Log } from './log.ts'

/** Gives the token's `exp` in seconds, or null where it proves nothing about this identity at `at`. Never rejects. */
export type JwtCheck = (token: string, identityId: string, at: number) => Promise<number | null>

interface JwtSource {
  readonly jwks: URL
  readonly issuer: string
  readonly audience: string
  /** How long after its expiry a token may still be looked at; the caller decides by the event's age. */
  readonly lateMs: number
  readonly log: Log
}

const ALGORITHMS = ['ES256', 'RS256', 'EdDSA']
const KEYS_TIMEOUT_MS = 5_000
/** How far the site's clock may run ahead of ours (`nbf`). */
const SKEW_MS = 60_000
/** A set of keys that cannot be had is told once in so long. */
const QUIET_MS = 60_000

/** Keys are fetched when first needed, kept, and fetched again (not oftener than jose's cool-down) for a new `kid`. */
export function createJwtCheck({ jwks, issuer, audience, lateMs, log }: JwtSource): JwtCheck {
  const keys = createRemoteJWKSet(jwks, { timeoutDuration: KEYS_TIMEOUT_MS })
  const clockTolerance = Math.ceil(lateMs / 1_000)
  let toldAt = Number.NEGATIVE_INFINITY
  return async (token, identityId, at) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance,
        currentDate: new Date(at),
        requiredClaims: ['sub', 'exp'],
      })
      const { sub, exp = null, nbf = 0 } = payload
      const holds = normalizeIdentityId(sub) === identityId && nbf * 1_000 <= at + SKEW_MS
      return holds ? exp : null
    } catch (cause) {
      if (!isTheTokensFault(cause) && at - toldAt >= QUIET_MS) {
        toldAt = at
        log.error({ err: cause }, 'the keys of VESTIBULE_IDENTITY_JWKS cannot be had: no JWT is a proof')
      }
      return null
    }
  }
}

/** A wrong token is its sender's matter; keys that cannot be had are ours, and said so. */
function isTheTokensFault(cause: unknown): boolean {
  return (
    cause instanceof errors.JWTClaimValidationFailed ||
    cause instanceof errors.JWTExpired ||
    cause instanceof errors.JWTInvalid ||
    cause instanceof errors.JWSInvalid ||
    cause instanceof errors.JWSSignatureVerificationFailed ||
    cause instanceof errors.JOSEAlgNotAllowed ||
    cause instanceof errors.JOSENotSupported ||
    cause instanceof errors.JWKSNoMatchingKey ||
    cause instanceof errors.JWKSMultipleMatchingKeys
  )
}
