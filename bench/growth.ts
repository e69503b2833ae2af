/** What an event costs as what is stored grows, beside an empty folder in the same rounds. */
import { execFileSync } from 'node:child_process'
import { bytesOf } from './disk.ts'
import { copyOf, type Folder, openSizes } from './history/folders.ts'
import { type Scale, type Throughput, throughputOf } from './measures.ts'
import { alternate, median } from './rounds.ts'
import { startServerProcess } from './server-process.ts'
import { printCells, shown } from './table.ts'

export interface GrowthPlan {
  readonly rounds: number
  readonly scale: Scale
  /** Events stored, rising. */
  readonly sizes: readonly number[]
  /** Where filled folders are kept; null = nowhere. */
  readonly keep: string | null
}

export async function printGrowth({ rounds, scale, sizes, keep }: GrowthPlan): Promise<void> {
  const filled = await openSizes(sizes, keep)
  // What is kept stays as it is; what is not is loaded where it lies.
  const folders = keep === null ? filled : filled.map(copyOf)
  execFileSync('sync')
  const stored: readonly (Folder | null)[] = [null, ...folders]
  const names = stored.map((_, index) => String(index))
  const results = await alternate(names, rounds, async (name) => {
    const folder = stored[Number(name)] ?? null
    process.stderr.write(`${(folder?.events ?? 0).toLocaleString('en')} events stored\n`)
    return await loaded(folder, scale)
  })
  for (const folder of new Set([...folders, ...filled])) folder.remove()
  const empty = results['0'] ?? []
  const rows = stored.map((folder, index) => rowOf(folder, results[String(index)] ?? [], empty))
  printCells([HEAD, ...rows])
  process.stdout.write(`fsync before ack; one event a message, as fast as acks come; ratios are to the empty folder. Each round adds its own
events to a folder. Bytes are what the folder grew by: pages that the filling left free are used first.\n\n`)
}

const HEAD = [
  ...['events stored', 'events/s', 'ratio', 'CPU ms/1,000', 'ratio', 'ack p50, ms', 'ack p99, ms'],
  ...['bytes/event', 'ratio'],
]

function rowOf(folder: Folder | null, here: readonly Throughput[], empty: readonly Throughput[]) {
  const of = (figure: (one: Throughput) => number) => shown(median(here, figure))
  const ratio = (figure: (one: Throughput) => number) => [
    of(figure),
    shown(median(here, figure) / median(empty, figure)),
  ]
  return [
    (folder?.events ?? 0).toLocaleString('en'),
    ...ratio(({ eventsPerSecond }) => eventsPerSecond),
    ...ratio(({ cpuMs }) => cpuMs),
    of(({ p50Ms }) => p50Ms),
    of(({ p99Ms }) => p99Ms),
    ...ratio(({ diskBytes }) => diskBytes),
  ]
}

async function loaded(folder: Folder | null, { measureMs }: Scale): Promise<Throughput> {
  const server = await startServerProcess('ours', folder === null ? {} : { VESTIBULE_DATA: folder.path })
  const path = folder?.path ?? server.folder
  try {
    const bytesBefore = bytesOf(path)
    const grownBy = async () => bytesOf(path) - bytesBefore
    return await throughputOf({ ...server, diskBytes: grownBy }, { measureMs })
  } finally {
    await server.stop()
  }
}
