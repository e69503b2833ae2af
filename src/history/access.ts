/** Who asks: a static key or a JWT; wrong ones are answered ever later. The same for all of HTTP and for NATS. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { AccessJwtCheck } from './access-jwt.ts'
import type { Failures } from './failures.ts'
import { createKeyRing, type Key, type KeyRing, type Principal, type Scope } from './keys.ts'
import { Problem, problemResponse } from './problem.ts'

export interface Access {
  /** Whom an Authorization header names, or null. Takes its time with nobody: `admit` slows wrong ones down. */
  find(authorization: string | undefined): Promise<Principal | null>
  /** Whom it names; rejects with a `Problem`: 401, or 429 where too many wrong keys are held back already. */
  admit(authorization: string | undefined, address: string): Promise<Principal>
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
  /** Epoch ms. */
  readonly now: () => number
}

export function createAccess({ keys, checkJwt, failures, now }: AccessParts): Access {
  let keyRing: KeyRing = createKeyRing(keys)
  const listeners = new Set<() => void>()

  async function find(authorization: string | undefined): Promise<Principal | null> {
    const token = checkJwt === null ? null : tokenIn(authorization)
    return keyRing.find(authorization) ?? (token === null ? null : ((await checkJwt?.(token)) ?? null))
  }

  return {
    find,
    async admit(authorization, address) {
      const principal = await find(authorization)
      if (principal !== null) return principal
      if (authorization !== undefined && !(await failures.slow(address))) throw tooManyWrong()
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

/** Lets in whoever brings a key with this scope; else the answer that says why not. For rooms beside History. */
export type Guard = (context: Context, scope: Scope) => Promise<Principal | Response>

export function createGuard(access: Access, addressOf: (request: IncomingMessage) => string): Guard {
  return async (context, scope) => {
    try {
      const principal = await access.admit(context.req.header('authorization'), addressIn(context, addressOf))
      checkScope(principal, scope)
      return principal
    } catch (error) {
      if (error instanceof Problem) return problemResponse(error)
      throw error
    }
  }
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

/** Three parts with dots between: no static key has a dot. */
const BEARER_JWT = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+) *$/i

function tokenIn(authorization: string | undefined): string | null {
  return BEARER_JWT.exec(authorization ?? '')?.[1] ?? null
}
