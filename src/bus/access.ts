/** Where NATS is and how we get in: NATS_URL with the files that NATS_CREDS and NATS_TLS_* name (B7). */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type Config, ConfigError, OPTIONS } from '../config.ts'
import { type NatsCredentials, parseNatsUrl } from './address.ts'

/** What it takes to connect; nothing of `login` ever comes into a log. */
export interface NatsAccess {
  /** `host:port`, in the order given. */
  readonly servers: readonly string[]
  readonly login: NatsLogin
  /** Null where TLS is not asked for; a server that insists on it gets it all the same. */
  readonly tls: NatsTls | null
}

/** `creds`: a file with a JWT and its nkey seed; `nkey`: a file with a seed alone. */
export type NatsLogin = NatsCredentials | { readonly kind: 'creds' | 'nkey'; readonly path: string }

/** Paths of PEM files; '' = none. */
export interface NatsTls {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

type AccessConfig = Pick<Config, 'natsUrl' | 'natsCreds' | 'natsTlsCa' | 'natsTlsCert' | 'natsTlsKey'>

/** Reads all of it, and whether the files can be read. Throws `ConfigError`, which shows nothing secret. */
export function readNatsAccess(config: AccessConfig): NatsAccess {
  const { servers, credentials, tls: isAsked } = parseNatsUrl(config.natsUrl)
  const tls = tlsOf(config, isAsked)
  if (tls !== null) refuseBareAddresses(servers)
  return { servers, login: loginOf(credentials, config.natsCreds), tls }
}

/** The client compares a certificate with the name that a server is called by, and with `localhost` where it has none. */
function refuseBareAddresses(servers: readonly string[]): void {
  const bare = servers.find((server) => isIP(server.slice(0, server.lastIndexOf(':')).replace(/[[\]]/g, '')))
  if (bare === undefined) return
  throw new ConfigError(
    `NATS_URL: over TLS, call ${bare} by a name, which its certificate can be compared with`,
  )
}

function loginOf(credentials: NatsCredentials, path: string): NatsLogin {
  if (path === '') return credentials
  if (credentials.kind !== 'none') {
    throw new ConfigError('NATS_CREDS and what stands before the @ in NATS_URL are two logins; give one')
  }
  const text = readText(path, OPTIONS.natsCreds.key)
  if (CREDS.test(text)) return { kind: 'creds', path }
  if (SEED.test(text.trim())) return { kind: 'nkey', path }
  throw new ConfigError(
    `NATS_CREDS: ${path} holds neither a user's JWT with its nkey nor an nkey seed; name a file made by nsc or nk`,
  )
}

const CREDS = /-----BEGIN NATS USER JWT-----[\s\S]+-----BEGIN USER NKEY SEED-----/
/** A user's seed: `SU` and base32. */
const SEED = /^SU[A-Z2-7]{56}$/

function tlsOf(config: AccessConfig, isAsked: boolean): NatsTls | null {
  const [caFile, certFile, keyFile] = [config.natsTlsCa, config.natsTlsCert, config.natsTlsKey]
  if ((certFile === '') !== (keyFile === '')) {
    throw new ConfigError('NATS_TLS_CERT and NATS_TLS_KEY belong together; give both, or none')
  }
  for (const name of ['natsTlsCa', 'natsTlsCert', 'natsTlsKey'] as const) {
    if (config[name] !== '') readText(config[name], OPTIONS[name].key)
  }
  return isAsked || caFile !== '' || certFile !== '' ? { caFile, certFile, keyFile } : null
}

function readText(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`${key}: ${path} cannot be read; name a file this user may read`, { cause })
  }
}
