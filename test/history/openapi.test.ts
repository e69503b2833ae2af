import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { ROUTES } from '../../src/history/routes.ts'
import { openRealHouse, type RealHouse } from './real-house.ts'

const openapi = suite('History: the OpenAPI document')

interface Media {
  readonly schema: object
  readonly example?: unknown
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Media>> }
}

/** A check of a schema of the document, references and all. */
function checkOf({ components }: Described, schema: object): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: components.schemas })
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')))
}

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
        const schema = operation.responses[answer.status]?.content?.['application/json']?.schema
        assert.ok(schema, label)
        const checked = checkOf(document, schema ?? {}).safeParse(answer.body)
        assert.ok(checked.success, `${label} ${checked.error?.message}`)
        if (path.endsWith('/confirm')) verdictSeq = Number(answer.body.seq)
        calls += 1
      }
    }
    assert.is(calls, ROUTES.length)
    await house.close()
  },
)

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
