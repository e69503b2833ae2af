/** Who asks: a static key or a JWT; wrong ones are answered ever later. The same for all of HTTP and for NATS. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { AccessJwtCheck } from './access-jwt.ts'
import type { TellAudit } from './answering.ts'
import type { Failures } from './failures.ts'
import { createKeyRing, type Key, type KeyRing, type Principal, type Scope } from './keys.ts'
import { Problem, problemResponse } from './problem.ts'
import { refuseKeyIn } from './query-keys.ts'
import type { Rates } from './rates.ts'

export interface Access {
  /** Whom an Authorization header names, or null. Takes its time with nobody: `admit` slows wrong ones down. */
  find(authorization: string | undefined): Promise<Principal | null>
  /** Whom it names; rejects with a `Problem`: 401, or 429 where it asks too often, or too many wrong keys are held back. */
  admit(authorization: string | undefined, address: string): Promise<Principal>
  /** Counts something wrong that was brought in a key's place, and resolves when it may be answered; rejects with a 429. */
  slow(address: string): Promise<void>
  /** Whether a principal that was found still holds: its key was not removed or changed, its token is not over. */
  holds(principal: Principal): boolean
  /** From now on these are the static keys. */
  replaceKeys(keys: readonly Key[]): void
  /** Listens to replaced keys; returns the function that stops listening. */
  onReplaced(listener: () => void): () => void
}

export interface AccessParts {
  readonly keys: readonly Key[]
  /** Null where no JWKS is configured. */
  readonly checkJwt: AccessJwtCheck | null
  readonly failures: Failures
  /** Without it a right key may ask as often as it likes. */
  readonly rates?: Rates
  /** Epoch ms. */
  readonly now: () => number
}

export function createAccess({ keys, checkJwt, failures, rates, now }: AccessParts): Access {
  let keyRing: KeyRing = createKeyRing(keys)
  const listeners = new Set<() => void>()

  async function find(authorization: string | undefined): Promise<Principal | null> {
    const token = checkJwt === null ? null : tokenIn(authorization)
    return keyRing.find(authorization) ?? (token === null ? null : ((await checkJwt?.(token)) ?? null))
  }

  async function slow(address: string): Promise<void> {
    if (!(await failures.slow(address))) throw tooManyWrong()
  }

  return {
    find,
    slow,
    async admit(authorization, address) {
      const principal = await find(authorization)
      if (principal !== null) {
        if (rates?.take(principal.name) === false) throw tooOften(principal)
        return principal
      }
      if (authorization !== undefined) await slow(address)
      throw new Problem(401, 'this needs a key: Basic (its name and secret) or Bearer (its secret)', {
        headers: { 'www-authenticate': CHALLENGE },
      })
    },
    holds: (principal) => (principal.until === undefined ? keyRing.has(principal) : principal.until > now()),
    replaceKeys(replaced) {
      keyRing = createKeyRing(replaced, keyRing)
      for (const listener of listeners) listener()
    },
    onReplaced(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export interface GuardParts {
  readonly access: Access
  readonly addressOf: (request: IncomingMessage) => string
  /** Told of a key that lacks the scope. */
  readonly audit: TellAudit
}

/** Lets in whoever brings a key with this scope; else the answer that says why not. For rooms beside History, whose paths hold no ids. */
export type Guard = (context: Context, scope: Scope) => Promise<Principal | Response>

export function createGuard({ access, addressOf, audit }: GuardParts): Guard {
  return async (context, scope) => {
    try {
      refuseKeyIn(new URL(context.req.url).searchParams)
      const principal = await access.admit(context.req.header('authorization'), addressIn(context, addressOf))
      const { method, path } = context.req
      if (!principal.scopes.has(scope)) {
        await audit({ who: principal.name, what: `${method} ${path}`, about: {}, outcome: 403 })
      }
      checkScope(principal, scope)
      return principal
    } catch (error) {
      return refusalOf(error)
    }
  }
}

/** Counts a wrong ticket like a wrong key; null when it may be answered, else the answer. */
export function createSlowing({ access, addressOf }: Pick<GuardParts, 'access' | 'addressOf'>) {
  return async (context: Context): Promise<Response | null> => {
    try {
      await access.slow(addressIn(context, addressOf))
      return null
    } catch (error) {
      return refusalOf(error)
    }
  }
}

function refusalOf(error: unknown): Response {
  if (error instanceof Problem) return problemResponse(error)
  throw error
}

/** Throws a 403 where the key is not for this. */
export function checkScope({ name, scopes }: Principal, scope: Scope): void {
  if (!scopes.has(scope)) throw new Problem(403, `the key "${name}" lacks the scope ${scope}`)
}

/** Without a server around the app (`app.request`) there is no address, and no variables of a server at all. */
export function addressIn(context: Context, addressOf: (request: IncomingMessage) => string): string {
  const incoming: IncomingMessage | undefined = context.env?.incoming
  return incoming === undefined ? '' : addressOf(incoming)
}

const CHALLENGE = 'Basic realm="vestibule", charset="UTF-8", Bearer realm="vestibule"'
const RETRY_AFTER_SECONDS = '10'

function tooManyWrong(): Problem {
  return new Problem(429, 'too many wrong keys at once; come back later', {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
  })
}

const OFTEN_RETRY_AFTER_SECONDS = '1'

function tooOften({ name }: Principal): Problem {
  return new Problem(429, `the key "${name}" asks too often; come back later`, {
    headers: { 'retry-after': OFTEN_RETRY_AFTER_SECONDS },
  })
}

/** Three parts with dots between: no static key has a dot. */
const BEARER_JWT = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+) *$/i

function tokenIn(authorization: string | undefined): string | null {
  return BEARER_JWT.exec(authorization ?? '')?.[1] ?? null
}
