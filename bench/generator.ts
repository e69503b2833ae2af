/** The load generator, in its own process: the same work against every contender, lean enough not to be the limit. */
import { addLatency, type Latencies, latencyAt, newLatencies } from '../src/commands/load/tally.ts'
import { NotCarried } from './frames.ts'
import {
  type Browser,
  goIfDone,
  type Load,
  openBrowser,
  refill,
  sayGoodbye,
  send,
} from './generator-browser.ts'
import type { Latency } from './latency.ts'
import { PATIENCE_MS, saying } from './patience.ts'

/** Who is there, from the first phase to the last. */
export interface Crowd {
  readonly port: number
  readonly connections: number
  /** Events that each says as soon as it is welcome, in one message; 0 = none. */
  readonly greeting: number
  /** They sign in, and out, and in again: the server pushes each change to them. */
  readonly signsIn: boolean
  /** Without one more answer, while somebody waits for one, the server does not carry them. */
  readonly silenceMs: number
}

/** How they load the server for some time. */
export interface Phase {
  /** Batches of one connection that wait for their ack at once. */
  readonly inFlight: number
  readonly eventsPerMessage: number
  /** Before it is measured. */
  readonly warmUpMs: number
  /** Batches a second of all connections; null = as fast as acks come. */
  readonly batchesPerSecond: number | null
  /** After so many events a browser leaves and a new one comes in its place; null = never. */
  readonly eventsPerVisitor: number | null
}

export interface Result {
  /** Acknowledged while it was measured. */
  readonly events: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** From signing in or out until the server's push says so. */
  readonly push: Latency
  /** All events of the phase, also those of the warm-up and the last ones. */
  readonly allEvents: number
}

/** All that they said, and its bytes as JSON. */
export interface Said {
  readonly events: number
  readonly eventBytes: number
}

/** One browser, for whoever asks the server what it knows of it. */
export interface Seen {
  readonly globalVisitID: string
  readonly visitID: string
  /** Ids of its newest events, oldest first. */
  readonly eventIDs: readonly string[]
}

export type Command =
  | { readonly is: 'open'; readonly crowd: Crowd }
  | { readonly is: 'begin'; readonly phase: Phase }
  | { readonly is: 'finish' | 'see' | 'leave' }

export type Answer =
  | { readonly is: 'done'; readonly value: unknown }
  /** `notCarried`: the server could not take or keep the connections; else it answered wrongly. */
  | {
      readonly is: 'failed'
      readonly says: string
      readonly notCarried: boolean
      readonly welcomed: number
    }

/** Browsers that are seen. */
const SEEN = 50
/** So many come in a turn, and so many at most wait for their welcome: a burst leaves a process larger than what is
 * connected needs. */
const ARRIVALS = 20
const ARRIVAL_MS = 10
const ARRIVING_MOST = 200
/** A push that comes later than this after its ack never comes. */
const PUSH_PATIENCE_MS = 5_000

/** What is measured of the phase. */
let latencies = newLatencies()
let pushes = newLatencies()
let events = 0
let isMeasuring = false
let startedAt = 0
/** What had been said when the phase began. */
let saidBefore = 0
let pacing: NodeJS.Timeout | null = null
let load: Load | null = null

process.on('message', (command: Command) => {
  perform(command).then((value) => process.send?.({ is: 'done', value } satisfies Answer), fail)
})
process.on('uncaughtException', fail)
// A bench that ends, however it ends, leaves no generator behind.
process.on('disconnect', () => process.exit())

function fail(cause: Error): void {
  const answer: Answer = {
    ...{ is: 'failed', says: cause.message, notCarried: cause instanceof NotCarried },
    welcomed: load?.welcomed ?? 0,
  }
  process.send?.(answer, () => process.exit(1))
}

async function perform(command: Command): Promise<unknown> {
  if (command.is === 'open') return await open(command.crowd)
  if (load === null) throw new Error('nobody is there')
  switch (command.is) {
    case 'begin':
      return await begin(load, command.phase)
    case 'finish':
      return await finish(load)
    case 'see':
      return [...load.browsers].slice(0, SEEN).map(seenOf)
    case 'leave':
      return await leave(load)
  }
}

/** Resolves when all are welcome, and what they greeted with is acknowledged. */
async function open(crowd: Crowd): Promise<void> {
  const opened: Load = {
    ...{ crowd, phase: null, browsers: new Set(), events: 0, eventBytes: 0 },
    ...{ opened: 0, welcomed: 0, answers: 0 },
    heard: (ms, count) => {
      if (!isMeasuring) return
      events += count
      addLatency(latencies, ms)
    },
    pushed: (ms) => {
      if (isMeasuring) addLatency(pushes, ms)
    },
  }
  load = opened
  const deadline = performance.now() + PATIENCE_MS.ARRIVAL
  while (opened.opened < crowd.connections) {
    await untilAnswered(opened, () => opened.opened - opened.welcomed < ARRIVING_MOST, deadline)
    const next = Math.min(crowd.connections, opened.opened + ARRIVALS)
    while (opened.opened < next) openBrowser(opened)
    await pause(ARRIVAL_MS)
  }
  await untilAcknowledged(opened, deadline)
}

/** Resolves when it has been warmed up: from now on it is measured. */
async function begin(load: Load, phase: Phase): Promise<void> {
  load.phase = phase
  saidBefore = saidSoFar(load)
  // Whoever said all of a visit in an earlier phase makes room.
  for (const browser of [...load.browsers]) if (!goIfDone(browser)) refill(browser)
  if (phase.batchesPerSecond !== null) pacing = pace(load, phase, phase.batchesPerSecond)
  await pause(phase.warmUpMs)
  latencies = newLatencies()
  pushes = newLatencies()
  events = 0
  isMeasuring = true
  startedAt = performance.now()
}

/** Resolves when all that was sent in the phase is acknowledged, and every change was pushed. */
async function finish(load: Load): Promise<Result> {
  isMeasuring = false
  const elapsedMs = performance.now() - startedAt
  load.phase = null
  if (pacing !== null) clearInterval(pacing)
  pacing = null
  await untilAcknowledged(load)
  if (!(await allPushed(load)))
    throw new Error(`who is there changed, and was not pushed within ${PUSH_PATIENCE_MS / 1_000} s`)
  return {
    ...{ events, elapsedMs, ...figuresOf(latencies) },
    push: figuresOf(pushes),
    allEvents: saidSoFar(load) - saidBefore,
  }
}

/** Open loop: so many batches a second, by all in turn; who has too many on the way is passed over. */
function pace(load: Load, { inFlight, eventsPerMessage, eventsPerVisitor }: Phase, perSecond: number) {
  const beganAt = performance.now()
  const most = eventsPerVisitor ?? Number.POSITIVE_INFINITY
  let sent = 0
  let turn = 0
  return setInterval(() => {
    const due = ((performance.now() - beganAt) / 1_000) * perSecond
    const browsers = [...load.browsers]
    for (let tries = browsers.length; sent < due && tries > 0; ) {
      const browser = browsers[turn % browsers.length]
      turn += 1
      if (browser?.isWelcome !== true || browser.sent.length >= inFlight || browser.visitor.made() >= most) {
        tries -= 1
        continue
      }
      send(browser, eventsPerMessage)
      sent += 1
    }
    // What nobody could take is not made up for: the contender was too slow for this rate.
    sent = Math.max(sent, due - perSecond / 10)
  }, 1)
}

/** No number where there was nothing to measure. */
function figuresOf(of: Latencies): Latency {
  const at = (share: number) => (of.count === 0 ? Number.NaN : latencyAt(of, share))
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

function saidSoFar({ browsers, events: ofThoseGone }: Load): number {
  return [...browsers].reduce((sum, { visitor }) => sum + visitor.made(), ofThoseGone)
}

function seenOf({ visitor }: Browser): Seen {
  const { globalVisitID, visitID } = visitor
  return { globalVisitID, visitID, eventIDs: visitor.recent() }
}

function leave(load: Load): Promise<Said> {
  for (const browser of [...load.browsers]) sayGoodbye(browser)
  return Promise.resolve({ events: load.events, eventBytes: load.eventBytes })
}

async function untilAcknowledged(load: Load, deadline?: number): Promise<void> {
  const isSilent = ({ isWelcome, sent }: Browser) => isWelcome && sent.length === 0
  await untilAnswered(load, () => [...load.browsers].every(isSilent), deadline)
}

/** As long as there are answers; while they arrive, until the deadline. */
async function untilAnswered(load: Load, holds: () => boolean, deadline?: number): Promise<void> {
  const { silenceMs } = load.crowd
  let { answers } = load
  let heardAt = performance.now()
  while (!holds()) {
    await pause(5)
    const now = performance.now()
    if (load.answers !== answers) heardAt = now
    if (now > heardAt + silenceMs)
      throw new NotCarried(`browsers wait for an answer: ${saying('SILENCE', silenceMs)}`)
    if (deadline !== undefined && now > deadline)
      throw new NotCarried(`${load.welcomed} browsers were welcomed, not all: ${saying('ARRIVAL')}`)
    answers = load.answers
  }
}

/** Whether every change was pushed, soon after its ack. */
async function allPushed({ browsers }: Load): Promise<boolean> {
  const deadline = performance.now() + PUSH_PATIENCE_MS
  while (![...browsers].every(({ changedAt }) => changedAt.length === 0)) {
    if (performance.now() > deadline) return false
    await pause(5)
  }
  return true
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
