/** Credentials that are forged, replayed, over, tampered with or another's, shown to the whole server: none opens anything. */
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { SECRET, type WatchedServer } from '../helpers/watched-server.ts'
import { within } from '../helpers/within.ts'
import { besiege } from './besieged.ts'

const credentials = suite('hostile credentials')

const SHOP_SECRET = 'between-the-shop-and-the-server'
const TOKEN = 'D'.repeat(32)
const CUSTOMERS = await generateKeyPair('ES256')
const STAFF = await generateKeyPair('ES256')
const HOUR_S = 3_600
/** The logins of customers and of staff, who publish their keys. */
let logins: Server
let where = ''

credentials.before(async () => {
  const keysOf = async (name: string, key: Parameters<typeof exportJWK>[0]) => ({
    keys: [{ ...(await exportJWK(key)), kid: name }],
  })
  const sets = {
    '/customers': await keysOf('customers', CUSTOMERS.publicKey),
    '/staff': await keysOf('staff', STAFF.publicKey),
  }
  logins = createServer(({ url }, response) => {
    response.end(JSON.stringify(url === '/staff' ? sets['/staff'] : sets['/customers']))
  })
  await new Promise<void>((resolve) => logins.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this form.
  where = `http://127.0.0.1:${(logins.address() as AddressInfo).port}`
})
credentials.after(() => {
  logins.close()
  logins.closeAllConnections()
})

function args(): readonly string[] {
  return [
    ...['--identity-secret', SHOP_SECRET, '--identity-jwks', `${where}/customers`],
    ...['--identity-issuer', 'https://login.example', '--identity-audience', 'shop'],
    ...[
      '--access-jwks',
      `${where}/staff`,
      '--access-issuer',
      'https://staff.example',
      '--access-audience',
      'desk',
    ],
  ]
}

const nowS = (): number => Math.floor(Date.now() / 1_000)
let eventIDs = 0

function event(eventName: string, data: object, agoMs = 0) {
  eventIDs += 1
  return {
    ...{ eventType: 'SYSTEM', eventName, eventID: `event-${eventIDs}`, visitID: 'v1', pageID: 'p1' },
    ...{ timestamp: Date.now() - agoMs, url: 'https://shop.example/', data },
  }
}

interface Posted {
  readonly status: number
  readonly accepted: number
  readonly duplicates: number
  readonly codes: readonly string[]
}

async function post(
  server: WatchedServer,
  globalVisitID: string,
  events: readonly object[],
  deviceToken = TOKEN,
) {
  const body = JSON.stringify({ globalVisitID, deviceToken, sentAt: Date.now(), events })
  const answer = await fetch(`${server.url}/track`, { method: 'POST', body })
  const { ack } = (await answer.json()) as {
    ack?: { accepted: number; duplicates: number; rejected: { code: string }[] }
  }
  const posted: Posted = {
    status: answer.status,
    accepted: ack?.accepted ?? 0,
    duplicates: ack?.duplicates ?? 0,
    codes: ack?.rejected.map(({ code }) => code) ?? [],
  }
  return posted
}

function proofOf(identityId: string, expiresAt: number, secret = SHOP_SECRET) {
  const proof = createHmac('sha256', secret).update(`${identityId}\n${expiresAt}`).digest('hex')
  return { identityId, expiresAt, proof }
}

const customerToken = (claims: Record<string, unknown> = {}) =>
  new SignJWT({ iss: 'https://login.example', aud: 'shop', sub: 'ada', exp: nowS() + HOUR_S / 2, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'customers' })
    .sign(CUSTOMERS.privateKey)

const STAFF_CLAIMS = { iss: 'https://staff.example', aud: 'desk', sub: 'eve', scope: 'history:read' }

const staffToken = (claims: Record<string, unknown> = {}) =>
  new SignJWT({ ...STAFF_CLAIMS, exp: nowS() + HOUR_S, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'staff' })
    .sign(STAFF.privateKey)

credentials('[Q9] a proof that is forged, another’s, over or replayed signs nobody in', async () => {
  await besiege({ args: args() }, async (server) => {
    await post(server, 'g1', [event('VisitStarted', {})])
    const soon = nowS() + 600
    const over = nowS() - 600
    const forged: readonly (readonly [string, object, number?])[] = [
      ['without a proof', { identityId: 'ada' }],
      ['made with another secret', proofOf('ada', soon, 'guessed')],
      ['Ada’s, replayed for Bob', { ...proofOf('ada', soon), identityId: 'bob' }],
      ['made longer', { ...proofOf('ada', over), expiresAt: soon }],
      ['over', proofOf('ada', over)],
      [
        'over for longer than an event may be late, replayed with an old event',
        proofOf('ada', nowS() - 2 * HOUR_S),
        3 * HOUR_S * 1_000,
      ],
      ['for ever', proofOf('ada', nowS() + 30 * 86_400)],
      ['of no end', { identityId: 'ada', expiresAt: null, proof: 'f'.repeat(64) }],
      ['of a prototype', { identityId: 'ada', expiresAt: soon, proof: { length: 64, toString: 1 } }],
      ['a customer’s token, of another', { identityId: 'bob', proof: await customerToken() }],
      ['a customer’s token that is over', { identityId: 'ada', proof: await customerToken({ exp: over }) }],
      [
        'a customer’s token for another service',
        { identityId: 'ada', proof: await customerToken({ aud: 'x' }) },
      ],
      ['a token of the staff', { identityId: 'eve', proof: await staffToken() }],
      [
        'an unsigned token',
        { identityId: 'ada', proof: new UnsecuredJWT({ sub: 'ada', aud: 'shop' }).encode() },
      ],
    ]
    for (const [what, data, agoMs] of forged) {
      const { status, accepted, codes } = await post(server, 'g1', [event('SignIn', data, agoMs)])
      assert.equal([status, accepted, codes], [200, 0, ['identity_unproven']], what)
    }
    assert.is((await server.ask('/backend/data/visitors/g1')).body.state, 'Anonymous')
    const signIn = event('SignIn', proofOf('ada', soon))
    assert.is((await post(server, 'g1', [signIn])).accepted, 1)
    assert.equal((await post(server, 'g1', [signIn])).duplicates, 1, 'replayed whole it is nothing new')
    assert.is(
      (await post(server, 'g1', [event('SignIn', { identityId: 'ada', proof: await customerToken() })]))
        .accepted,
      1,
    )
    assert.is((await server.ask('/backend/data/visitors/g1')).body.identityId, 'ada')
  })
})

/** The code with which a hello is closed, or what it is answered with. */
function hello(server: WatchedServer, globalVisitID: string, deviceToken: unknown): Promise<number | string> {
  const socket = new WebSocket(server.track, 'vestibule.v1.json')
  const told = new Promise<number | string>((resolve) => {
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'hello', globalVisitID, deviceToken, sentAt: 1 })),
    )
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data))
      if (type === 'welcome') resolve(type)
    })
    socket.on('close', resolve)
    socket.on('error', () => undefined)
  })
  return within(10_000, 'a hello is answered', told).finally(() => socket.terminate())
}

credentials(
  '[Q9] a browser with a forged token is nobody’s: no welcome, nothing recorded, nothing told',
  async () => {
    await besiege({ args: args() }, async (server) => {
      assert.is((await post(server, 'g1', [event('VisitStarted', {})])).accepted, 1)
      const near = Array.from(
        { length: TOKEN.length },
        (_, at) => `${TOKEN.slice(0, at)}d${TOKEN.slice(at + 1)}`,
      )
      const forged = [...near, TOKEN.slice(1), `${TOKEN}D`, TOKEN.toLowerCase(), SECRET.padEnd(32, 'x')]
      for (const token of forged) {
        assert.is(await hello(server, 'g1', token), 4503, token)
        assert.is((await post(server, 'g1', [event('Waved', {})], token)).status, 401, token)
      }
      for (const token of [
        null,
        '',
        1,
        [],
        {},
        ' '.repeat(32),
        'é'.repeat(22),
        'x'.repeat(65),
        '__proto__',
      ]) {
        assert.ok([4500, 4503].includes(Number(await hello(server, 'g1', token))), JSON.stringify(token))
      }
      assert.is((await server.ask('/backend/data/visitors/g1/entries')).status < 500, true)
      const { body } = await server.ask('/backend/data/visits/v1/events?page_size=1000')
      assert.is(JSON.parse(String(body.text)).length, 1, 'only what its own browser said')
      assert.is(await hello(server, 'g1', TOKEN), 'welcome')
    })
  },
)

credentials(
  '[Q9] a customer’s token is no agent’s key, at no route; nor is any token that is not quite the staff’s',
  async () => {
    await besiege({ args: args() }, async (server) => {
      await post(server, 'g1', [event('VisitStarted', {})])
      const staffSecret = Buffer.from(await exportSPKI(STAFF.publicKey))
      // The first two are asked everywhere.
      const wrong: Readonly<Record<string, string>> = {
        'a customer’s': await customerToken(),
        'a customer’s that claims scopes': await customerToken({
          scope: 'history:read erase',
          iss: 'https://staff.example',
          aud: 'desk',
        }),
        'the staff’s for the shop too': await staffToken({ aud: ['desk', 'shop'] }),
        'the staff’s that is over': await staffToken({ exp: nowS() - 1 }),
        'signed with the public key as a secret': await new SignJWT({ ...STAFF_CLAIMS, exp: nowS() + 60 })
          .setProtectedHeader({ alg: 'HS256', kid: 'staff' })
          .sign(staffSecret),
        unsigned: new UnsecuredJWT({ ...STAFF_CLAIMS, exp: nowS() + 60 }).encode(),
        'a device’s': TOKEN,
      }
      const { paths } = (await server.ask('/openapi.json')).body as unknown as {
        paths: Record<string, Record<string, { security?: readonly unknown[] }>>
      }
      const operations = Object.entries(paths).flatMap(([path, methods]) => {
        const base = path.startsWith('/erasures') ? '' : '/backend/data'
        const filled = `${base}${path.replace(/\{\w+\}/g, 'g1')}`
        return Object.keys(methods).map((method) => [method.toUpperCase(), filled] as const)
      })
      assert.ok(operations.length > 20, `${operations.length} operations`)
      const others = ['/live', '/metrics'].map((path) => ['GET', path] as const)
      // All at once: wrong keys are answered ever more slowly.
      const asked = [...operations, ...others].flatMap(([method, path], at) =>
        Object.entries(wrong)
          .filter((_, index) => (method === 'GET' ? index < 2 : index === at % 2))
          .map(async ([what, token]) => {
            const sent = method === 'GET' ? {} : { body: '{}' }
            const headers = { authorization: `Bearer ${token}` }
            const answer = await fetch(`${server.url}${path}`, { method, headers, ...sent })
            await answer.body?.cancel()
            assert.is(answer.status, 401, `${what} at ${method} ${path}`)
          }),
      )
      const nearly = Object.entries(wrong).map(async ([what, token]) => {
        const headers = { authorization: `Bearer ${token}` }
        const { status } = await fetch(`${server.url}/backend/data/visitors/g1`, { headers })
        assert.is(status, 401, what)
      })
      await Promise.all([...asked, ...nearly])
      const right = { authorization: `Bearer ${await staffToken()}` }
      assert.is((await fetch(`${server.url}/backend/data/visitors/g1`, { headers: right })).status, 200)
    })
  },
)

credentials('[Q9] a cursor that was changed, or is of another query, leads nowhere', async () => {
  await besiege({ args: args() }, async (server) => {
    for (const visitor of ['g1', 'g2']) {
      const events = ['a', 'b', 'c'].map((name) => ({
        ...event(name, {}),
        eventType: 'BUSINESS',
        visitID: visitor,
      }))
      assert.is((await post(server, visitor, events)).accepted, 3)
    }
    const headers = { authorization: `Bearer ${SECRET}` }
    const first = await fetch(`${server.url}/backend/data/visits/g1/events?page_size=1`, { headers })
    await first.body?.cancel()
    const cursor = String(first.headers.get('paging-next'))
    const ask = async (path: string, given: string) => {
      const query = new URLSearchParams({ page_size: '1', page_next: given })
      return await fetch(`${server.url}/backend/data${path}?${query}`, { headers })
    }
    assert.is((await ask('/visits/g1/events', cursor)).status, 200)
    const changed = Array.from(cursor, (letter, at) => {
      return `${cursor.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`
    })
    for (const given of [...changed, cursor.slice(1), `${cursor}A`, cursor.repeat(2), '0', '__proto__']) {
      const { status } = await ask('/visits/g1/events', given)
      assert.is(status, 400, given)
    }
    for (const path of ['/visits/g2/events', '/visitors/g1/events', '/visits', '/events', '/contacts']) {
      const { status } = await ask(path, cursor)
      assert.ok(status === 400 || status === 404, `${path} answers ${status}`)
    }
  })
})

credentials.run()
