import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAccess } from '../../src/history/access.ts'
import { createFailures } from '../../src/history/failures.ts'
import { parseKeys, SCOPES } from '../../src/history/keys.ts'
import { createRates } from '../../src/history/rates.ts'
import { AUTHORIZATION, NOW, openHouse, SECRET } from './house.ts'

const access = suite('History: access')
const PATH = '/backend/data/visits/v1'

async function openShop() {
  const house = await openHouse()
  const visit = house.scribe.visit('g1', 'v1')
  house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  return house
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

access('[Q9] Basic takes the name and the secret, Bearer the secret', async () => {
  const { ask, close } = await openShop()
  const right = [
    `Bearer ${SECRET}`,
    `bearer ${SECRET}`,
    basic(`reader:${SECRET}`),
    `basic  ${btoa(`reader:${SECRET}`)} `,
  ]
  for (const authorization of right) {
    assert.is((await ask(PATH, { headers: { authorization } })).status, 200, authorization)
  }
  await close()
})

access('[H2] without a key, or with a wrong one, it is 401 that says how', async () => {
  const { app, close } = await openShop()
  const wrong = [
    undefined,
    '',
    'Bearer',
    'Bearer wrong-secret-01234',
    `Bearer ${SECRET} ${SECRET}`,
    `Bearer reader:${SECRET}`,
    `Digest ${SECRET}`,
    SECRET,
    basic(`reader:${SECRET}x`),
    basic(`Reader:${SECRET}`),
    basic(`:${SECRET}`),
    basic(SECRET),
    basic('reader'),
    basic(`poor:${SECRET}`),
    'Basic !!!!',
  ]
  for (const authorization of wrong.slice(0, 3)) {
    const headers = authorization === undefined ? {} : { authorization }
    const response = await app.request(PATH, { headers })
    assert.is(response.status, 401, authorization)
    assert.match(response.headers.get('www-authenticate') ?? '', /Basic realm="vestibule".*Bearer realm=/)
    assert.is(response.headers.get('content-type'), 'application/problem+json')
  }
  await close()
  // The rest is slowed down per address: each asks a fresh house.
  for (const authorization of wrong.slice(3).filter((header) => header !== undefined)) {
    const house = await openShop()
    assert.is((await house.ask(PATH, { headers: { authorization } })).status, 401, authorization)
    await house.close()
  }
})

access('[Q9] nothing is told to one without a key: not what exists, nor which methods', async () => {
  const { app, close } = await openShop()
  for (const path of [
    PATH,
    '/backend/data/visits/nope',
    '/server/data/nope',
    '/openapi.json',
    '/backend/data',
  ]) {
    assert.is((await app.request(path)).status, 401, path)
    assert.is((await app.request(path, { method: 'DELETE' })).status, 401, path)
  }
  await close()
})

access('[Q9] a key without the scope is 403; any key reads the description', async () => {
  const { ask, close } = await openShop()
  const headers = { authorization: 'Bearer poor-secret-012345' }
  const { status, body } = await ask(PATH, { headers })
  assert.is(status, 403)
  assert.match(JSON.stringify(body), 'history:read')
  assert.is((await ask('/openapi.json', { headers })).status, 200)
  await close()
})

access(
  '[H2] a key in a query is 400, with or without a right one in the header, and is not repeated',
  async () => {
    const { ask, app, close } = await openShop()
    for (const name of [
      'key',
      'api_key',
      'apiKey',
      'access_token',
      'token',
      '_token',
      'Authorization',
      'secret',
      'password',
    ]) {
      const path = `${PATH}?${name}=${SECRET}`
      const { status, body } = await ask(path)
      assert.is(status, 400, name)
      assert.match(JSON.stringify(body), `"parameter":"${name}"`)
      assert.not.match(JSON.stringify(body), SECRET)
      assert.is((await app.request(path)).status, 400, `${name} alone`)
    }
    await close()
  },
)

access('[Q9] wrong keys of one address are answered ever later, others and right ones at once', async () => {
  const waits: number[] = []
  let now = 0
  const failures = createFailures({
    now: () => now,
    wait: async (ms) => {
      waits.push(ms)
    },
  })
  for (let wrong = 0; wrong < 12; wrong++) assert.ok(await failures.slow('10.0.0.1'))
  assert.equal(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
  assert.ok(await failures.slow('10.0.0.2'))
  assert.is(waits.length, 9, 'another address does not wait')
  now = 60_001
  assert.ok(await failures.slow('10.0.0.1'))
  assert.is(waits.length, 9, 'after a quiet minute it is forgotten')
})

access('[Q9] past so many answers held back a wrong key is told to come back later', async () => {
  const held: (() => void)[] = []
  const failures = createFailures({
    now: () => 0,
    wait: () => new Promise((resolve) => held.push(resolve)),
  })
  for (let free = 0; free < 3; free++) await failures.slow('a')
  const waiting = Array.from({ length: 256 }, () => failures.slow('a'))
  assert.is(await failures.slow('a'), false)
  for (const release of held) release()
  assert.ok((await Promise.all(waiting)).every(Boolean))
  const again = failures.slow('a')
  held.at(-1)?.()
  assert.is(await again, true)
})

access('[Q9] the addresses that are remembered are bounded: the oldest goes first', async () => {
  const waits: number[] = []
  const failures = createFailures({
    now: () => 0,
    wait: async (ms) => {
      waits.push(ms)
    },
  })
  for (let wrong = 0; wrong < 4; wrong++) await failures.slow('old')
  assert.is(waits.length, 1)
  for (let address = 0; address < 10_000; address++) await failures.slow(`a${address}`)
  await failures.slow('old')
  assert.is(waits.length, 1, 'forgotten')
})

access(
  '[Q9] a right key that asks too often is told so, at the limit and one past it; others are not',
  async () => {
    let now = 0
    const rates = createRates({ perSecond: 10, burst: 3, now: () => now })
    const take = (times: number, name = 'desk') => Array.from({ length: times }, () => rates.take(name))
    assert.equal(take(4), [true, true, true, false])
    assert.equal(take(1, 'crm'), [true])
    now += 99
    assert.equal(take(1), [false], 'a tenth of a second gives one more')
    now += 1
    assert.equal(take(2), [true, false])
    now += 60_000
    assert.equal(take(4), [true, true, true, false], 'no more than the burst is saved up')
    for (let index = 0; index < 10_000; index++) rates.take(`jwt:${index}`)
    assert.equal(take(3), [true, true, true], 'one that has not asked for long is forgotten')
    const unlimited = createRates({ perSecond: 0, burst: 1, now: () => now })
    assert.ok(unlimited.take('desk') && unlimited.take('desk'))
  },
)

access('[H2] a key that asks too often is 429 with Retry-After', async () => {
  const { app, close } = await openHouse({
    access: createAccess({
      keys: parseKeys([`reader:${SECRET}:history:read`], 'test'),
      checkJwt: null,
      failures: createFailures({ now: () => NOW, wait: async () => {} }),
      rates: createRates({ perSecond: 1, burst: 2, now: () => NOW }),
      now: () => NOW,
    }),
  })
  const ask = () => app.request('/backend/data/contacts', { headers: { authorization: AUTHORIZATION } })
  assert.equal([(await ask()).status, (await ask()).status], [200, 200])
  const refused = await ask()
  assert.equal([refused.status, refused.headers.get('retry-after')], [429, '1'])
  assert.is(refused.headers.get('content-type'), 'application/problem+json')
  await close()
})

access('[Q9] every scope of the table is one a key can have', () => {
  assert.equal([...SCOPES], ['history:read', 'history:write', 'verdict', 'notify', 'erase', 'metrics'])
})

access.run()
