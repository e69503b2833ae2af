/** `/live`: what is committed, as server-sent events; and tickets for browsers, which cannot send a key with it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { CLOSING, takeBody } from '../body.ts'
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { Visitors } from '../visitors/contract.ts'
import { type Asked, createAsking, type LiveAccess } from './asking.ts'
import { type Filters, readFilters } from './filters.ts'
import { refusal } from './refusal.ts'
import { type Stream, startStream } from './stream.ts'
import { createTelling, type TellingParts, type TellingStore } from './telling.ts'
import { createTickets } from './tickets.ts'
import { createWindows } from './windows.ts'

export interface LiveParts<Who> {
  readonly store: TellingStore & Pick<Store, 'commits' | 'changes' | 'lastPosition'>
  readonly onCommitted: Visitors['onCommitted']
  readonly access: LiveAccess<Who>
  readonly audit: (call: {
    readonly who: string
    readonly what: string
    readonly about: Readonly<Record<string, string>>
    readonly outcome: number
  }) => Promise<void>
  readonly describeEvent: TellingParts['describeEvent']
  readonly config: Pick<Config, 'liveKeepMs' | 'liveStallMs' | 'liveStreams'>
  /** For the demo: events of everybody may be asked for. */
  readonly allEvents: boolean
  /** Two clocks in ms: the wall's, and uptime. */
  readonly clock: { readonly now: () => number; readonly uptime: () => number }
  readonly log: { error(fields: object, message: string): void }
}

export interface LiveEnv {
  readonly Bindings: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse }
}

export interface Live {
  readonly app: Hono<LiveEnv>
  /** Streams that are open. */
  readonly count: () => number
  /** What a timer does: says that each stream is there, and ends those that must not go on. */
  readonly sweep: () => void
  /** Ends all streams, and takes no more. */
  readonly close: () => Promise<void>
}

const BEAT_MS = 15_000
/** What is committed within so long is told together: the cost does not grow with the number of commits. */
const GATHER_MS = 10
const TICKET_BODY_BYTES = 4_096
const RETRY_AFTER = { 'retry-after': '5' }

export function createLive<Who extends { readonly name: string }>(parts: LiveParts<Who>): Live {
  const { store, access, audit, config, clock, log, allEvents } = parts
  const streams = new Map<Stream, Who>()
  const tickets = createTickets<Who>(clock.now)
  const ask = createAsking({ access, tickets, allEvents })
  const readWindow = createWindows(store)
  const keptSince = () => clock.now() - config.liveKeepMs
  /** Requests that may become a stream. */
  let opening = 0
  let isClosed = false
  let gathering: NodeJS.Timeout | null = null

  async function open(context: Context<LiveEnv>): Promise<Response> {
    const asked = await ask(context)
    if (asked instanceof Response) return asked
    opening += 1
    try {
      return await openAs(context, asked)
    } finally {
      opening -= 1
    }
  }

  async function openAs(context: Context<LiveEnv>, asked: Asked<Who>): Promise<Response> {
    const after = placeOf(asked.after)
    const { outgoing } = context.env
    const outcome = after instanceof Response ? after.status : 200
    await audit({ who: asked.who.name, what: 'GET /live', about: aboutOf(asked.filters), outcome })
    if (after instanceof Response) return after
    if (outgoing === undefined || context.req.method === 'HEAD') return new Response(null, { headers: HEAD })
    begin(outgoing, asked, { after, headers: Object.fromEntries(context.res.headers) })
    return RESPONSE_ALREADY_SENT
  }

  /** The position to go on after, or why it cannot go on from there. */
  function placeOf(written: string | undefined): number | Response {
    if (isClosed) return refusal(503, 'the server is going away', { headers: RETRY_AFTER })
    if (streams.size + opening > config.liveStreams) {
      return refusal(503, `${config.liveStreams} streams are open; come back later`, { headers: RETRY_AFTER })
    }
    if (written === undefined) return store.lastPosition()
    if (!/^\d{1,15}$/.test(written)) {
      return refusal(400, 'the Last-Event-ID is a position, a whole number', { parameter: 'lastEventId' })
    }
    const after = Number(written)
    const next = readWindow(after)
    if (after <= store.lastPosition() && (next === null || next.at >= keptSince())) return after
    return refusal(
      410,
      'what came after this position is not kept; begin without it, and read the state anew',
    )
  }

  function begin(
    response: ServerResponse,
    { who, filters }: Asked<Who>,
    { after, headers }: { readonly after: number; readonly headers: Readonly<Record<string, string>> },
  ): void {
    response.writeHead(200, { ...headers, ...HEAD })
    const stream = startStream({
      ...{ response, after, readWindow, keptSince },
      tell: createTelling(parts, filters),
      uptime: clock.uptime,
      failed: (err) => log.error({ err }, 'a live stream failed; its reader comes back'),
    })
    streams.set(stream, who)
    response.once('close', () => streams.delete(stream))
    // It may have gone while its line was written to the audit log.
    if (response.destroyed) streams.delete(stream)
  }

  async function issueTicket(context: Context): Promise<Response> {
    const who = await access.admit(context)
    if (who instanceof Response) return who
    const body = await takeBody(context.req.raw.body, TICKET_BODY_BYTES)
    const filters = body === null ? tooLong() : readFilters(parseJson(body), { allEvents })
    const outcome = filters instanceof Response ? filters.status : 201
    const about = filters instanceof Response ? {} : aboutOf(filters)
    await audit({ who: who.name, what: 'POST /live/tickets', about, outcome })
    if (filters instanceof Response) return filters
    return context.json(tickets.issue({ who, filters }), 201, { 'cache-control': 'no-store' })
  }

  function sweep(): void {
    for (const [stream, who] of streams) {
      const stalledAt = stream.stalledAt()
      if (stalledAt !== null && clock.uptime() - stalledAt > config.liveStallMs) stream.cut()
      else if (!access.holds(who)) void stream.end(KEY_GONE)
      else if (stalledAt === null) stream.beat()
    }
  }

  function gather(): void {
    if (streams.size === 0 || gathering !== null) return
    gathering = setTimeout(() => {
      gathering = null
      for (const stream of streams.keys()) stream.wake()
    }, GATHER_MS)
  }

  const stopListening = parts.onCommitted(gather)
  const stopHolding = access.onReplaced(() => {
    tickets.withdraw(access.holds)
    for (const [stream, who] of streams) if (!access.holds(who)) void stream.end(KEY_GONE)
  })
  const beating = setInterval(sweep, BEAT_MS).unref()

  const app = new Hono<LiveEnv>()
  app.get('/live', open)
  app.post('/live/tickets', issueTicket)
  return {
    app,
    count: () => streams.size,
    sweep,
    async close() {
      isClosed = true
      stopListening()
      stopHolding()
      clearInterval(beating)
      if (gathering !== null) clearTimeout(gathering)
      await Promise.all([...streams.keys()].map((stream) => stream.end('the server is going away')))
    },
  }
}

const KEY_GONE = 'the key does not hold any more'

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that gather what they pass on would keep it for themselves.
  'x-accel-buffering': 'no',
}

function aboutOf({ globalVisitID, identityId }: Filters): Readonly<Record<string, string>> {
  return {
    ...(globalVisitID === null ? {} : { globalVisitID }),
    ...(identityId === null ? {} : { identityId }),
  }
}

const tooLong = (): Response =>
  refusal(413, `a ticket's filters have at most ${TICKET_BODY_BYTES} bytes`, { headers: CLOSING })

/** The body, parsed; nothing = no filters. What is no JSON has no filters that could be right. */
function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
}
