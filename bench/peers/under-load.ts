/** One contender under one load: how much it takes, how soon it answers, what that costs; and whether it is right. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Contender, startContender } from '../contenders.ts'
import type { Phase, Result, Seen } from '../generator.ts'
import { type Generator, openGenerator } from '../generator-process.ts'
import { KEYS, openPager, rowsOf } from '../history/pages.ts'
import { type Latency, latencyOf } from '../latency.ts'
import type { ServerProcess } from '../server-process.ts'

export interface Load {
  readonly title: string
  readonly connections: number
  readonly eventsPerMessage: number
  readonly eventsPerVisitor: number | null
  readonly inFlight: number
}

export interface Side {
  readonly connections: number
  /** Why these are fewer than were asked for; null = they are not. */
  readonly fewerBecause: string | null
  /** As fast as acks come. */
  readonly eventsPerSecond: number
  readonly full: Latency
  /** CPU of the server for 1,000 events then, in ms. */
  readonly cpuMs: number
  /** At a calm pace, equal for all: the pace, what was acknowledged of it, and the latencies. */
  readonly calmAsked: number
  readonly calmPerSecond: number
  readonly calm: Latency
  readonly push: Latency
  /** Not a number where nothing is kept. */
  readonly query: Latency
  /** Anonymous memory of one browser who has said something; not a number where too few of them are there. */
  readonly browserBytes: number
  readonly diskBytes: number
}

/** Events a second of all browsers, and queries beside them. */
const CALM_PACE = 500
const QUERIES_PER_SECOND = 50
const WARM_UP_MS = 500
/** With fewer browsers the memory of a process says nothing of one of them. */
const WEIGHED_FROM = 1_000
const PAGE = 100

const SETTINGS = { ...KEYS, VESTIBULE_TELL_BROWSER: 'true' }

/** Rejects with `NotCarried` where the contender loses browsers or answers no more, with another error where it is wrong. */
export async function underLoad(contender: Contender, load: Load, measureMs: number): Promise<Side> {
  const { connections, inFlight, eventsPerMessage, eventsPerVisitor } = load
  const server = await startContender(contender, SETTINGS)
  let generator: Generator | null = null
  try {
    const crowd = { port: server.port, connections, greeting: 2, signsIn: true }
    const empty = await server.costs()
    generator = await openGenerator(crowd)
    const isWeighed = connections >= WEIGHED_FROM
    const browserBytes = isWeighed
      ? ((await settled(server)) - empty.anonymousBytes) / connections
      : Number.NaN
    const phase = { inFlight, eventsPerMessage, eventsPerVisitor, warmUpMs: WARM_UP_MS }
    const keeps = contender !== 'floor'
    const { calm, query } = await calmly({ server, generator, keeps, measureMs, phase })
    const before = await server.costs()
    const full = await generator.measure(measureMs, phase)
    const after = await server.costs()
    if (keeps) await checkAll(server, await generator.see())
    const said = await generator.leave()
    return {
      connections,
      fewerBecause: null,
      eventsPerSecond: perSecond(full),
      full: latenciesOf(full),
      cpuMs: ((after.cpuMs - before.cpuMs) * 1_000) / full.allEvents,
      ...{
        calmAsked: CALM_PACE,
        calmPerSecond: perSecond(calm),
        calm: latenciesOf(calm),
        push: calm.push,
        query,
      },
      browserBytes,
      diskBytes: (await server.diskBytes()) / said.events,
    }
  } finally {
    await generator?.end()
    await server.stop()
  }
}

interface Calm {
  readonly server: ServerProcess
  readonly generator: Generator
  readonly keeps: boolean
  readonly measureMs: number
  readonly phase: Pick<Phase, 'eventsPerMessage' | 'eventsPerVisitor' | 'warmUpMs' | 'inFlight'>
}

/** Everybody is loaded at the same pace, and asked at the same pace. */
async function calmly({ server, generator, keeps, measureMs, phase }: Calm) {
  await generator.begin({
    ...phase,

    batchesPerSecond: CALM_PACE / phase.eventsPerMessage,
  })
  const query = keeps ? await queries(server, await generator.see(), measureMs) : NO_LATENCY
  if (!keeps) await pause(measureMs)
  return { calm: await generator.finish(), query }
}

const NO_LATENCY: Latency = { p50Ms: Number.NaN, p99Ms: Number.NaN }

/** Pages asked for at a pace, whether or not those before have been answered. */
async function queries(server: ServerProcess, seen: readonly Seen[], forMs: number): Promise<Latency> {
  const pager = openPager(server.port)
  const asking: Promise<number>[] = []
  const beganAt = performance.now()
  while (performance.now() < beganAt + forMs) {
    const browser = seen[asking.length % seen.length]
    if (browser === undefined) throw new Error('nobody is there to be asked for')
    const one = timed(() => pager.ask(pathOf(browser)))
    // One that fails is told when all have been asked.
    one.catch(() => undefined)
    asking.push(one)
    await pause(Math.max(0, beganAt + (asking.length * 1_000) / QUERIES_PER_SECOND - performance.now()))
  }
  try {
    return latencyOf(await Promise.all(asking))
  } finally {
    pager.close()
  }
}

/** What was acknowledged is there, all of it, in order. */
async function checkAll(server: ServerProcess, seen: readonly Seen[]): Promise<void> {
  const pager = openPager(server.port)
  for (const browser of seen) {
    // The boundary where a page becomes what is asked of it.
    const rows = rowsOf(await pager.ask(pathOf(browser))) as readonly { readonly eventID: string }[]
    const found = rows.map(({ eventID }) => eventID).join(' ')
    const expected = browser.eventIDs.toReversed().join(' ')
    if (found !== expected)
      throw new Error(`a page of visit ${browser.visitID} is wrong: expected ${expected}, found ${found}`)
  }
  pager.close()
}

/** The query that is asked of all; a peer finds the visitor by what ours does not look at. */
function pathOf({ visitID, globalVisitID }: Seen): string {
  return `/backend/data/visits/${visitID}/events?page_size=${PAGE}&order=desc&_visitor=${globalVisitID}`
}

/** Anonymous bytes when what was freed has gone back. */
async function settled(server: ServerProcess): Promise<number> {
  for (let collections = 0; collections < 2; collections += 1) {
    await server.costs()
    await pause(1_000)
  }
  return (await server.costs()).anonymousBytes
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

function perSecond({ events, elapsedMs }: Result): number {
  return (events * 1_000) / elapsedMs
}

function latenciesOf({ p50Ms, p99Ms }: Result): Latency {
  return { p50Ms, p99Ms }
}
