/** A JWT as a key: signed by the company's own login, for agents; never by the one that vouches for customers. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { type Config, ConfigError } from '../config.ts'
import { type Principal, SCOPES } from './keys.ts'

/** Whom a token names, or null where it is not good. Never rejects. */
export type AccessJwtCheck = (token: string) => Promise<Principal | null>

export interface AccessJwtLog {
  error(fields: object, message: string): void
}

type JwtConfig = Pick<
  Config,
  'accessJwks' | 'accessIssuer' | 'accessAudience' | 'identityJwks' | 'identityIssuer' | 'identityAudience'
>

interface JwtParts {
  readonly config: JwtConfig
  /** Epoch ms. */
  readonly now: () => number
  readonly log: AccessJwtLog
}

/** How far ahead of now a token may expire: one that was taken away is good for so long at most. */
export const TOKEN_AHEAD_MS = 12 * 60 * 60_000
/** How far the login's clock may run ahead of ours (`nbf`). */
const SKEW_S = 60
const KEYS_TIMEOUT_MS = 5_000
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA']
const SUBJECT_LENGTH_MAX = 256
/** A set of keys that cannot be had is told once in so long. */
const QUIET_MS = 60_000

/** Null where no JWKS is configured. Throws `ConfigError` for one without its own `iss` and `aud`. */
export function openAccessJwt({ config, now, log }: JwtParts): AccessJwtCheck | null {
  if (config.accessJwks === '') return null
  const keys = createRemoteJWKSet(checkConfig(config), { timeoutDuration: KEYS_TIMEOUT_MS })
  const { accessIssuer: issuer, accessAudience: audience, identityAudience } = config
  let toldAt = Number.NEGATIVE_INFINITY
  return async (token) => {
    const at = now()
    const options = { issuer, audience, algorithms: ALGORITHMS, requiredClaims: ['sub', 'exp'] }
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...options,
        clockTolerance: SKEW_S,
        currentDate: new Date(at),
      })
      return isForCustomers(payload, identityAudience) ? null : principalOf(payload, at)
    } catch (cause) {
      if (!isTheTokensFault(cause) && at - toldAt >= QUIET_MS) {
        toldAt = at
        log.error({ err: cause }, 'the keys of VESTIBULE_ACCESS_JWKS cannot be had: no JWT is let in')
      }
      return null
    }
  }
}

function principalOf({ sub = '', exp = 0, scope }: JWTPayload, at: number): Principal | null {
  const until = exp * 1_000
  // The tolerance is for `nbf` only.
  if (until <= at || until > at + TOKEN_AHEAD_MS) return null
  if (sub === '' || sub.length > SUBJECT_LENGTH_MAX) return null
  const given = wordsOf(scope)
  // The same token may be for other services too: their scopes are not ours to judge.
  return { name: `jwt:${sub}`, scopes: new Set(SCOPES.filter((known) => given.includes(known))), until }
}

/** `scope` is words with spaces between (RFC 9068), or a list of words. */
function wordsOf(scope: unknown): readonly unknown[] {
  if (typeof scope === 'string') return scope.split(' ')
  return Array.isArray(scope) ? scope : []
}

function isForCustomers({ aud = [] }: JWTPayload, identityAudience: string): boolean {
  return identityAudience !== '' && [aud].flat().includes(identityAudience)
}

function checkConfig(config: JwtConfig): URL {
  const { accessJwks, accessIssuer, accessAudience, identityJwks, identityAudience } = config
  if (accessIssuer === '' || accessAudience === '') {
    throw new ConfigError(
      'VESTIBULE_ACCESS_JWKS needs VESTIBULE_ACCESS_ISS and VESTIBULE_ACCESS_AUD: without them a token made for another service would be a key',
    )
  }
  if (identityJwks !== '' && accessAudience === identityAudience) {
    throw new ConfigError(
      "VESTIBULE_ACCESS_AUD is VESTIBULE_IDENTITY_AUD: a customer's token would be an agent's key; give agents an audience of their own",
    )
  }
  if (!URL.canParse(accessJwks)) {
    throw new ConfigError('VESTIBULE_ACCESS_JWKS is no URL; write https://login.example/jwks.json')
  }
  return new URL(accessJwks)
}

/** Of jose's errors these are about the set of keys; whatever is none of jose's is about the way to it. */
const ABOUT_KEYS = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'])

function isTheTokensFault(cause: unknown): boolean {
  return cause instanceof errors.JOSEError && !ABOUT_KEYS.has(cause.code)
}
