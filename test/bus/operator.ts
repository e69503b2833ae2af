/** A NATS operator with one account and one user, made for a test: what `nsc` makes, by hand. */
import { randomBytes } from 'node:crypto'
import { nkeys } from 'nats'

export interface Operator {
  /** Lines of a server's configuration that trust it. */
  readonly configuration: string
  /** The user's creds file. */
  readonly creds: string
}

export function makeOperator(): Operator {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const operatorJwt = signed(operator, operator, { type: 'operator', version: 2 })
  const limits = {
    ...{ subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
    ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
  }
  const accountJwt = signed(account, operator, { type: 'account', version: 2, limits })
  const userJwt = signed(user, account, { type: 'user', version: 2, subs: -1, data: -1, payload: -1 })
  const accountKey = account.getPublicKey()
  return {
    configuration: [
      `operator: ${operatorJwt}`,
      'resolver: MEMORY',
      `resolver_preload: { ${accountKey}: ${accountJwt} }`,
    ].join('\n'),
    creds: [
      '-----BEGIN NATS USER JWT-----',
      userJwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      Buffer.from(user.getSeed()).toString(),
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  }
}

/** A user with an nkey alone: its seed, and the public key that a server is told. */
export function makeNkey(): { readonly seed: string; readonly publicKey: string } {
  const user = nkeys.createUser()
  return { seed: Buffer.from(user.getSeed()).toString(), publicKey: user.getPublicKey() }
}

type KeyPair = ReturnType<typeof nkeys.createUser>

function signed(subject: KeyPair, issuer: KeyPair, nats: object): string {
  const claims = {
    jti: randomBytes(16).toString('hex'),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats,
  }
  const body = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${body}.${Buffer.from(issuer.sign(Buffer.from(body))).toString('base64url')}`
}
