import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as answers from '../../src/history/answer-schemas.ts'
import { SCOPES } from '../../src/history/keys.ts'
import { describeApi } from '../../src/history/openapi.ts'
import { describeRoutes, ROUTES } from '../../src/history/routes.ts'
import * as schemas from '../../src/history/schemas.ts'

const docs = suite('History: documentation')
const page = readFileSync(new URL('../../docs/history-api.md', import.meta.url), 'utf8')

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly responses: Readonly<Record<string, object>>
  readonly security: readonly object[]
}

interface Described {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

docs('[H1] the page shows the table of routes as it is', () => {
  assert.ok(
    page.includes(describeRoutes()),
    `docs/history-api.md does not hold this table:\n${describeRoutes()}`,
  )
})

docs('[H6] the page names every field of every resource, and every scope', () => {
  const { VisitSchema, SessionSchema, PageSchema, EventSchema, IdentitySchema, ContactSchema } = schemas
  const { VisitorSchema, StreamEntrySchema } = schemas
  const resources = [VisitSchema, SessionSchema, PageSchema, EventSchema, IdentitySchema, ContactSchema]
  const { VerdictSchema, LeaseSchema, ReachedSchema, RuleSchema, ExplanationSchema, StepSchema } = answers
  const answered = [VerdictSchema, LeaseSchema, ReachedSchema, RuleSchema, ExplanationSchema, StepSchema]
  for (const schema of [...resources, VisitorSchema, StreamEntrySchema, ...answered]) {
    for (const field of Object.keys(schema.shape)) assert.ok(page.includes(`\`${field}\``), field)
  }
  for (const scope of SCOPES) assert.ok(page.includes(`\`${scope}\``), scope)
})

docs('[H2] openapi.json describes every row of the table, with its parameters and answers', () => {
  // What a reader of the document would see.
  const described: Described = JSON.parse(JSON.stringify(describeApi(ROUTES)))
  assert.is(described.openapi, '3.1.0')
  assert.equal(
    described.servers.map(({ url }) => url),
    ['/backend/data', '/server/data'],
  )
  assert.equal(Object.keys(described.paths).sort(), [...new Set(ROUTES.map(({ path }) => path))].sort())
  for (const route of ROUTES) {
    const path = described.paths[route.path]
    const operation = route.method === 'GET' ? path?.get : path?.post
    const names = (where: string) => {
      const parameters = operation?.parameters ?? []
      return parameters.flatMap((parameter) => (parameter.in === where ? [parameter.name] : []))
    }
    assert.equal(names('query'), Object.keys(route.query.shape), route.path)
    assert.equal(names('path'), Object.keys(route.params.shape), route.path)
    const refusals = [
      ...['400', '401', '405', '429', '500'],
      ...(route.scope === null ? [] : ['403']),
      ...(route.path.includes('{') ? ['404'] : []),
      ...(route.isList || 'at' in route.filters.shape ? ['410'] : []),
      ...(route.method === 'GET' ? [] : ['413', '415', '503']),
      ...(route.method === 'GET' || route.begins === true ? [] : ['409']),
    ]
    const told = Object.keys(operation?.responses ?? {}).filter((status) => Number(status) >= 400)
    assert.equal(told.sort(), refusals.sort(), route.path)
    assert.ok(operation?.responses[200], route.path)
    assert.is('201' in (operation?.responses ?? {}), route.makes === true, route.path)
    assert.is('204' in (operation?.responses ?? {}), route.isList, route.path)
    assert.equal(operation?.security, [{ basic: [] }, { bearer: [] }])
  }
  for (const name of ['Visit', 'Session', 'Page', 'Event', 'Identity', 'Contact', 'Visitor', 'Problem']) {
    assert.ok(described.components.schemas[name], name)
  }
})

docs('[H2] every reference in openapi.json has its schema', () => {
  const text = JSON.stringify(describeApi(ROUTES))
  const { components } = JSON.parse(text) as Described
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(components.schemas[name], name)
  }
})

docs.run()
