/** The static keys to the History API: how they are written, and how a request's key is found among them. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../config.ts'

export const SCOPES = ['history:read', 'history:write', 'verdict', 'notify', 'erase', 'metrics'] as const
export type Scope = (typeof SCOPES)[number]

/** Who asks: kept on the request. */
export interface Principal {
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** A token's end, epoch ms; a static key has none. */
  readonly until?: number
}

/** One key as it was written down. */
export interface Key {
  readonly name: string
  readonly secret: string
  readonly scopes: readonly Scope[]
}

export interface KeyRing {
  /** The key that an Authorization header brings, or null. Takes the same time for every wrong one. */
  find(authorization: string | undefined): Principal | null
  /** Whether this one, found here or on the ring before, still has its key as it was. */
  has(principal: Principal): boolean
  /** By a digest of all that a key is. */
  readonly principals: ReadonlyMap<string, Principal>
}

/** Keys ready to be compared. A key that is on the ring before as it is here stays the same principal. */
export function createKeyRing(keys: readonly Key[], before?: KeyRing): KeyRing {
  const held = keys.map(({ name, secret, scopes }) => {
    const whole = digest(`${name}:${secret}:${[...scopes].sort().join('+')}`).toString('base64')
    return {
      whole,
      principal: before?.principals.get(whole) ?? { name, scopes: new Set(scopes) },
      basic: digest(`${name}:${secret}`),
      bearer: digest(secret),
    }
  })
  const principals = new Map(held.map(({ whole, principal }) => [whole, principal]))
  const known = new Set<Principal>(principals.values())
  return {
    principals,
    has: (principal) => known.has(principal),
    find: (authorization) => {
      const brought = parseAuthorization(authorization)
      if (brought === null) return null
      const wanted = digest(brought.credentials)
      let found: Principal | null = null
      for (const { principal, basic, bearer } of held) {
        // Every key is compared, so that the time tells nothing about which one was near.
        if (timingSafeEqual(brought.scheme === 'basic' ? basic : bearer, wanted)) found = principal
      }
      return found
    },
  }
}

/**
 * Reads `name:secret:scope+scope` items; scopes are all that follows the second colon. `source` names where they
 * came from in an error; no error shows a secret.
 */
export function parseKeys(items: readonly string[], source: string): readonly Key[] {
  return items.map((item, index) => parseKey(item, `${source}: key ${index + 1}`))
}

const KEY = /^([^:]*):([^:]*):(.*)$/s
const NAME = /^[A-Za-z0-9_.-]{1,64}$/
const SECRET = /^[A-Za-z0-9_-]{16,256}$/

function parseKey(item: string, where: string): Key {
  const [, name = '', secret = '', scopesText = ''] = KEY.exec(item) ?? []
  if (name === '' && secret === '')
    throw new ConfigError(`${where} is not of the form name:secret:scope+scope`)
  if (!NAME.test(name)) throw new ConfigError(`${where}: a name is 1..64 of A-Z a-z 0-9 _ . -`)
  if (!SECRET.test(secret)) {
    throw new ConfigError(`${where} ("${name}"): a secret is 16..256 of A-Z a-z 0-9 _ -`)
  }
  const scopes = scopesText.split('+').map((text) => {
    const scope = SCOPES.find((known) => known === text)
    if (scope === undefined) {
      throw new ConfigError(`${where} ("${name}"): scopes are ${SCOPES.join(', ')}, joined by +`)
    }
    return scope
  })
  return { name, secret, scopes }
}

/** Throws `ConfigError` where two have the same name, or the same secret. */
export function refuseTwice(keys: readonly Key[]): void {
  const names = new Set<string>()
  const secrets = new Set<string>()
  for (const { name, secret } of keys) {
    if (names.has(name))
      throw new ConfigError(`the key "${name}" is configured twice; give each its own name`)
    if (secrets.has(secret)) {
      throw new ConfigError(`the key "${name}" has another key's secret; give each its own`)
    }
    names.add(name)
    secrets.add(secret)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function parseAuthorization(
  header: string | undefined,
): { readonly scheme: 'basic' | 'bearer'; readonly credentials: string } | null {
  const [, scheme = '', rest = ''] = /^(basic|bearer) +([A-Za-z0-9._~+/=-]+) *$/i.exec(header ?? '') ?? []
  if (rest === '') return null
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', credentials: rest }
  return { scheme: 'basic', credentials: Buffer.from(rest, 'base64').toString('utf8') }
}
