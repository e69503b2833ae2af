/** P2: the work of a socket in one request, for page exits, servers, and networks that block WebSockets. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { JSON_CODEC } from '../../protocol/codec.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { checkTrackBody, type TrackAnswer, type TrackBody } from '../../protocol/messages.ts'
import { CLOSING, takeBody } from '../body.ts'
import { ackOf } from './batches.ts'
import type { Door } from './door.ts'
import { isStoreUnavailable } from './unavailable.ts'

/** Why a request is not served, as problem+json. */
class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    detail: string,
    {
      headers = {},
      cause,
    }: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(detail, { cause })
    this.status = status
    this.headers = headers
  }
}

/** The seconds after which a client may come again where we cannot tell better. */
const RETRY_AFTER_S = 1
/** How long a browser may remember the answer to its preflight, in seconds. */
const PREFLIGHT_S = 7_200

/** Makes the handler of `/track`; every request is answered, whatever it is. */
export function createTrackPost(door: Door): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { origin } = request.headers
    response.setHeader('vary', 'origin')
    if (origin !== undefined && door.allowsOrigin(origin)) {
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-expose-headers', 'retry-after')
    }
    serve(door, request, response).then(
      (answer) => send(response, answer),
      (cause: unknown) => sendProblem(door, response, cause),
    )
  }
}

/** The answer, or null for a preflight. */
async function serve(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<TrackAnswer | null> {
  const { desk } = door
  if (!door.allowsOrigin(request.headers.origin))
    throw new Problem(403, 'pages of this origin may not track here')
  if (request.method === 'OPTIONS') return null
  if (request.method !== 'POST') {
    const allow = 'POST, OPTIONS'
    throw request.method === 'GET'
      ? new Problem(426, 'GET /track is for WebSockets', { headers: { allow, upgrade: 'websocket' } })
      : new Problem(405, 'only POST is served here, and WebSockets', { headers: { allow } })
  }
  if (!isJson(request.headers['content-type'])) {
    throw new Problem(415, 'the content type must be application/json or text/plain')
  }
  const address = door.addressOf(request)
  if (!desk.limits.connect(address)) throw tooMany(RETRY_AFTER_S * 1_000, 'too many requests at once')
  try {
    const body = await takeBody(chunksOf(request), desk.config.frameBytes).catch((cause: unknown) => {
      // The client went away in the middle of it: there is nobody to answer, and nothing of ours is wrong.
      throw new Problem(400, 'the body did not come whole', { cause })
    })
    if (body === null) {
      const detail = `the body must be at most ${desk.config.frameBytes} bytes`
      throw new Problem(413, detail, { headers: CLOSING })
    }
    if (desk.isDraining) throw unavailable()
    countUntilAnswered(door, response)
    return await track(door, checkTrackBody(JSON_CODEC.decode(body), desk.config, desk.config.noIdentities), {
      address,
      userAgent: request.headers['user-agent'],
    })
  } finally {
    desk.limits.disconnect(address)
  }
}

/** What comes of the body. To leave off in the middle of it would else cut the connection before its client knew why. */
const chunksOf = (request: IncomingMessage): AsyncIterable<Uint8Array> =>
  request.iterator({ destroyOnReturn: false })

/** A drain waits for it, as for a batch of a socket (Q6). */
function countUntilAnswered({ desk }: Door, response: ServerResponse): void {
  if (response.closed) return
  desk.inFlight += 1
  response.once('close', () => {
    desk.inFlight -= 1
    desk.whenLess()
  })
}

async function track(
  { desk, userAgentOf }: Door,
  { hello, sentAt, events, final }: TrackBody,
  from: { readonly address: string; readonly userAgent: string | undefined },
): Promise<TrackAnswer> {
  const now = desk.clock.uptime()
  const wait = desk.limits.takePosted(from.address, events.length, now)
  if (wait > 0) throw tooMany(wait, 'too many events from this address')
  if (desk.visitors.isFull()) throw unavailable()
  const admitted = await desk.admission.admit(hello, from.address, now)
  if (admitted.is === 'unauthorized') {
    throw new Problem(401, 'the deviceToken is not the one of this globalVisitID')
  }
  if (admitted.is === 'tooMany')
    throw tooMany(admitted.retryAfterMs, 'too many new visitors from this address')
  const { globalVisitID, standing } = admitted
  const speaker = {
    globalVisitID,
    languageCode: hello.languageCode,
    userAgent: userAgentOf(from.userAgent),
  }
  const carriage = { sentAt, via: 'http', final } as const
  const prepared = await desk.batches.prepare(events, { speaker, carriage }, desk.clock.now())
  const { outcomes, visitId } =
    prepared.entries.length > 0
      ? await desk.visitors.record(globalVisitID, prepared.entries)
      : { outcomes: [], visitId: standing.visitId }
  const ack = ackOf(0, prepared, { outcomes, visitId })
  desk.meter.acknowledged(ack, desk.clock.uptime() - now)
  return { welcome: desk.admission.welcome(admitted, desk.clock.now()), ack }
}

function isJson(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return type === 'application/json' || type === 'text/plain'
}

function tooMany(waitMs: number, detail: string): Problem {
  return new Problem(429, detail, {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
  })
}

function unavailable(): Problem {
  return new Problem(503, 'nothing can be kept now; send it again', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  })
}

function send(response: ServerResponse, answer: TrackAnswer | null): void {
  if (answer === null) {
    response.writeHead(204, {
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': String(PREFLIGHT_S),
    })
    response.end()
    return
  }
  const body = JSON.stringify(answer)
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(body)
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

function sendProblem({ desk }: Door, response: ServerResponse, cause: unknown): void {
  const { status, message, headers } = problemOf(cause)
  const isExpected = cause instanceof Problem || cause instanceof ProtocolError || isStoreUnavailable(cause)
  if (!isExpected) desk.log.error({ err: cause }, 'POST /track was not recorded')
  const title = TITLES[status] ?? ''
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers })
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail: message }))
}

function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause
  // What was not kept is sent again, whatever the reason is: nothing was acknowledged.
  return cause instanceof ProtocolError ? new Problem(400, cause.message) : unavailable()
}
