/** A steady ingest, and what becomes of its acks and of the server's memory while something else is done. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Result } from '../generator.ts'
import { type Generator, openGenerator } from '../generator-process.ts'
import { anonymousBytesOf } from '../processes.ts'
import { median } from '../rounds.ts'
import type { ServerProcess } from '../server-process.ts'
import { shown } from '../table.ts'
import type { Folder } from './folders.ts'
import { openPager, type Pager } from './pages.ts'
import { withServer } from './serving.ts'

export interface Beside {
  readonly result: Result
  /** The most anonymous resident memory while it lasted. */
  readonly peakBytes: number
}

export interface Ingest {
  /** Measures the ingest for as long as the work lasts. */
  readonly beside: (work: () => Promise<unknown>) => Promise<Beside>
}

const BROWSERS = 50
const EVENTS_PER_SECOND = 500
const WARM_UP_MS = 2_000
const MEGABYTE = 1024 * 1024

/** A server over the folder, an ingest that it takes, and somebody who asks it, for as long as the work lasts. */
export async function withIngest<T>(
  folder: Pick<Folder, 'path'>,
  work: (open: { readonly ingest: Ingest; readonly pager: Pager }) => Promise<T>,
): Promise<T> {
  return await withServer(folder, async (server) => {
    const generator = await openGenerator({ port: server.port, connections: BROWSERS })
    const pager = openPager(server.port)
    try {
      const done = await work({ ingest: ingestOf(server, generator), pager })
      await generator.leave()
      return done
    } finally {
      pager.close()
      await generator.end()
    }
  })
}

function ingestOf(server: ServerProcess, generator: Generator): Ingest {
  return {
    beside: async (work) => {
      await generator.begin({ batchesPerSecond: EVENTS_PER_SECOND, warmUpMs: WARM_UP_MS })
      const ending = new AbortController()
      const peak = watchPeak(server, ending.signal)
      try {
        await work()
      } finally {
        ending.abort()
      }
      return { result: await generator.finish(), peakBytes: await peak }
    },
  }
}

/** The first rows of a table: a column for each thing that was done beside it. */
export function ingestColumns(columns: readonly (readonly [title: string, sides: readonly Beside[]])[]) {
  const row = (name: string, figure: (side: Beside) => number) => [
    name,
    ...columns.map(([, sides]) => shown(median(sides, figure))),
  ]
  return [
    [`an ingest of ${EVENTS_PER_SECOND} events/s, fsync before ack`, ...columns.map(([title]) => title)],
    row('events/s acknowledged', ({ result: { events, elapsedMs } }) => (events * 1_000) / elapsedMs),
    row('ack p50, ms', ({ result }) => result.p50Ms),
    row('ack p99, ms', ({ result }) => result.p99Ms),
    row('anonymous RSS at most, MB', ({ peakBytes }) => peakBytes / MEGABYTE),
  ]
}

/** Read from outside: the server is not asked, and collects nothing for it. */
async function watchPeak({ pid }: ServerProcess, signal: AbortSignal): Promise<number> {
  let peak = 0
  while (!signal.aborted) {
    peak = Math.max(peak, anonymousBytesOf(pid))
    await pause(50)
  }
  return peak
}
