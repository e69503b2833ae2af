/** What is measured of a contender, one measure a function; each starts a server of its own and stops it. */
import { type Contender, startContender } from './contenders.ts'
import { generate } from './generator-process.ts'
import type { Costs, ServerProcess } from './server-process.ts'

/** How long and how large. */
export interface Scale {
  readonly measureMs: number
  readonly idleBrowsers: number
  /** Before it is measured; a second where it is not given. */
  readonly warmUpMs?: number
}

const WARM_UP_MS = 1_000

export interface Throughput {
  readonly eventsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of the server for 1,000 events, in ms. */
  readonly cpuMs: number
  /** On disk for one event, everything included; 0 for who keeps nothing. */
  readonly diskBytes: number
  /** Of one event as JSON. */
  readonly jsonBytes: number
}

/** As fast as acks come: 100 browsers, 8 batches of each in flight. */
export async function throughput(
  contender: Contender,
  eventsPerMessage: number,
  { measureMs, warmUpMs = WARM_UP_MS }: Scale,
): Promise<Throughput> {
  return await against(contender, { eventsPerMessage, measureMs, warmUpMs })
}

/** The same in visits of 15 events: what a site's traffic looks like on disk. */
export async function shortVisits(contender: Contender, { measureMs }: Scale): Promise<Throughput> {
  return await against(contender, { eventsPerMessage: 1, measureMs, eventsPerVisitor: 15 })
}

/** The latency of acks at a pace, in batches of one event a second. */
export async function paced(
  contender: Contender,
  batchesPerSecond: number,
  { measureMs }: Scale,
): Promise<Throughput> {
  return await against(contender, { eventsPerMessage: 1, measureMs, batchesPerSecond })
}

async function against(
  contender: Contender,
  job: {
    readonly eventsPerMessage: number
    readonly measureMs: number
    readonly warmUpMs?: number
    readonly batchesPerSecond?: number
    readonly eventsPerVisitor?: number
  },
): Promise<Throughput> {
  const server = await startContender(contender)
  try {
    const before = await server.costs()
    const { result, end } = await generate({ port: server.port, ...job })
    const after = await server.costs()
    await end()
    const diskBytes = await server.diskBytes()
    return {
      eventsPerSecond: (result.events * 1_000) / result.elapsedMs,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      cpuMs: ((after.cpuMs - before.cpuMs) * 1_000) / result.allEvents,
      diskBytes: diskBytes / result.allEvents,
      jsonBytes: result.allEventBytes / result.allEvents,
    }
  } finally {
    await server.stop()
  }
}

export interface Idle {
  readonly heapBytes: number
  readonly anonymousBytes: number
}

/** Memory of one browser that is connected, has entered a page and says nothing: the difference that many make. */
export async function idle(contender: Contender, { idleBrowsers }: Scale): Promise<Idle> {
  const server = await startContender(contender, { VESTIBULE_SLEEP_AFTER_MS: '1000' })
  const stay = { port: server.port, eventsPerMessage: 2, stays: true, warmUpMs: 0 }
  try {
    const few = await generate({ ...stay, connections: 200, measureMs: 2_000 })
    const before = await settled(server)
    const many = await generate({ ...stay, connections: idleBrowsers, measureMs: 2_000 })
    const after = await settled(server)
    await Promise.all([few.end(), many.end()])
    return {
      heapBytes: (after.heapBytes - before.heapBytes) / idleBrowsers,
      anonymousBytes: (after.anonymousBytes - before.anonymousBytes) / idleBrowsers,
    }
  } finally {
    await server.stop()
  }
}

/** The costs when actors sleep, and freed memory has gone back: that takes some collections and some seconds. */
async function settled(server: ServerProcess): Promise<Costs> {
  for (let collections = 0; collections < 6; collections += 1) {
    await server.costs()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
  }
  return await server.costs()
}
