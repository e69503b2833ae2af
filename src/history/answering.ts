/** One request's way: no key in the query, a key that is right, a row of the table, its scope, its handler. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { Failures } from './failures.ts'
import type { KeyRing, Principal } from './keys.ts'
import { readQuery } from './parameters.ts'
import { notFound, Problem, problemResponse, wrongParameter } from './problem.ts'
import type { Reading, Texts } from './reading.ts'
import type { Reply, Route } from './route.ts'

export interface HistoryEnv {
  /** Node's request, where a server gives it: for the address that wrong keys are counted by. */
  readonly Bindings: { readonly incoming?: IncomingMessage }
  /** Who asks. */
  readonly Variables: { principal: Principal }
}

/** What every request is answered with. */
export interface Desk {
  readonly keyRing: KeyRing
  readonly failures: Failures
  readonly addressOf: (request: IncomingMessage) => string
  readonly log: HistoryLog
  readonly beginReading: (base: string) => Reading
}

/** What is told of faults; pino's logger is one. Nothing personal is said to it. */
export interface HistoryLog {
  error(fields: object, message: string): void
}

/** Where a request arrived: the rows of one path under one base, none where no row has that path. */
export interface Arrival {
  readonly base: string
  readonly routes: readonly Route[]
}

/** The answer to one request. It never rejects. */
export async function answer(desk: Desk, arrival: Arrival, context: Context<HistoryEnv>): Promise<Response> {
  try {
    return await respond(desk, arrival, context)
  } catch (error) {
    if (error instanceof Problem) return problemResponse(error)
    // The path may hold a person's id: only the row of the table is told.
    desk.log.error({ err: error, route: arrival.routes[0]?.path }, 'a History request failed')
    return problemResponse(new Problem(500, 'the server failed to answer this; its log says why'))
  }
}

async function respond(
  desk: Desk,
  { base, routes }: Arrival,
  context: Context<HistoryEnv>,
): Promise<Response> {
  const url = new URL(context.req.url)
  refuseKeyIn(url.searchParams)
  const principal = await authenticate(desk, context)
  context.set('principal', principal)
  const { method } = context.req
  const route = routes.find((row) => row.method === (method === 'HEAD' ? 'GET' : method))
  if (route === undefined) throw refuseMethod(routes)
  if (route.scope !== null && !principal.scopes.has(route.scope)) {
    throw new Problem(403, `the key "${principal.name}" lacks the scope ${route.scope}`)
  }
  const params = readParams(route.path, url.pathname.slice(base.length))
  return responseOf(
    await route.respond(desk.beginReading(base), { params, query: readQuery(url.searchParams) }),
  )
}

/** Names under which somebody might put a key, compared without case, `-` and `_`. */
const KEY_NAMES = new Set([
  'key',
  'apikey',
  'token',
  'accesstoken',
  'bearer',
  'authorization',
  'auth',
  'secret',
  'password',
])

/** A key in a query ends in logs and histories: refused before anything else looks at it. */
function refuseKeyIn(search: URLSearchParams): void {
  for (const name of search.keys()) {
    if (KEY_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''))) {
      throw wrongParameter(name, 'a key does not belong in a query; send it in the Authorization header')
    }
  }
}

const CHALLENGE = 'Basic realm="vestibule", charset="UTF-8", Bearer realm="vestibule"'
const RETRY_AFTER_SECONDS = '10'

async function authenticate(desk: Desk, context: Context<HistoryEnv>): Promise<Principal> {
  const authorization = context.req.header('authorization')
  const principal = desk.keyRing.find(authorization)
  if (principal !== null) return principal
  if (authorization !== undefined) await slowDown(desk, context)
  throw new Problem(401, 'this needs a key: Basic (its name and secret) or Bearer (its secret)', {
    headers: { 'www-authenticate': CHALLENGE },
  })
}

async function slowDown({ failures, addressOf }: Desk, context: Context<HistoryEnv>): Promise<void> {
  // Without a server around the app (`app.request`) there is no address, and no variables of a server at all.
  const incoming = context.env?.incoming
  const isAnswered = await failures.slow(incoming === undefined ? '' : addressOf(incoming))
  if (isAnswered) return
  throw new Problem(429, 'too many wrong keys at once; come back later', {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
  })
}

function refuseMethod(routes: readonly Route[]): Problem {
  if (routes.length === 0) return notFound('resource')
  const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  const allow = methods.join(', ')
  return new Problem(405, `this resource takes ${allow}`, { headers: { allow } })
}

/** The parameters of a path, percent-decoded once (H4). */
function readParams(pattern: string, pathname: string): Texts {
  const segments = pathname.split('/')
  const params = pattern.split('/').flatMap((part, index) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    return name === undefined ? [] : [[name, decode(name, segments[index] ?? '')] as const]
  })
  return Object.fromEntries(params)
}

function decode(name: string, segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw wrongParameter(name, `${name} in the path is not percent-encoded UTF-8`)
  }
}

function responseOf(reply: Reply): Response {
  const headers = new Headers({ 'cache-control': 'no-store', 'content-type': 'application/json' })
  if (reply.is === 'resource') return new Response(JSON.stringify(reply.body), { headers })
  const { items, next, filtered } = reply
  if (items.length === 0 && next === null && filtered) {
    headers.delete('content-type')
    return new Response(null, { status: 204, headers })
  }
  if (next !== null) {
    headers.set('paging-next', next.cursor)
    headers.set('link', `<${next.link}>; rel="next"`)
  }
  return new Response(JSON.stringify(items), { headers })
}
