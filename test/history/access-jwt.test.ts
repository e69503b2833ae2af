/** JWTs as keys: whose they must be, how long they are good, and what for. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Config, ConfigError, defaultConfig } from '../../src/config.ts'
import { createAccess } from '../../src/history/access.ts'
import { openAccessJwt, TOKEN_AHEAD_MS } from '../../src/history/access-jwt.ts'
import { createFailures } from '../../src/history/failures.ts'
import { parseKeys } from '../../src/history/keys.ts'
import { openHouse } from './house.ts'

const jwt = suite('History: JWTs')

const NOW = 1_800_000_000_000
const NOW_S = NOW / 1_000
const OURS = await generateKeyPair('ES256')
const STRANGER = await generateKeyPair('ES256')
let issuer: Server
let config: Config

jwt.before(async () => {
  const keys = [{ ...(await exportJWK(OURS.publicKey)), kid: 'ours' }]
  issuer = createServer((_, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this form.
  const { port } = issuer.address() as AddressInfo
  config = {
    ...defaultConfig(),
    accessJwks: `http://127.0.0.1:${port}/jwks.json`,
    accessIssuer: 'https://staff.example',
    accessAudience: 'vestibule-desk',
    identityAudience: 'vestibule',
  }
})

jwt.after(() => {
  issuer.close()
  issuer.closeAllConnections()
})

const CLAIMS = { iss: 'https://staff.example', aud: 'vestibule-desk', sub: 'ada', exp: NOW_S + 3_600 }
type Claims = Record<string, unknown>

function token(over: Claims = {}, key = OURS.privateKey): Promise<string> {
  const claims = { scope: 'history:read verdict', ...CLAIMS, ...over }
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'ours' }).sign(key)
}

/** What a check that lets the token choose its algorithm would take. */
async function signedWithPublicKey(): Promise<string> {
  const secret = Buffer.from(await exportSPKI(OURS.publicKey))
  const claims = { ...CLAIMS, scope: 'erase' }
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'ours' }).sign(secret)
}

/** What a check that believes a token's header would take. */
async function withItsOwnKey(): Promise<string> {
  const jwk = await exportJWK(STRANGER.publicKey)
  const header = { alg: 'ES256', kid: 'ours', jwk, jku: 'https://evil.example/jwks.json' }
  return new SignJWT({ ...CLAIMS, scope: 'erase' }).setProtectedHeader(header).sign(STRANGER.privateKey)
}

const quiet = { error: () => {} }
const check = (text: string) => openAccessJwt({ config, now: () => NOW, log: quiet })?.(text) ?? null

jwt('[Q9] a token of the configured issuer is a key with the scopes that it brings', async () => {
  const principal = await check(await token())
  assert.is(principal?.name, 'jwt:ada')
  assert.equal([...(principal?.scopes ?? [])], ['history:read', 'verdict'])
  assert.is(principal?.until, CLAIMS.exp * 1_000)
  const listed = await check(await token({ scope: ['erase', 'openid', 7] }))
  assert.equal([...(listed?.scopes ?? [])], ['erase'], 'scopes of other services are not ours to judge')
  assert.is((await check(await token({ scope: undefined })))?.scopes.size, 0)
})

jwt('[Q9] a token that is wrong in anything is nobody', async () => {
  const wrong: readonly (readonly [string, Promise<string> | string])[] = [
    ['another issuer', token({ iss: 'https://login.example' })],
    ['another audience', token({ aud: 'vestibule' })],
    ['a customer, too', token({ aud: ['vestibule-desk', 'vestibule'] })],
    ['over', token({ exp: NOW_S })],
    ['without an end', token({ exp: undefined })],
    ['good for more than 12 hours', token({ exp: NOW_S + TOKEN_AHEAD_MS / 1_000 + 1 })],
    ['not good yet', token({ nbf: NOW_S + 61 })],
    ['about nobody', token({ sub: undefined })],
    ['about an empty name', token({ sub: '' })],
    ['about too long a name', token({ sub: 's'.repeat(257) })],
    ["a stranger's signature", token({}, STRANGER.privateKey)],
    ['no signature', new UnsecuredJWT(CLAIMS).encode()],
    ['signed with the public key as if it were a secret', signedWithPublicKey()],
    ['a key of its own inside', withItsOwnKey()],
    ['no token', 'a.b.c'],
  ]
  for (const [what, text] of wrong) assert.is(await check(await text), null, what)
  assert.ok(await check(await token({ exp: NOW_S + TOKEN_AHEAD_MS / 1_000 })), 'exactly 12 hours')
  assert.ok(await check(await token({ sub: 's'.repeat(256) })))
  assert.ok(await check(await token({ nbf: NOW_S + 60 })))
})

jwt('[Q9] a JWKS needs its own iss and aud, and never those that vouch for customers', () => {
  const open = (over: Partial<Config>) => () =>
    openAccessJwt({ config: { ...config, ...over }, now: () => NOW, log: quiet })
  const isConfigError = (error: unknown): boolean => error instanceof ConfigError
  assert.throws(open({ accessIssuer: '' }), isConfigError)
  assert.throws(open({ accessAudience: '' }), isConfigError)
  assert.throws(open({ accessJwks: 'jwks.json' }), isConfigError)
  assert.throws(open({ identityJwks: 'https://x.example/j', accessAudience: 'vestibule' }), isConfigError)
  assert.is(open({ accessJwks: '' })(), null)
})

jwt('[Q9] over HTTP a token reads like a key; wrong ones are slowed down like wrong keys', async () => {
  const waits: number[] = []
  const wait = async (ms: number): Promise<void> => void waits.push(ms)
  const access = createAccess({
    keys: parseKeys(['reader:reader-secret-0123:history:read'], 'test'),
    checkJwt: openAccessJwt({ config, now: () => NOW, log: quiet }),
    failures: createFailures({ now: () => NOW, wait }),
    now: () => NOW,
  })
  const house = await openHouse({ access })
  const visit = house.scribe.visit('g1', 'v1')
  house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  const ask = async (bearer: string) =>
    (await house.ask('/backend/data/visits/v1', { headers: { authorization: `Bearer ${bearer}` } })).status
  assert.is(await ask(await token()), 200)
  assert.is(await ask('reader-secret-0123'), 200, 'static keys go on')
  assert.is(await ask(await token({ scope: 'verdict' })), 403)
  for (let count = 0; count < 5; count += 1) assert.is(await ask(await token({ exp: NOW_S - 1 })), 401)
  assert.equal(waits, [100, 200])
  await house.close()
})

jwt('[Q9] a token that is over does not hold any more, nor does a key that is replaced', async () => {
  let now = NOW
  const reader = parseKeys(['reader:reader-secret-0123:history:read'], 'test')
  const access = createAccess({
    keys: reader,
    checkJwt: openAccessJwt({ config, now: () => now, log: quiet }),
    failures: createFailures({ now: () => now, wait: async () => {} }),
    now: () => now,
  })
  const agent = await access.admit(`Bearer ${await token()}`, 'a')
  const desk = await access.admit('Bearer reader-secret-0123', 'a')
  assert.ok(access.holds(agent) && access.holds(desk))
  now = CLAIMS.exp * 1_000
  assert.not.ok(access.holds(agent))
  access.replaceKeys(
    parseKeys(['reader:reader-secret-0123:history:read', 'two:other-secret-01234:erase'], 'test'),
  )
  assert.ok(access.holds(desk), 'it is there as it was')
  access.replaceKeys(parseKeys(['reader:reader-secret-0123:erase'], 'test'))
  assert.not.ok(access.holds(desk), 'its scopes were changed')
})

jwt('[Q9] keys that cannot be had let nobody in, and are told of once a minute', async () => {
  const told: object[] = []
  let now = NOW
  const away = openAccessJwt({
    config: { ...config, accessJwks: 'http://127.0.0.1:9/jwks.json' },
    now: () => now,
    log: { error: (fields) => told.push(fields) },
  })
  for (const at of [NOW, NOW + 59_999, NOW + 60_000]) {
    now = at
    assert.is(await away?.(await token()), null)
  }
  assert.is(told.length, 2)
})

jwt.run()
