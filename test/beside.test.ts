/** What is answered beside History's table is answered by a running server as the document says. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BESIDE } from '../src/beside.ts'
import { checkOf, type Described } from './history/described.ts'
import { event, KEY, type LiveServer, openServer } from './live/a-server.ts'

const beside = suite('beside the table')
const COUNTS = { authorization: 'Bearer poor-secret-012345' }

let server: LiveServer
beside.before.each(async () => {
  server = await openServer()
})
beside.after.each(() => server.close())

async function describedBy({ url }: LiveServer): Promise<Described> {
  const answer = await fetch(`${url}/openapi.json`, { headers: KEY })
  return (await answer.json()) as Described
}

beside('[H2] every operation beside the table answers as the document says', async () => {
  const document = await describedBy(server)
  await server.track('g1', [event('VisitStarted')])
  for (const { method, path, scope, answers } of BESIDE) {
    const operation = document.paths[path]?.[method]
    if (operation === undefined) throw new Error(`${method} ${path} is not described`)
    const [status = ''] = Object.keys(answers)
    const example = operation.requestBody?.content['application/json']?.example
    const init = { method: method.toUpperCase(), ...(example ? { body: JSON.stringify(example) } : {}) }
    const ended = new AbortController()
    const answer = await fetch(server.url + path, {
      ...init,
      headers: scope === 'metrics' ? COUNTS : KEY,
      signal: ended.signal,
    })
    const label = `${method} ${path}: ${answer.status}`
    assert.is(answer.status, Number(status), label)
    const [[type = '', media] = []] = Object.entries(operation.responses[status]?.content ?? {})
    assert.ok(answer.headers.get('content-type')?.startsWith(type), `${label} ${type}`)
    if (type === 'application/json') {
      const checked = checkOf(document, media?.schema ?? {}).safeParse(await answer.json())
      assert.ok(checked.success, `${label} ${checked.error?.message}`)
    }
    ended.abort()
  }
})

beside('[H2] every operation beside the table refuses as the document says', async () => {
  const document = await describedBy(server)
  const ask = async (method: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(server.url + path, { method, ...init })
    const schema =
      document.paths[path.split('?')[0] ?? '']?.[method.toLowerCase()]?.responses[answer.status]?.content?.[
        'application/problem+json'
      ]?.schema
    assert.ok(schema, `${method} ${path}: ${answer.status} is described`)
    assert.is(answer.headers.get('content-type'), 'application/problem+json', path)
    const checked = checkOf(document, schema ?? {}).safeParse(await answer.json())
    assert.ok(checked.success, `${method} ${path}: ${checked.error?.message}`)
    return answer.status
  }
  for (const [method, path, wrongKey] of [
    ['GET', '/live', COUNTS],
    ['POST', '/live/tickets', COUNTS],
    ['GET', '/metrics', KEY],
  ] as const) {
    assert.is(await ask(method, path), 401)
    assert.is(await ask(method, path, { headers: wrongKey }), 403)
  }
  assert.is(await ask('GET', '/live?state=Nowhere', { headers: KEY }), 400)
  assert.is(await ask('GET', '/live?lastEventId=99999999', { headers: KEY }), 410)
  assert.is(await ask('POST', '/live/tickets', { headers: KEY, body: '{"kind":"event"}' }), 400)
  assert.is(await ask('POST', '/live/tickets', { headers: KEY, body: ' '.repeat(5_000) }), 413)
})

beside('the parameters of /live that are described are those that it takes', async () => {
  const described = Object.keys(BESIDE.find(({ path }) => path === '/live')?.query?.shape ?? {})
  const refused = await fetch(`${server.url}/live?unheardOf=1`, { headers: KEY })
  const { detail } = (await refused.json()) as { detail: string }
  const takes = /it takes (.*)$/.exec(detail)?.[1]?.split(', ') ?? []
  assert.equal(described, [...takes, 'lastEventId', 'ticket'])
  const page = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8')
  for (const name of described) assert.match(page, `| \`${name}\` |`)
})

beside.run()
