/** What is measured of a contender, one measure a function; each starts a server of its own and stops it. */
import { type Contender, startContender } from './contenders.ts'
import type { Phase } from './generator.ts'
import { type Generator, openGenerator } from './generator-process.ts'
import type { Costs, ServerProcess } from './server-process.ts'

/** How long and how large. */
export interface Scale {
  readonly measureMs: number
  readonly idleBrowsers: number
}

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
export function throughput(
  contender: Contender,
  eventsPerMessage: number,
  scale: Scale,
): Promise<Throughput> {
  return against(contender, scale, { eventsPerMessage })
}

/** The same in visits of 15 events: what a site's traffic looks like on disk. */
export function shortVisits(contender: Contender, scale: Scale): Promise<Throughput> {
  return against(contender, scale, { eventsPerVisitor: 15 })
}

/** The latency of acks at a pace, in batches of one event a second. */
export function paced(contender: Contender, batchesPerSecond: number, scale: Scale): Promise<Throughput> {
  return against(contender, scale, { batchesPerSecond })
}

async function against(contender: Contender, scale: Scale, phase: Partial<Phase>): Promise<Throughput> {
  const server = await startContender(contender)
  try {
    return await throughputOf(server, { ...scale, phase })
  } finally {
    await server.stop()
  }
}

/** The load against a server that runs. */
export async function throughputOf(
  server: Pick<ServerProcess, 'port' | 'costs' | 'diskBytes'>,
  { measureMs, phase = {} }: { readonly measureMs: number; readonly phase?: Partial<Phase> },
): Promise<Throughput> {
  const before = await server.costs()
  const generator = await openGenerator({ port: server.port })
  const { result, said } = await measured(generator, measureMs, phase)
  const { events, elapsedMs, p50Ms, p99Ms } = result
  const after = await server.costs()
  const diskBytes = await server.diskBytes()
  return {
    eventsPerSecond: (events * 1_000) / elapsedMs,
    ...{ p50Ms, p99Ms },
    cpuMs: ((after.cpuMs - before.cpuMs) * 1_000) / said.events,
    diskBytes: diskBytes / said.events,
    jsonBytes: said.eventBytes / said.events,
  }
}

async function measured(generator: Generator, measureMs: number, phase: Partial<Phase>) {
  try {
    return { result: await generator.measure(measureMs, phase), said: await generator.leave() }
  } finally {
    await generator.end()
  }
}

export interface Idle {
  readonly heapBytes: number
  readonly anonymousBytes: number
}

/** Memory of one browser that is connected, has entered a page and says nothing: the difference that many make. */
export async function idle(contender: Contender, { idleBrowsers }: Scale): Promise<Idle> {
  const server = await startContender(contender, { VESTIBULE_SLEEP_AFTER_MS: '1000' })
  const stay = { port: server.port, greeting: 2 }
  const crowds: Generator[] = []
  try {
    crowds.push(await openGenerator({ ...stay, connections: 200 }))
    const before = await settled(server)
    crowds.push(await openGenerator({ ...stay, connections: idleBrowsers }))
    const after = await settled(server)
    return {
      heapBytes: (after.heapBytes - before.heapBytes) / idleBrowsers,
      anonymousBytes: (after.anonymousBytes - before.anonymousBytes) / idleBrowsers,
    }
  } finally {
    for (const crowd of crowds) await crowd.end()
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
