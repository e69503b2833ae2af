/** NATS_URL taken apart: where the servers are, and who we are there; the latter never comes into a log. */
import { ConfigError } from '../config.ts'

export interface NatsAddress {
  /** `host:port`, in the order given. */
  readonly servers: readonly string[]
  readonly credentials: NatsCredentials
  /** One of them was written `tls://`: all are spoken to over TLS. */
  readonly tls: boolean
}

export type NatsCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly user: string; readonly pass: string }
  | { readonly kind: 'token'; readonly token: string }

/**
 * Reads `nats://user:pass@host:4222,nats://other:4222`. One set of credentials serves all servers: the first given.
 * Throws `ConfigError`, which shows nothing that stands before an `@`.
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseOne)
  if (urls.length === 0) throw new ConfigError('NATS_URL names no server; expected nats://host:4222')
  const credentials = urls.map(credentialsOf).find(({ kind }) => kind !== 'none') ?? { kind: 'none' as const }
  const servers = urls.map(({ hostname, port }) => `${hostname}:${port || NATS_PORT}`)
  return { servers, credentials, tls: urls.some(({ protocol }) => protocol === 'tls:') }
}

const NATS_PORT = 4222

function parseOne(text: string): URL {
  const withScheme = text.includes('://') ? text : `nats://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null
  const isKnown = url?.protocol === 'nats:' || url?.protocol === 'tls:'
  const isPlain = ['', '/'].includes(`${url?.pathname}${url?.search}${url?.hash}`)
  if (url !== null && isKnown && isPlain && url.hostname !== '') return url
  const shown = text.slice(text.lastIndexOf('@') + 1)
  throw new ConfigError(
    `NATS_URL: "${shown}" is not right; expected nats://host:4222 or tls://host:4222 (no other scheme, no path)`,
  )
}

function credentialsOf({ username, password }: URL): NatsCredentials {
  if (username === '' && password === '') return { kind: 'none' }
  if (password === '') return { kind: 'token', token: decoded(username) }
  return { kind: 'user', user: decoded(username), pass: decoded(password) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError('NATS_URL: write a % in user, password or token as %25, an @ as %40')
  }
}
