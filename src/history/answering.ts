/** One request's way: no key in the query, a key that is right, a row of the table, its scope, its handler. */

import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { StoreUnavailable } from '../store/errors.ts'
import { type Access, addressIn, checkScope } from './access.ts'
import type { Principal } from './keys.ts'
import { bodyOfLines, LINES_TYPE } from './lines.ts'
import { readQuery } from './parameters.ts'
import { notFound, Problem, problemResponse, unavailable, wrongParameter } from './problem.ts'
import { refuseKeyIn } from './query-keys.ts'
import type { Reading, Texts } from './reading.ts'
import { readJson } from './request-body.ts'
import type { Reply, Route } from './route.ts'
import type { TakeTurn } from './turns.ts'

export interface HistoryEnv {
  /** Node's request, where a server gives it: for the address that wrong keys are counted by. */
  readonly Bindings: { readonly incoming?: IncomingMessage }
  /** Who asks. */
  readonly Variables: { principal: Principal }
}

/** What every request is answered with. */
export interface Desk {
  readonly access: Access
  readonly audit: TellAudit
  readonly addressOf: (request: IncomingMessage) => string
  readonly log: HistoryLog
  /** Bytes of a request's body. */
  readonly bodyBytes: number
  readonly beginReading: (base: string) => Reading
  /** To be awaited before a reading begins. */
  readonly takeTurn: TakeTurn
}

/** What is told of faults; pino's logger is one. Nothing personal is said to it. */
export interface HistoryLog {
  error(fields: object, message: string): void
}

/** Keeps a line of who asked for what, whom it was about, and what came of it (the status); never rejects. */
export type TellAudit = (call: {
  readonly who: string
  readonly what: string
  readonly about: Texts
  readonly outcome: number
}) => Promise<void>

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
    return problemResponse(problemOf(desk, error, arrival.routes[0]?.path))
  }
}

/** What a handler threw, as a refusal. The path may hold a person's id: only the row of the table is told. */
export function problemOf({ log }: Pick<Desk, 'log'>, error: unknown, route: string | undefined): Problem {
  if (error instanceof Problem) return error
  // Whoever refused it has logged it.
  if (error instanceof StoreUnavailable) return unavailable()
  log.error({ err: error, route }, 'a History request failed')
  return new Problem(500, 'the server failed to answer this; its log says why')
}

async function respond(
  desk: Desk,
  { base, routes }: Arrival,
  context: Context<HistoryEnv>,
): Promise<Response> {
  const url = new URL(context.req.url)
  refuseKeyIn(url.searchParams)
  const address = addressIn(context, desk.addressOf)
  const principal = await desk.access.admit(context.req.header('authorization'), address)
  context.set('principal', principal)
  const { method } = context.req
  const route = routes.find((row) => row.method === (method === 'HEAD' ? 'GET' : method))
  if (route === undefined) throw refuseMethod(routes)
  const params = readParams(route.path, url.pathname.slice(base.length))
  const query = readQuery(url.searchParams)
  // A body can name somebody, too: it is added when it has been read.
  const about = new Map(Object.entries({ ...params, ...idsIn(query) }))
  const serve = async (): Promise<Response> => {
    if (route.scope !== null) checkScope(principal, route.scope)
    const asked = { params, query, who: principal.name }
    await desk.takeTurn()
    if (route.method === 'GET')
      return responseOf(desk, base, await route.respond(desk.beginReading(base), asked))
    const body = await readJson(context.req.raw, desk.bodyBytes)
    for (const [name, id] of Object.entries(idsIn(body))) about.set(name, id)
    const idempotencyKey = context.req.header('idempotency-key')
    const reply = await route.respond(desk.beginReading(base), { ...asked, body, idempotencyKey })
    return responseOf(desk, base, reply)
  }
  return isAudited(route) ? audited(desk, { principal, route, about }, serve) : serve()
}

/** What changes something, and what tells of a person. */
function isAudited({ method, scope }: Route): boolean {
  return method !== 'GET' || scope === 'history:read'
}

/** The line is kept before the answer goes out, whatever the answer is. */
async function audited(
  { audit }: Desk,
  {
    principal,
    route,
    about,
  }: {
    readonly principal: Principal
    readonly route: Route
    readonly about: ReadonlyMap<string, string>
  },
  serve: () => Promise<Response>,
): Promise<Response> {
  const call = { who: principal.name, what: `${route.method} ${route.path}` }
  const tell = (outcome: number) => audit({ ...call, about: Object.fromEntries(about), outcome })
  try {
    const response = await serve()
    await tell(response.status)
    return response
  } catch (error) {
    await tell(statusOf(error))
    throw error
  }
}

function statusOf(error: unknown): number {
  if (error instanceof Problem) return error.status
  return error instanceof StoreUnavailable ? unavailable().status : 500
}

/** Fields that name somebody, in a query and in a body. */
const NAMING = ['globalVisitID', 'visitId', 'sessionId', 'identityId']

/** Whom it names: what the audit log is told. */
export function idsIn(value: unknown): Texts {
  if (typeof value !== 'object' || value === null) return {}
  const named = Object.entries(value).filter(
    (entry): entry is [string, string] => NAMING.includes(entry[0]) && typeof entry[1] === 'string',
  )
  return Object.fromEntries(named)
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

function responseOf({ takeTurn }: Pick<Desk, 'takeTurn'>, base: string, reply: Reply): Response {
  const headers = new Headers({ 'cache-control': 'no-store', 'content-type': 'application/json' })
  if (reply.is === 'resource') return new Response(JSON.stringify(reply.body), { headers })
  if (reply.is === 'made') {
    headers.set('location', base + reply.location)
    return new Response(JSON.stringify(reply.body), { status: reply.fresh ? 201 : 200, headers })
  }
  if (reply.is === 'begun') {
    headers.set('location', reply.location)
    return new Response(JSON.stringify(reply.body), { status: 202, headers })
  }
  if (reply.is === 'lines') {
    headers.set('content-type', LINES_TYPE)
    return new Response(bodyOfLines(reply.lines, takeTurn), { headers })
  }
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
