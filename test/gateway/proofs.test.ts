import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Config, ConfigError, defaultConfig } from '../../src/config.ts'
import { createProofs, PROOF_AHEAD_MS, type Stated } from '../../src/gateway/proofs.ts'
import { fakeLog, START, setting, settle } from './fake-desk.ts'
import { event, events, hello, system } from './words.ts'

const test = suite('proofs')

const SECRET = 'between the shop and the server'
const HOUR_MS = 3_600_000

function hmac(text: string, secret = SECRET): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

function judge(config: Partial<Config>, stated: Partial<Stated>) {
  const proofs = createProofs({ ...defaultConfig(), ...config }, fakeLog([]))
  return proofs.judge({ identityId: 'ada', data: {}, ageMs: 0, ...stated }, START)
}

/** A proof that expires so many ms after now. */
function signed(expiresInMs: number, identityId = 'ada', secret = SECRET) {
  const expiresAt = (START + expiresInMs) / 1_000
  return { expiresAt, proof: hmac(`${identityId}\n${expiresAt}`, secret) }
}

const MINUTE_MS = 60_000
for (const [what, data, ageMs, verdict] of [
  ['that expires in a minute', signed(MINUTE_MS), 0, 'proven'],
  ['that expires an hour ahead', signed(PROOF_AHEAD_MS), 0, 'proven'],
  ['that expires more than an hour ahead', signed(PROOF_AHEAD_MS + 1_000), 0, 'unproven'],
  ['that expires now, of an event of now', signed(0), 0, 'unproven'],
  ['that expired a second ago, of an event of now', signed(-1_000), 0, 'unproven'],
  ['that expired while its event waited in a queue', signed(-10 * MINUTE_MS), 11 * MINUTE_MS, 'proven'],
  ['that had expired before its event occurred', signed(-10 * MINUTE_MS), 9 * MINUTE_MS, 'unproven'],
  ['that expired an hour ago, of a late event', signed(-HOUR_MS), 2 * HOUR_MS, 'proven'],
  ['that expired longer ago, however late the event', signed(-HOUR_MS - 1_000), 7 * 24 * HOUR_MS, 'unproven'],
  ['of another identity', signed(MINUTE_MS, 'bob'), 0, 'unproven'],
  ['made with another secret', signed(MINUTE_MS, 'ada', 'guessed'), 0, 'unproven'],
  ['of another expiry', { ...signed(MINUTE_MS), expiresAt: START / 1_000 + 120 }, 0, 'unproven'],
  ['without its expiry', { proof: signed(MINUTE_MS).proof }, 0, 'unproven'],
  ['with an expiry that is no number', { ...signed(MINUTE_MS), expiresAt: 'soon' }, 0, 'unproven'],
  ['that is cut short', { ...signed(MINUTE_MS), proof: signed(MINUTE_MS).proof.slice(2) }, 0, 'unproven'],
  ['that is no text', { ...signed(MINUTE_MS), proof: { length: 64 } }, 0, 'unproven'],
  ['that is not there', {}, 0, 'unproven'],
  ['of the identity alone', { proof: hmac('ada') }, 0, 'unproven'],
] as const) {
  test(`[P7] a proof ${what} is ${verdict}`, () => {
    assert.is(judge({ identitySecret: SECRET }, { data, ageMs }), verdict)
  })
}

test('[P7] with VESTIBULE_PROOF_WITHOUT_EXPIRY the HMAC of the identity alone is taken too', () => {
  const config = { identitySecret: SECRET, proofWithoutExpiry: true }
  assert.is(judge(config, { data: { proof: hmac('ada') } }), 'proven')
  assert.is(judge(config, { data: { proof: hmac('bob') } }), 'unproven')
  assert.is(judge(config, { data: signed(MINUTE_MS) }), 'proven')
  assert.is(judge(config, { data: signed(-MINUTE_MS) }), 'unproven')
})

test('[P7] how late a proof may be is configured', () => {
  const stated = { data: signed(-2_000), ageMs: HOUR_MS }
  assert.is(judge({ identitySecret: SECRET, proofLateMs: 2_000 }, stated), 'proven')
  assert.is(judge({ identitySecret: SECRET, proofLateMs: 1_999 }, stated), 'unproven')
})

async function track(config: Partial<Config>, ...list: unknown[]) {
  const world = setting(config)
  const client = world.open()
  client.say(hello())
  await settle()
  client.say(events(1, list))
  await settle()
  return { world, ack: client.socket.sent.at(-1) }
}

test('[P7] what is unproven is rejected identity_unproven, the rest of its batch is kept', async () => {
  const { world, ack } = await track(
    { identitySecret: SECRET },
    event(),
    system('SignIn', { identityId: 'ada' }, { eventID: 'claim' }),
    system('UserInfo', { userID: 'ada' }, { eventID: 'info' }),
    system('UserInfo', { phone: '1' }),
    system('UserInfo', { visitID: 'w1' }),
    system('SignOut'),
  )
  assert.is(ack?.accepted, 4)
  assert.equal(
    Array.from((ack?.rejected ?? []) as { eventID: string; code: string }[], ({ eventID, code }) => [
      eventID,
      code,
    ]),
    [
      ['claim', 'identity_unproven'],
      ['info', 'identity_unproven'],
    ],
  )
  assert.ok(world.visitors.events().every(({ identityId }) => identityId === null))
})

test('[P7] a SignIn without an identity is bad_event, decided before its proof', async () => {
  const { ack } = await track({ identitySecret: SECRET }, system('SignIn', { proof: 'x' }))
  assert.match(JSON.stringify(ack?.rejected), '"code":"bad_event"')
})

test('[P7] a proof is of the identity as it is kept, and is never stored', async () => {
  const { world, ack } = await track(
    { identitySecret: SECRET },
    system('SignIn', { identityId: ' ada ', name: 'Ada', ...signed(MINUTE_MS) }),
    event({ data: { proof: 'of purchase' } }),
  )
  assert.is(ack?.accepted, 2)
  const [signIn, other] = world.visitors.events()
  assert.is(signIn?.proven, true)
  assert.is(signIn?.identityId, 'ada')
  assert.not('proof' in (signIn?.words.data ?? {}))
  assert.is(signIn?.words.data.name, 'Ada')
  assert.equal(other?.words.data, { proof: 'of purchase' })
})

test('[P7] not configured, proof is not asked for, and not stored either', async () => {
  const { world, ack } = await track({}, system('SignIn', { identityId: 'ada', proof: 'x' }))
  assert.is(ack?.accepted, 1)
  const [signIn] = world.visitors.events()
  assert.equal(
    { proven: signIn?.proven, identityId: signIn?.identityId, data: signIn?.words.data },
    { proven: false, identityId: 'ada', data: { identityId: 'ada' } },
  )
})

test('[P7] with `report` the unproven is let through as unproven, counted, and told once', async () => {
  const { world, ack } = await track(
    { identitySecret: SECRET, proofs: 'report' },
    system('SignIn', { identityId: 'ada' }),
    system('SignIn', { identityId: 'ada', ...signed(MINUTE_MS) }),
  )
  assert.is(ack?.accepted, 2)
  assert.equal(
    world.visitors.events().map(({ proven }) => proven),
    [false, true],
  )
  world.desk.proofs.report()
  world.desk.proofs.report()
  assert.equal(world.logged, ['warn identities were stated without a valid proof'])
})

test('[P7] a JWKS without its own iss and aud is refused at the start', () => {
  const jwks = { identityJwks: 'https://login.example/jwks.json' }
  const both = { identityIssuer: 'https://login.example', identityAudience: 'vestibule' }
  for (const config of [jwks, { ...jwks, identityIssuer: 'x' }, { ...jwks, identityAudience: 'x' }]) {
    assert.throws(
      () => judge(config, {}),
      (error: unknown) => error instanceof ConfigError,
    )
  }
  assert.throws(
    () => judge({ ...both, identityJwks: 'jwks.json' }, {}),
    (error: unknown) => error instanceof ConfigError,
  )
  assert.is(judge({ ...jwks, ...both }, {}), 'unproven')
})

const EC = await generateKeyPair('ES256')
const RSA = await generateKeyPair('RS256')
const ED = await generateKeyPair('EdDSA')
const P384 = await generateKeyPair('ES384')
const STRANGER = await generateKeyPair('ES256')
let issuer: Server
let jwt: Partial<Config>

test.before(async () => {
  const keys = await Promise.all(
    Object.entries({ EC, RSA, ED, P384 }).map(async ([kid, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid,
    })),
  )
  issuer = createServer((_, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  const { port } = issuer.address() as AddressInfo
  jwt = {
    identityJwks: `http://127.0.0.1:${port}/jwks.json`,
    identityIssuer: 'https://login.example',
    identityAudience: 'vestibule',
  }
})

test.after(() => {
  issuer.closeAllConnections()
  issuer.close()
})

type Claims = Record<string, unknown>
const seconds = (ms: number) => Math.floor((START + ms) / 1_000)
const claims = (over: Claims = {}): Claims => ({
  sub: 'ada',
  iss: 'https://login.example',
  aud: 'vestibule',
  exp: seconds(MINUTE_MS),
  ...over,
})

function token(over: Claims = {}, alg = 'ES256', kid = 'EC', key = EC.privateKey): Promise<string> {
  return new SignJWT(claims(over)).setProtectedHeader({ alg, kid }).sign(key)
}

for (const [what, make, ageMs, verdict] of [
  ['ES256', () => token(), 0, 'proven'],
  ['RS256', () => token({}, 'RS256', 'RSA', RSA.privateKey), 0, 'proven'],
  ['EdDSA', () => token({}, 'EdDSA', 'ED', ED.privateKey), 0, 'proven'],
  ['ES384', () => token({}, 'ES384', 'P384', P384.privateKey), 0, 'unproven'],
  ['no algorithm', async () => new UnsecuredJWT(claims()).encode(), 0, 'unproven'],
  [
    'HS256, the public key taken for a secret',
    async () => {
      const secret = Buffer.from(await exportSPKI(RSA.publicKey))
      return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'RSA' }).sign(secret)
    },
    0,
    'unproven',
  ],
  ['a stranger’s key', () => token({}, 'ES256', 'EC', STRANGER.privateKey), 0, 'unproven'],
  ['a key nobody knows', () => token({}, 'ES256', 'who', STRANGER.privateKey), 0, 'unproven'],
  ['another aud', () => token({ aud: 'history' }), 0, 'unproven'],
  ['no aud', () => token({ aud: undefined }), 0, 'unproven'],
  ['another iss', () => token({ iss: 'https://evil.example' }), 0, 'unproven'],
  ['another sub', () => token({ sub: 'bob' }), 0, 'unproven'],
  ['no sub', () => token({ sub: undefined }), 0, 'unproven'],
  ['no exp', () => token({ exp: undefined }), 0, 'unproven'],
  ['an exp more than an hour ahead', () => token({ exp: seconds(HOUR_MS + 1_000) }), 0, 'unproven'],
  ['an exp that is over', () => token({ exp: seconds(-1_000) }), 0, 'unproven'],
  [
    'an exp that ran out while the event waited',
    () => token({ exp: seconds(-MINUTE_MS) }),
    HOUR_MS,
    'proven',
  ],
  ['an exp long over', () => token({ exp: seconds(-HOUR_MS - 1_000) }), 7 * 24 * HOUR_MS, 'unproven'],
  ['an nbf that has not come', () => token({ nbf: seconds(2 * MINUTE_MS) }), 0, 'unproven'],
  ['three parts that are no JWT', async () => 'a.b.c', 0, 'unproven'],
] as const) {
  test(`[P7] a JWT with ${what} is ${verdict}`, async () => {
    const verdictGiven = judge(jwt, { data: { proof: await make() }, ageMs })
    assert.instance(verdictGiven, Promise)
    assert.is(await verdictGiven, verdict)
  })
}

test('[P7] beside a JWKS the HMAC of a secret still holds, and does not wait', () => {
  assert.is(judge({ ...jwt, identitySecret: SECRET }, { data: signed(MINUTE_MS) }), 'proven')
})

test('[P7] keys that cannot be had prove nothing, and are told once a minute', async () => {
  const logged: string[] = []
  const config = { ...defaultConfig(), ...jwt, identityJwks: 'http://127.0.0.1:9/jwks.json' }
  const proofs = createProofs(config, fakeLog(logged))
  const stated = { identityId: 'ada', data: { proof: await token() }, ageMs: 0 }
  for (const at of [START, START + 59_999, START + 60_000])
    assert.is(await proofs.judge(stated, at), 'unproven')
  assert.is(logged.length, 2)
})

test('[P7] a batch waits for its JWT, and what is behind it waits too: the order is kept', async () => {
  const world = setting(jwt)
  const [client, other] = [world.open(), world.open()]
  client.say(hello())
  other.say(hello({ globalVisitID: 'g2' }))
  await settle()
  client.say(events(1, [system('SignIn', { identityId: 'ada', proof: await token() }, { eventID: 'first' })]))
  client.say(events(2, [event({ eventID: 'second' })]))
  other.say(events(1, [event({ eventID: 'theirs' })]))
  assert.ok(client.socket.paused)
  await settle()
  while (world.visitors.events().length < 3) await settle()
  await settle()
  assert.equal(
    world.visitors.events().map(({ words }) => words.eventID),
    ['theirs', 'first', 'second'],
  )
  assert.equal(
    client.socket.sent.filter(({ type }) => type === 'ack').map(({ id, accepted }) => [id, accepted]),
    [
      [1, 1],
      [2, 1],
    ],
  )
})

test('[P7] a socket that goes while its JWT is checked leaves nothing behind', async () => {
  const world = setting(jwt)
  const [client, other] = [world.open(), world.open()]
  client.say(hello())
  other.say(hello({ globalVisitID: 'g2' }))
  await settle()
  for (const each of [client, other]) {
    each.say(events(1, [system('SignIn', { identityId: 'ada', proof: await token() })]))
  }
  client.gone()
  while (world.visitors.events().length === 0) await settle()
  for (let turn = 0; turn < 10; turn += 1) await settle()
  assert.equal(
    world.visitors.entries.filter(({ globalVisitID }) => globalVisitID === 'g1'),
    [],
  )
})

test.run()
