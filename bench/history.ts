/** How reading holds as what is stored grows: pages cold and warm, many clients at once, the start with many asleep. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Result } from './generator.ts'
import { generate } from './generator-process.ts'
import { type Folder, fillFolder, makeCold } from './history/folders.ts'
import { eventsPath, KEYS, openPager } from './history/pages.ts'
import type { Latency } from './latency.ts'
import type { Scale } from './measures.ts'
import { anonymousBytesOf } from './processes.ts'
import { alternate, median } from './rounds.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { printCells, shown } from './table.ts'

export interface HistoryPlan {
  readonly rounds: number
  readonly scale: Scale
  /** As many events are stored in the largest folder. */
  readonly events: number
  /** As many visitors sleep at the start that is compared with an empty one. */
  readonly visitors: number
}

/** Each visitor has one visit with so many events: a page of 100, and a next one. */
const EVENTS_OF_VISITOR = 120
const SMALLEST = 100_000
const STEP = 10
/** Pages asked for in a round, each of another visitor. */
const SAMPLE = 300
const CLIENTS = 100
/** Events a second of the ingest beside the clients. */
const INGEST = 500
const MEGABYTE = 1024 * 1024

export async function printHistory({ rounds, scale, events, visitors }: HistoryPlan): Promise<void> {
  const folders: Folder[] = []
  for (const size of sizesUpTo(events)) {
    const story = { events: EVENTS_OF_VISITOR, signsIn: true }
    const title = `${size.toLocaleString('en')} events`
    folders.push(await fillFolder({ title, story, visitors: Math.ceil(size / EVENTS_OF_VISITOR) }))
  }
  const [smallest] = folders
  const largest = folders.at(-1)
  if (smallest === undefined || largest === undefined) throw new Error('no folder was filled')
  await printPages(folders, rounds)
  await printCrowd(largest, { rounds, scale })
  for (const folder of folders) folder.remove()
  await printStart(visitors, rounds)
}

/** 100 thousand, 1 million and so on below what is asked for, and that itself. */
function sizesUpTo(events: number): readonly number[] {
  const sizes: number[] = []
  for (let size = SMALLEST; size < events; size *= STEP) sizes.push(size)
  return [...sizes, events]
}

type Temperature = 'cold' | 'warm'
type Page = 'visits' | 'identities'
type Pages = Readonly<Record<`${Page} ${Temperature}`, Latency>>

async function printPages(folders: readonly Folder[], rounds: number): Promise<void> {
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
  const heads = folders.map(({ visitors }) => `${(visitors * EVENTS_OF_VISITOR).toLocaleString('en')} events`)
  printCells([['a page of 100 events over HTTP', ...heads, 'ratio (goal 1.50)'], ...rows])
}

const TITLES: Readonly<Record<keyof Pages, string>> = {
  'visits cold': "a visit's, from the disk",
  'visits warm': "a visit's, again",
  'identities cold': "a person's, from the disk",
  'identities warm': "a person's, again",
}

async function measurePages(folder: Folder | undefined): Promise<Pages> {
  if (folder === undefined) throw new Error('a folder is missing')
  makeCold(folder)
  return await withServer(folder, async (server) => {
    const pager = openPager(server.port)
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

function pathOf(page: Page, folder: Folder, index: number): string {
  return eventsPath(page, page === 'visits' ? folder.visit(index) : folder.person(index))
}

interface Crowd {
  readonly alone: Result
  readonly beside: Result
  readonly pagesPerSecond: number
  /** Anonymous resident bytes: before the clients came, and the most while they paged. */
  readonly restBytes: number
  readonly peakBytes: number
}

async function printCrowd(
  folder: Folder,
  { rounds, scale }: Pick<HistoryPlan, 'rounds' | 'scale'>,
): Promise<void> {
  const crowds: Crowd[] = []
  for (let round = 0; round < rounds; round += 1) {
    crowds.push(await withServer(folder, (server) => measureCrowd(server, folder, scale)))
  }
  const of = (figure: (crowd: Crowd) => number) => shown(median(crowds, figure))
  const both = (figure: (result: Result) => number) => [
    of(({ alone }) => figure(alone)),
    of(({ beside }) => figure(beside)),
  ]
  printCells([
    [`an ingest of ${INGEST} events/s`, 'alone', `${CLIENTS} clients page`],
    ['events/s acknowledged', ...both(({ events, elapsedMs }) => (events * 1_000) / elapsedMs)],
    ['ack p50, ms', ...both(({ events, p50Ms }) => (events === 0 ? Number.NaN : p50Ms))],
    ['ack p99, ms', ...both(({ events, p99Ms }) => (events === 0 ? Number.NaN : p99Ms))],
    [
      'anonymous RSS, MB',
      of(({ restBytes }) => restBytes / MEGABYTE),
      of(({ peakBytes }) => peakBytes / MEGABYTE),
    ],
    ['pages/s', '', of(({ pagesPerSecond }) => pagesPerSecond)],
  ])
}

async function measureCrowd(server: ServerProcess, folder: Folder, { measureMs }: Scale): Promise<Crowd> {
  const job = { port: server.port, connections: 50, batchesPerSecond: INGEST, measureMs, warmUpMs: 4_000 }
  const alone = await generate(job)
  await alone.end()
  const { anonymousBytes: restBytes } = await server.costs()
  const ingest = generate(job)
  // The browsers are there before the clients come, and nothing is measured before both have found their pace.
  await pause(job.warmUpMs / 2)
  const leaving = new AbortController()
  const peak = watchPeak(server, leaving.signal)
  const beganMs = performance.now()
  const pager = openPager(server.port)
  const storm = pager.storm(CLIENTS, somePaths(folder), leaving.signal)
  const beside = await ingest
  leaving.abort()
  const pages = await storm
  const elapsedMs = performance.now() - beganMs
  pager.close()
  await beside.end()
  return {
    ...{ alone: alone.result, beside: beside.result, restBytes, peakBytes: await peak },
    pagesPerSecond: (pages * 1_000) / elapsedMs,
  }
}

function somePaths(folder: Folder): readonly string[] {
  const count = Math.min(folder.visitors, 10_000)
  return Array.from({ length: count }, (_, index) => pathOf('identities', folder, index))
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

async function printStart(visitors: number, rounds: number): Promise<void> {
  const title = `${visitors.toLocaleString('en')} visitors`
  const asleep = await fillFolder({ title, story: { events: 2, signsIn: false }, visitors })
  const results = await alternate(['empty', 'asleep'], rounds, async (name) => {
    const beganMs = performance.now()
    const server = await startServerProcess('ours', name === 'asleep' ? { VESTIBULE_DATA: asleep.path } : {})
    const elapsedMs = performance.now() - beganMs
    await server.stop()
    return elapsedMs
  })
  asleep.remove()
  const [empty, full] = [median(results.empty, (ms) => ms), median(results.asleep, (ms) => ms)]
  printCells([
    ['', 'empty', `${title} asleep`, 'more (goal 1,000)'],
    ['start until it listens, ms', shown(empty), shown(full), shown(full - empty)],
  ])
}

async function withServer<T>(folder: Folder, work: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await startServerProcess('ours', { ...KEYS, VESTIBULE_DATA: folder.path })
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}
