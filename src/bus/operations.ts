/** What may be asked over NATS (B8): requests in JSON become calls of the same operations that REST has. */
import type { Config } from '../config.ts'
import type { Bus, BusReply, BusRequest } from './bus.ts'
import { type BusLog, reasonOf } from './log.ts'

export interface OperationCall {
  /** The request's header of this name, which brings a key. */
  readonly authorization: string | undefined
  /** NATS_REQUESTS_OPEN: the NATS account is trusted, and no key is asked for. */
  readonly open: boolean
  /** The request, parsed. */
  readonly body: unknown
}

export interface OperationReply {
  /** As in HTTP. */
  readonly status: number
  /** The answer; for 400 and above a problem of RFC 9457. */
  readonly body: unknown
}

/** By the last word of the subject: `get` answers on `vestibule.visitor.get`. */
export type Operations = Readonly<Record<string, (call: OperationCall) => Promise<OperationReply>>>

export interface OperationsParts {
  readonly bus: Pick<Bus, 'serve'>
  readonly operations: Operations
  readonly config: Pick<Config, 'natsPrefix' | 'natsRequestsOpen' | 'natsRequestsAtOnce' | 'frameBytes'>
  readonly log: BusLog
}

export const SERVICE_NAME = 'vestibule'
/** The version of what these requests promise, not of the server. */
const SERVICE_VERSION = '1.0.0'
const DESCRIPTION = 'Who is this visitor? Asked, decided, engaged.'

/** Serves them from now on; the result stops it, and resolves when what was begun is answered. */
export function serveOperations({ bus, operations, config, log }: OperationsParts): () => Promise<void> {
  const { natsRequestsOpen: open, natsRequestsAtOnce: atOnceMax, frameBytes } = config
  const underWay = new Set<Promise<BusReply>>()
  if (open) {
    log.warn({}, 'NATS_REQUESTS_OPEN: whoever the NATS account lets ask is answered without a key')
  }

  async function perform(endpoint: string, request: BusRequest): Promise<BusReply> {
    const operation = operations[endpoint]
    if (operation === undefined) return problem(404, 'there is no such operation')
    const body = parse(request.bytes)
    if (body === undefined) return problem(400, 'the request is no JSON')
    try {
      return toReply(await operation({ authorization: request.authorization, open, body }))
    } catch (error) {
      log.error({ endpoint, reason: reasonOf(error) }, 'a request over NATS failed')
      return problem(500, 'the server failed to answer this; its log says why')
    }
  }

  async function answer(endpoint: string, request: BusRequest): Promise<BusReply> {
    if (underWay.size >= atOnceMax) return problem(429, `${atOnceMax} requests are being answered; ask again`)
    if (request.bytes.length > frameBytes) return problem(413, `a request has at most ${frameBytes} bytes`)
    const reply = perform(endpoint, request)
    underWay.add(reply)
    return reply.finally(() => underWay.delete(reply))
  }

  const stop = bus.serve({
    name: SERVICE_NAME,
    version: SERVICE_VERSION,
    description: DESCRIPTION,
    group: `${config.natsPrefix}.visitor`,
    endpoints: Object.keys(operations),
    answer,
  })
  return async () => {
    await stop()
    await Promise.all(underWay)
  }
}

const TITLES = {
  400: 'Bad Request',
  404: 'Not Found',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
} as const

function problem(status: keyof typeof TITLES, detail: string): BusReply {
  return toReply({ status, body: { type: 'about:blank', title: TITLES[status], status, detail } })
}

function toReply({ status, body }: OperationReply): BusReply {
  return {
    status,
    title: titleIn(body),
    contentType: status < 400 ? 'application/json' : 'application/problem+json',
    bytes: Buffer.from(JSON.stringify(body)),
  }
}

function titleIn(body: unknown): string {
  const hasTitle = typeof body === 'object' && body !== null && 'title' in body
  return hasTitle && typeof body.title === 'string' ? body.title : 'Error'
}

/** The request, or undefined where it is no JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
