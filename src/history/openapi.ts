/** `/openapi.json`: the table of routes as OpenAPI 3.1. */
import { OpenAPIHono, z } from '@hono/zod-openapi'
import { ConflictSchema } from './answer-schemas.ts'
import type { Scope } from './keys.ts'
import { LINES_TYPE } from './lines.ts'
import { BASES, type Route } from './route.ts'
import { ProblemSchema } from './schemas.ts'

const PROBLEMS = {
  400: 'a parameter or the body is wrong, a name is unknown, or a key stands in the query',
  401: 'no key, or a wrong one',
  403: 'the key lacks the scope',
  404: 'there is no such resource, or no such parent',
  405: 'not this method: see Allow',
  410: 'the moment asked about is not kept any more',
  429: 'too many wrong keys: see Retry-After',
  500: 'a fault of the server',
} as const

/** What only a POST is answered with. */
const PROBLEMS_OF_POST = {
  409: 'it conflicts with how things stand',
  413: 'the body is too large',
  415: 'the body is no application/json',
  503: 'nothing can be kept now: see Retry-After',
} as const

/** What OpenAPI calls the methods of the table. */
const OPERATIONS = { GET: 'get', POST: 'post' } as const

/** The version of what this API promises, not of the server. */
const API_VERSION = '1.0.0'

/** What other rooms answer beside the table, for the document. */
export interface Beside {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly summary: string
  /** What the key must be for; null = it needs none. */
  readonly scope: Scope | null
  readonly query?: z.ZodObject
  readonly body?: { readonly schema: z.ZodObject; readonly example: object }
  /** Good answers by status. */
  readonly answers: Readonly<Record<number, Answered>>
  /** Refusals beside those for want of a key. */
  readonly problems?: Readonly<Record<number, string>>
}

interface Answered {
  readonly description: string
  readonly type: string
  readonly schema: z.ZodType
}

/** The document for these rows, and for what is beside them. */
export function describeApi(routes: readonly Route[], beside: readonly Beside[] = []): object {
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
      request: { params, query, ...bodyOf(route), ...headersOf(route) },
      responses: { ...answersOf(route), ...problemsOf(route) },
    })
  }
  for (const row of beside) registry.registerPath(besidePath(row))
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

function bodyOf({ body, example }: Route) {
  if (body === undefined) return {}
  return { body: { required: true, content: { 'application/json': { schema: body, example } } } }
}

function headersOf({ makes }: Route) {
  if (makes !== true) return {}
  const key = z.string().optional().openapi({ description: 'the eventID: the same again makes nothing new' })
  return { headers: z.object({ 'Idempotency-Key': key }) }
}

function answersOf({ answer, isList, isLines, makes, begins }: Route) {
  if (isLines === true) {
    return { 200: { description: 'one of these a line', content: { [LINES_TYPE]: { schema: answer } } } }
  }
  const content = { 'application/json': { schema: answer } }
  if (makes === true) {
    const location = { description: 'where it is read again', schema: { type: 'string' as const } }
    return {
      200: {
        description: 'it was made before: what was made then',
        headers: { Location: location },
        content,
      },
      201: { description: 'made', headers: { Location: location }, content },
    }
  }
  if (begins === true) {
    const location = { description: 'where it says how it stands', schema: { type: 'string' as const } }
    return {
      200: { description: 'the dry run', content },
      202: { description: 'begun', headers: { Location: location }, content },
    }
  }
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

/** The refusals that an operation can answer with, and no other. */
function problemsOf(route: Route) {
  const { method, path, scope, isList, begins } = route
  const told = method === 'POST' ? { ...PROBLEMS, ...PROBLEMS_OF_POST } : PROBLEMS
  const isOfAMoment = isList || 'at' in route.filters.shape
  const never = [
    ...(path.includes('{') ? [] : ['404']),
    ...(isOfAMoment ? [] : ['410']),
    ...(scope === null ? ['403'] : []),
    ...(begins === true ? ['409'] : []),
  ]
  return problems(Object.entries(told).filter(([status]) => !never.includes(status)))
}

function problems(told: readonly (readonly [status: string, description: string])[]) {
  return Object.fromEntries(
    told.map(([status, description]) => {
      const schema = status === '409' ? ConflictSchema : ProblemSchema
      return [status, { description, content: { 'application/problem+json': { schema } } }]
    }),
  )
}

/** For want of a key, or because of it. */
const PROBLEMS_OF_KEYS = { 401: PROBLEMS[401], 403: PROBLEMS[403], 429: PROBLEMS[429] }

function besidePath(row: Beside) {
  const { method, path, summary, scope, query, body, answers, problems: own = {} } = row
  const good = Object.entries(answers).map(([status, { description, type, schema }]) => {
    return [status, { description, content: { [type]: { schema } } }] as const
  })
  const refused = scope === null ? own : { ...PROBLEMS_OF_KEYS, ...own }
  return {
    method,
    path,
    summary,
    servers: [{ url: '/' }],
    ...(scope === null ? {} : { description: `Needs a key with the scope \`${scope}\`.` }),
    security: scope === null ? [] : [{ basic: [] }, { bearer: [] }],
    request: {
      ...(query === undefined ? {} : { query }),
      ...(body === undefined
        ? {}
        : { body: { content: { 'application/json': { schema: body.schema, example: body.example } } } }),
    },
    responses: { ...Object.fromEntries(good), ...problems(Object.entries(refused)) },
  }
}
