/** Pages of 100 events out of many: cold and warm, and by a hundred clients at once beside an ingest. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Latency } from '../latency.ts'
import type { Scale } from '../measures.ts'
import { alternate, median } from '../rounds.ts'
import { printCells, shown } from '../table.ts'
import { type Folder, makeCold } from './folders.ts'
import { type Beside, ingestColumns, withIngest } from './ingest.ts'
import { eventsPath, openPager, untilStarted } from './pages.ts'
import { withServer } from './serving.ts'

/** Pages asked for in a round, each of another visitor. */
const SAMPLE = 300
const CLIENTS = 100

type Temperature = 'cold' | 'warm'
type List = 'visits' | 'identities'
type Pages = Readonly<Record<`${List} ${Temperature}`, Latency>>

const TITLES: Readonly<Record<keyof Pages, string>> = {
  'visits cold': "a visit's, from the disk",
  'visits warm': "a visit's, again",
  'identities cold': "a person's, from the disk",
  'identities warm': "a person's, again",
}

/** A column for each folder; the ratio is the last one's to the first one's. */
export async function printPages(folders: readonly Folder[], rounds: number): Promise<void> {
  const names = folders.map((_, index) => String(index))
  const results = await alternate(names, rounds, (name) => measurePages(folders[Number(name)]))
  const rows = (['visits cold', 'visits warm', 'identities cold', 'identities warm'] as const).flatMap(
    (page) =>
      (['p50Ms', 'p99Ms'] as const).map((figure) => {
        const medians = names.map((name) => median(results[name] ?? [], (pages) => pages[page][figure]))
        const ratio = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN)
        return [
          `${TITLES[page]}, ${figure === 'p50Ms' ? 'p50' : 'p99'}, ms`,
          ...medians.map(shown),
          shown(ratio),
        ]
      }),
  )
  const heads = folders.map(({ events }) => `${events.toLocaleString('en')} events`)
  printCells([['a page of 100 events over HTTP', ...heads, 'ratio (goal 1.50)'], ...rows])
  process.stdout.write(`From the disk: the folder's files were put out of this system's cache, and the server started after that; what a
disk or a host below keeps cannot be reached from here.\n\n`)
}

async function measurePages(folder: Folder | undefined): Promise<Pages> {
  if (folder === undefined) throw new Error('a folder is missing')
  makeCold(folder)
  return await withServer(folder, async (server) => {
    const pager = openPager(server.port)
    await untilStarted(pager)
    const [warmUp, visits, people] = sampled(folder)
    // The server's code is compiled before; the rows of these visitors are no part of the measure.
    for (let turn = 0; turn < 20; turn += 1) {
      await pager.times(
        warmUp.flatMap((index) => [pathOf('visits', folder, index), pathOf('identities', folder, index)]),
      )
    }
    const ofVisits = visits.map((index) => pathOf('visits', folder, index))
    const ofPeople = people.map((index) => pathOf('identities', folder, index))
    const pages = {
      'visits cold': await pager.times(ofVisits),
      'visits warm': await pager.times(ofVisits),
      'identities cold': await pager.times(ofPeople),
      'identities warm': await pager.times(ofPeople),
    }
    pager.close()
    process.stderr.write(`pages of ${folder.events.toLocaleString('en')} events: asked\n`)
    return pages
  })
}

/** Visitors spread over the whole folder, nobody twice: a few to warm up, then those of each list. */
function sampled({ visitors }: Folder): readonly [readonly number[], readonly number[], readonly number[]] {
  const each = Math.min(SAMPLE, Math.floor(visitors / 3))
  const spread = (offset: number, count: number) =>
    Array.from({ length: count }, (_, index) => Math.floor((index * visitors) / count) + offset)
  return [spread(0, Math.min(10, each)), spread(1, each), spread(2, each)]
}

function pathOf(list: List, folder: Folder, index: number): string {
  return eventsPath(list, list === 'visits' ? folder.visit(index) : folder.person(index))
}

interface Crowd {
  readonly alone: Beside
  readonly paging: Beside
  readonly pagesPerSecond: number
}

export async function printCrowd(
  folder: Folder,
  { rounds, scale }: { readonly rounds: number; readonly scale: Scale },
): Promise<void> {
  const crowds: Crowd[] = []
  for (let round = 0; round < rounds; round += 1) {
    crowds.push(await measureCrowd(folder, scale))
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  const pages = shown(median(crowds, ({ pagesPerSecond }) => pagesPerSecond))
  printCells([
    ...ingestColumns([
      ['alone', crowds.map(({ alone }) => alone)],
      [`${CLIENTS} clients page`, crowds.map(({ paging }) => paging)],
    ]),
    ['pages/s', '', pages],
  ])
}

async function measureCrowd(folder: Folder, { measureMs }: Scale): Promise<Crowd> {
  return await withIngest(folder, async ({ ingest, pager }) => {
    const alone = await ingest.beside(() => pause(measureMs))
    let pages = 0
    const paging = await ingest.beside(async () => {
      pages = await pager.storm(CLIENTS, somePaths(folder), AbortSignal.timeout(measureMs))
    })
    return { alone, paging, pagesPerSecond: (pages * 1_000) / paging.result.elapsedMs }
  })
}

function somePaths(folder: Folder): readonly string[] {
  const count = Math.min(folder.visitors, 10_000)
  return Array.from({ length: count }, (_, index) => pathOf('identities', folder, index))
}
