/** `/openapi.json`: the table of routes as OpenAPI 3.1. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { BASES, type Route } from './route.ts'
import { ProblemSchema } from './schemas.ts'

const PROBLEMS = {
  400: 'a parameter is wrong, unknown, or a key stands in the query',
  401: 'no key, or a wrong one',
  403: 'the key lacks the scope',
  404: 'there is no such resource, or no such parent',
  405: 'not this method: see Allow',
  429: 'too many wrong keys: see Retry-After',
  500: 'a fault of the server',
} as const

/** What OpenAPI calls the methods of the table. */
const OPERATIONS = { GET: 'get' } as const

/** The version of what this API promises, not of the server. */
const API_VERSION = '1.0.0'

/** The document for these rows. */
export function describeApi(routes: readonly Route[]): object {
  // The registry makes schemas and parameters; dispatch is the table's own.
  const described = new OpenAPIHono()
  const registry = described.openAPIRegistry
  registry.registerComponent('securitySchemes', 'basic', { type: 'http', scheme: 'basic' })
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  for (const route of routes) {
    const { method, path, at, summary, scope, params, query } = route
    registry.registerPath({
      method: OPERATIONS[method],
      path,
      summary,
      ...(at === 'root' ? { servers: [{ url: '/' }] } : {}),
      ...(scope === null ? {} : { description: `Needs a key with the scope \`${scope}\`.` }),
      security: [{ basic: [] }, { bearer: [] }],
      request: { params, query },
      responses: { ...answersOf(route), ...problems() },
    })
  }
  return described.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Vestibule: History API',
      version: API_VERSION,
      description: 'Who visited, as whom, and what they did. Collections are bare arrays.',
    },
    servers: BASES.map((url) => ({ url })),
  })
}

function answersOf({ answer, isList }: Route) {
  const content = { 'application/json': { schema: answer } }
  if (!isList) return { 200: { description: 'the resource', content } }
  return {
    200: {
      description: 'a page; short or empty pages may go on',
      headers: {
        'Paging-Next': { description: 'the cursor of the next page', schema: { type: 'string' as const } },
        Link: { description: 'the next page, `rel="next"`', schema: { type: 'string' as const } },
      },
      content,
    },
    204: { description: 'nothing matches the filters' },
  }
}

function problems() {
  const content = { 'application/problem+json': { schema: ProblemSchema } }
  return Object.fromEntries(
    Object.entries(PROBLEMS).map(([status, description]) => [status, { description, content }]),
  )
}
