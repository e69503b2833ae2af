/** Who we are for a NATS server, as the client wants to be told (B7). */
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator, type TlsOptions } from 'nats'
import type { NatsAccess, NatsLogin, NatsTls } from '../access.ts'

/** Files are read again for each connection, so that a renewed one counts without a restart. */
export function loginOptions({ login, tls }: NatsAccess): ConnectionOptions {
  return { ...credentialOptions(login), ...(tls === null ? {} : { tls: tlsOptions(tls) }) }
}

function credentialOptions(login: NatsLogin): ConnectionOptions {
  switch (login.kind) {
    case 'none':
      return {}
    case 'user':
      return { user: login.user, pass: login.pass }
    case 'token':
      return { token: login.token }
    case 'creds':
      return { authenticator: credsAuthenticator(() => readFileSync(login.path)) }
    case 'nkey':
      return { authenticator: nkeyAuthenticator(() => trimmed(login.path)) }
  }
}

/** A seed file ends with a line break, which is no part of the seed. */
function trimmed(path: string): Uint8Array {
  return Buffer.from(readFileSync(path, 'utf8').trim())
}

function tlsOptions({ caFile, certFile, keyFile }: NatsTls): TlsOptions {
  return {
    ...(caFile === '' ? {} : { caFile }),
    ...(certFile === '' ? {} : { certFile, keyFile }),
  }
}
