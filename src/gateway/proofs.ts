/** P7: whether the site itself vouches for an identity that a browser states. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Config, ConfigError } from '../config.ts'
import { createJwtCheck, type JwtCheck } from './jwt.ts'
import type { Log } from './log.ts'
import { type Meter, NO_METER } from './meter.ts'

/** What a SignIn or UserInfo says, and when. */
export interface Stated {
  readonly identityId: string
  readonly data: Readonly<Record<string, unknown>>
  /** How long before now it occurred, in ms. */
  readonly ageMs: number
}

export type Verdict = 'proven' | 'unproven'

export interface Proofs {
  /** False where neither a secret nor a JWKS is configured: no proof is asked for. */
  readonly areAsked: boolean
  /** Judges a statement at `at` (epoch ms). Only a JWT takes a promise. */
  judge(stated: Stated, at: number): Verdict | Promise<Verdict>
  /** Whether what is unproven is refused; with `report` it is counted and let through. */
  refuses(): boolean
  /** Logs how many would have been refused, if there were any since last time. */
  report(): void
}

type ProofConfig = Pick<
  Config,
  | 'identitySecret'
  | 'identityJwks'
  | 'identityIssuer'
  | 'identityAudience'
  | 'proofs'
  | 'proofWithoutExpiry'
  | 'proofLateMs'
>

/** How far ahead of now a proof may expire, in ms. */
export const PROOF_AHEAD_MS = 3_600_000

/** Throws `ConfigError` where a JWKS is configured without its `iss` and `aud`. */
export function createProofs(
  config: ProofConfig,
  log: Log,
  meter: Pick<Meter, 'unproven'> = NO_METER,
): Proofs {
  const { identitySecret: secret, identityJwks, proofWithoutExpiry, proofLateMs } = config
  const checkJwt = identityJwks === '' ? null : jwtCheckOf(config, log)
  let unproven = 0

  function judgeHmac({ identityId, data, ageMs }: Stated, at: number): Verdict {
    const { proof, expiresAt } = data
    if (secret === '' || typeof proof !== 'string') return 'unproven'
    const holds =
      expiresAt === undefined
        ? proofWithoutExpiry && isHmac(secret, identityId, proof)
        : isInTime(expiresAt, { at, ageMs, proofLateMs }) &&
          isHmac(secret, `${identityId}\n${expiresAt}`, proof)
    return holds ? 'proven' : 'unproven'
  }

  async function judgeJwt(check: JwtCheck, stated: Stated, at: number): Promise<Verdict> {
    const exp = await check(String(stated.data.proof), stated.identityId, at)
    const holds = exp !== null && isInTime(exp, { at, ageMs: stated.ageMs, proofLateMs })
    return counted(holds ? 'proven' : 'unproven')
  }

  function counted(verdict: Verdict): Verdict {
    if (verdict === 'unproven') {
      unproven += 1
      meter.unproven()
    }
    return verdict
  }

  return {
    areAsked: secret !== '' || checkJwt !== null,
    judge(stated, at) {
      if (checkJwt !== null && isJwt(stated.data.proof)) return judgeJwt(checkJwt, stated, at)
      return counted(judgeHmac(stated, at))
    },
    refuses: () => config.proofs === 'require',
    report() {
      if (unproven === 0) return
      const refused = config.proofs === 'require'
      log.warn({ unproven, refused }, 'identities were stated without a valid proof')
      unproven = 0
    },
  }
}

function jwtCheckOf(config: ProofConfig, log: Log): JwtCheck {
  const { identityJwks, identityIssuer, identityAudience } = config
  if (identityIssuer === '' || identityAudience === '') {
    throw new ConfigError(
      'VESTIBULE_IDENTITY_JWKS needs VESTIBULE_IDENTITY_ISS and VESTIBULE_IDENTITY_AUD: without them a token made for another service would be a proof',
    )
  }
  if (!URL.canParse(identityJwks)) {
    throw new ConfigError('VESTIBULE_IDENTITY_JWKS is no URL; write https://login.example/jwks.json')
  }
  return createJwtCheck({
    jwks: new URL(identityJwks),
    issuer: identityIssuer,
    audience: identityAudience,
    lateMs: config.proofLateMs,
    log,
  })
}

/**
 * Later than when the event occurred; never more than `proofLateMs` before now, whatever age the event claims; at
 * most an hour ahead. `expiresAt` in seconds.
 */
function isInTime(
  expiresAt: unknown,
  { at, ageMs, proofLateMs }: { readonly at: number; readonly ageMs: number; readonly proofLateMs: number },
): boolean {
  if (typeof expiresAt !== 'number' || !Number.isFinite(expiresAt)) return false
  const expiresMs = expiresAt * 1_000
  return expiresMs > at - ageMs && expiresMs >= at - proofLateMs && expiresMs <= at + PROOF_AHEAD_MS
}

const HMAC_HEX = /^[0-9a-f]{64}$/i

/** In constant time, whatever was given. */
function isHmac(secret: string, text: string, given: string): boolean {
  if (!HMAC_HEX.test(given)) return false
  const expected = createHmac('sha256', secret).update(text, 'utf8').digest()
  return timingSafeEqual(expected, Buffer.from(given, 'hex'))
}

function isJwt(proof: unknown): proof is string {
  return typeof proof === 'string' && proof.split('.', 4).length === 3
}
