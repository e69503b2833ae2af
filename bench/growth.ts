/** What an event costs as what is stored grows, beside an empty folder in the same rounds. */
import { execFileSync } from 'node:child_process'
import { copyOf, type Folder, openSizes } from './history/folders.ts'
import { openPager, type Pager, SECRET, untilStarted } from './history/pages.ts'
import { atExit } from './leaving.ts'
import { type Scale, type Throughput, throughputOf } from './measures.ts'
import { type Attempt, alternate, attempt, failuresOf, measuredOf, median } from './rounds.ts'
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

/** Prints the table, also of what was measured when it is broken off; whether nothing failed. */
export async function printGrowth({ rounds, scale, sizes, keep }: GrowthPlan): Promise<boolean> {
  const filled = await openSizes(sizes, keep)
  // What is kept stays as it is; what is not is loaded where it lies.
  const folders = keep === null ? filled : filled.map(copyOf)
  execFileSync('sync')
  const stored: readonly Stored[] = [null, ...folders].map((folder) => ({ folder, attempts: [] }))
  const print = () => printStored(stored)
  const forget = atExit(print)
  await alternate(
    stored.map((_, index) => String(index)),
    rounds,
    async (name) => {
      const here = stored[Number(name)]
      if (here !== undefined) await addRound(here, scale)
    },
  )
  forget()
  for (const folder of new Set([...folders, ...filled])) folder.remove()
  print()
  return stored.every(({ attempts }) => failuresOf(attempts) === '')
}

/** A folder, null = an empty one, and what each round showed. */
interface Stored {
  readonly folder: Folder | null
  readonly attempts: Attempt<Throughput>[]
}

async function addRound({ folder, attempts }: Stored, scale: Scale): Promise<void> {
  const one = await attempt(() => loaded(folder, scale))
  attempts.push(one)
  const saw = one.is === 'measured' ? `${shown(one.value.eventsPerSecond)} events/s` : one.cause.message
  process.stderr.write(`${(folder?.events ?? 0).toLocaleString('en')} events stored: ${saw}\n`)
}

const HEAD = [
  ...['events stored', 'events/s', 'ratio', 'CPU ms/1,000', 'ratio', 'ack p50, ms', 'ack p99, ms'],
  ...['bytes/event', 'ratio', ''],
]

function printStored(stored: readonly Stored[]): void {
  const empty = measuredOf(stored[0]?.attempts ?? [])
  printCells([HEAD, ...stored.map((one) => rowOf(one, empty))], [HEAD.length - 1])
  process.stdout.write(`fsync before ack; one event a message, as fast as acks come; ratios are to the empty folder. Each round adds its own
events to a folder. Bytes are those of the pages in use, not of the file, which may have free ones.\n\n`)
}

function rowOf({ folder, attempts }: Stored, empty: readonly Throughput[]) {
  const here = measuredOf(attempts)
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
    failuresOf(attempts),
  ]
}

async function loaded(folder: Folder | null, { measureMs }: Scale): Promise<Throughput> {
  const data = folder === null ? {} : { VESTIBULE_DATA: folder.path }
  const server = await startServerProcess('ours', { VESTIBULE_KEYS: `bench:${SECRET}:metrics`, ...data })
  const pager = openPager(server.port)
  try {
    await untilStarted(pager)
    const bytesBefore = await bytesOfRows(pager)
    const grownBy = async () => (await bytesOfRows(pager)) - bytesBefore
    return await throughputOf({ ...server, diskBytes: grownBy }, { measureMs })
  } finally {
    pager.close()
    await server.stop()
  }
}

/** Of the pages in use: the file itself need not grow, where a filling left free pages in it. */
async function bytesOfRows(pager: Pager): Promise<number> {
  const { text } = await pager.ask('/metrics')
  const [, bytes] = /^vestibule_store_bytes (\S+)$/m.exec(text) ?? []
  if (bytes === undefined) throw new Error('/metrics tells no vestibule_store_bytes')
  return Number(bytes)
}
