import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROUTES } from '../../src/history/routes.ts'
import { checkOf, type Described, type Operation } from './described.ts'
import { ALL, COUNTS, openRealHouse, type RealHouse } from './real-house.ts'

const openapi = suite('History: the OpenAPI document')

async function openShop(): Promise<{ house: RealHouse; ids: Readonly<Record<string, string>> }> {
  const house = await openRealHouse({
    notify: async () => ({ id: 'n1', delivered: 1, handled: 1, outcome: 'handled' }),
  })
  const { record, event, ask } = house
  await record(
    'g1',
    event('VisitStarted'),
    event('PageEntered'),
    event('SignIn', { identityId: 'pat@example.com' }),
  )
  await record('g1', event('PageEntered', {}, { pageID: 'p2' }))
  const { body } = await ask('/visits/v1?include_sessions=true&include_pages=true')
  const events = (await ask('/visits/v1/events')).body as unknown as { historyId: string }[]
  const done = { id: 'e1', kind: 'person', begunAt: 1, finishedAt: 2, subject: null } as const
  await house.store.erase({ erasure: { ...done, counts: { entries: 3 }, unreached: ['backups'] } })
  return {
    house,
    ids: {
      id: 'e1',
      visitId: 'v1',
      globalVisitID: 'g1',
      identityId: 'pat@example.com',
      sessionId: String((body.sessionIds as string[])[0]),
      pageId: String((body.pageIds as string[])[0]),
      historyId: String(events[0]?.historyId),
      eventID: 'e1',
      userAgentId: String(body.userAgentId),
    },
  }
}

/** What must be said otherwise than in the example, for the operation to be done in this shop. */
const BODIES: Readonly<Record<string, object>> = {
  '/visitors/{globalVisitID}/confirm': { identityId: 'sam@example.com', agentId: 'agent-7' },
  '/notification/notify/{visitId}': [{ channel: 'invite', data: { text: 'May we help?' } }],
}

/** Later ones need what earlier ones did. */
const LAST = [
  '/visitors/{globalVisitID}/release',
  '/visitors/{globalVisitID}/reject',
  '/visitors/{globalVisitID}/retract',
]

openapi(
  '[H2] every operation of the document can be called with its example, and answers as the document says',
  async () => {
    const { house, ids } = await openShop()
    const { ask, post, record, event } = house
    const document = (await ask('/openapi.json')).body as unknown as Described
    const paths = Object.keys(document.paths).sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b))
    let calls = 0
    let verdictSeq = 0
    for (const path of paths) {
      const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? '?'))
      for (const [method, operation] of Object.entries(document.paths[path] ?? {})) {
        if (path.endsWith('/confirm')) await record('g1', event('SignOut'))
        const example = operation.requestBody?.content['application/json']?.example
        const body = path.endsWith('/retract')
          ? { seq: verdictSeq, agentId: 'agent-7' }
          : path.endsWith('/reject')
            ? { identityId: 'sam@example.com', agentId: 'agent-7' }
            : (BODIES[path] ?? example)
        const answer = method === 'get' ? await ask(address) : await post(address, body)
        const label = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`
        assert.ok(answer.status === 200 || answer.status === 201, label)
        const content = operation.responses[answer.status]?.content
        const lines = content?.['application/x-ndjson']?.schema
        const schema = lines ?? content?.['application/json']?.schema
        assert.ok(schema, label)
        const bodies = lines === undefined ? [answer.body] : (answer.body as unknown as readonly unknown[])
        for (const body of bodies) {
          const checked = checkOf(document, schema ?? {}).safeParse(body)
          assert.ok(checked.success, `${label} ${checked.error?.message}`)
        }
        if (path.endsWith('/confirm')) verdictSeq = Number(answer.body.seq)
        calls += 1
      }
    }
    assert.is(calls, ROUTES.length)
    await house.close()
  },
)

interface Refused {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

/** For each refusal a request that is answered with it. */
function refusalsOf({ ask }: RealHouse, { path, method, operation }: Refused) {
  const address = path.replace(/\{\w+\}/g, 'nobody')
  const isGet = method === 'GET'
  const example = BODIES[path] ?? operation.requestBody?.content['application/json']?.example
  const by = (authorization: string | null, { query = '', body = example, type = 'application/json' } = {}) =>
    ask(address + query, {
      method,
      headers: { 'content-type': type, ...(authorization === null ? {} : { authorization }) },
      ...(isGet ? {} : { body: JSON.stringify(body) }),
    })
  const refusals: Readonly<Record<string, () => ReturnType<typeof ask>>> = {
    400: () => by(ALL, { query: '?unheardOf=1' }),
    401: () => by(null),
    403: () => by(COUNTS),
    404: () => by(ALL),
    405: () => ask(address, { method: 'PATCH' }),
    413: () => by(ALL, { body: { long: 'x'.repeat(70_000) } }),
    415: () => by(ALL, { type: 'text/plain' }),
  }
  return Object.entries(refusals).filter(([status]) => operation.responses[status] !== undefined)
}

openapi('[H2] every operation refuses as the document says', async () => {
  const { house } = await openShop()
  const document = (await house.ask('/openapi.json')).body as unknown as Described
  const checks = new Map<string, ReturnType<typeof checkOf>>()
  let refused = 0
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const asked = { path, method: method.toUpperCase(), operation }
      for (const [status, refuse] of refusalsOf(house, asked)) {
        const described = operation.responses[status]?.content?.['application/problem+json']?.schema ?? {}
        const answer = await refuse()
        const label = `${method} ${path}: ${answer.status} instead of ${status} ${JSON.stringify(answer.body)}`
        assert.is(answer.status, Number(status), label)
        assert.is(answer.headers.get('content-type'), 'application/problem+json', label)
        const key = JSON.stringify(described)
        const check = checks.get(key) ?? checkOf(document, described)
        checks.set(key, check)
        assert.ok(check.safeParse(answer.body).success, label)
        refused += 1
      }
    }
  }
  assert.ok(refused > 200, `${refused} refusals`)
  await house.close()
})

openapi('[H2] a refusal is a Problem, and a conflict tells the state', async () => {
  const { house } = await openShop()
  const document = (await house.ask('/openapi.json')).body as unknown as Described
  const schemaOf = (name: string) => checkOf(document, document.components.schemas[name] ?? {})
  const refused = await house.ask('/visits/nope')
  assert.ok(schemaOf('Problem').safeParse(refused.body).success)
  const conflict = await house.post('/visitors/g1/confirm', {
    identityId: 'sam@example.com',
    agentId: 'agent-7',
  })
  assert.is(conflict.status, 409)
  const checked = schemaOf('Conflict').safeParse(conflict.body)
  assert.ok(checked.success, checked.error?.message)
  assert.not.ok(schemaOf('Conflict').safeParse({ ...conflict.body, visitor: {} }).success, 'the check checks')
  await house.close()
})

openapi('[H6] every example of the document is what its schema says', async () => {
  const { house } = await openShop()
  const document = (await house.ask('/openapi.json')).body as unknown as Described
  const shown = Object.entries(document.components.schemas).filter(([, { example }]) => example !== undefined)
  assert.ok(shown.length >= 8, `${shown.length} schemas have an example`)
  for (const [name, schema] of shown) {
    const { example, ...rest } = schema
    const checked = checkOf(document, rest).safeParse(example)
    assert.ok(checked.success, `${name}: ${checked.error?.message}`)
  }
  await house.close()
})

openapi.run()
