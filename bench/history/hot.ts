/** One person with a great many events: read with a filter that finds nothing, then erased, beside an ingest. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Scale } from '../measures.ts'
import { PATIENCE_MS, saying } from '../patience.ts'
import { median } from '../rounds.ts'
import { printCells, shown } from '../table.ts'
import { copyOf, type Folder } from './folders.ts'
import { type Beside, ingestColumns, withIngest } from './ingest.ts'
import { eventsPath, nextOf, type Pager, rowsOf } from './pages.ts'

interface Hot {
  readonly alone: Beside
  readonly reading: Beside
  readonly erasing: Beside
  readonly reader: Reader
  /** How long it took to erase, and how many entries were. */
  readonly erasedMs: number
  readonly entries: number
}

/** What one reading took. */
interface Reader {
  readonly requests: number
  /** Whether it came to the list's true end in its time. */
  readonly isThrough: boolean
}

const POLL_MS = 100
/** A reading is given up after this: the ingest beside it has been measured by then. */
const READING_MS_MOST = 60_000
const NOBODY_SAYS = 'NobodySaysThis'

export async function printHot(
  folder: Folder,
  { rounds, scale }: { readonly rounds: number; readonly scale: Scale },
): Promise<void> {
  const rows: Hot[] = []
  for (let round = 0; round < rounds; round += 1) {
    // An erasure is for good.
    const copy = copyOf(folder)
    try {
      rows.push(await measureHot(copy, scale))
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    } finally {
      copy.remove()
    }
  }
  const of = (figure: (hot: Hot) => number) => shown(median(rows, figure))
  printCells([
    ...ingestColumns([
      ['alone', rows.map(({ alone }) => alone)],
      ['all is read, nothing found', rows.map(({ reading }) => reading)],
      ['the person is erased', rows.map(({ erasing }) => erasing)],
    ]),
    [
      'took, s',
      '',
      of(({ reading }) => reading.result.elapsedMs / 1_000),
      of(({ erasedMs }) => erasedMs / 1_000),
    ],
    ['requests, one after another', '', of(({ reader }) => reader.requests), ''],
    ['came to the end', '', rows.every(({ reader }) => reader.isThrough) ? 'yes' : 'no: given up', ''],
    ['entries erased', '', '', of(({ entries }) => entries)],
  ])
}

async function measureHot(folder: Folder, { measureMs }: Scale): Promise<Hot> {
  return await withIngest(folder, async ({ ingest, pager }) => {
    const person = folder.person(0)
    const alone = await ingest.beside(() => pause(measureMs))
    let reader: Reader = { requests: 0, isThrough: false }
    const reading = await ingest.beside(async () => {
      reader = await readInVain(pager, person)
    })
    let erased = { erasedMs: 0, entries: 0 }
    const erasing = await ingest.beside(async () => {
      erased = await erase(pager, person, folder.events)
    })
    return { ...{ alone, reading, erasing, reader }, ...erased }
  })
}

/** The whole list, which holds much and matches nothing. */
async function readInVain(pager: Pager, person: string): Promise<Reader> {
  const deadline = performance.now() + READING_MS_MOST
  let requests = 0
  let path: string | null = `${eventsPath('identities', person)}&eventName=${NOBODY_SAYS}`
  while (path !== null && performance.now() < deadline) {
    const page = await pager.ask(path)
    if (rowsOf(page).length > 0) throw new Error(`${path} found what nobody said`)
    requests += 1
    path = nextOf(page)
  }
  return { requests, isThrough: path === null }
}

/** Until the receipt is there; it says how many entries went, and the person is nobody any more. */
async function erase(pager: Pager, person: string, events: number) {
  const beganAt = performance.now()
  const { headers } = await pager.ask(`/backend/data/identities/${person}/erase`, 'POST')
  let before = ''
  let movedAt = beganAt
  for (;;) {
    // The boundary where an answer becomes the receipt that it is.
    const { text } = await pager.ask(String(headers.location))
    if (text !== before) movedAt = performance.now()
    if (performance.now() > movedAt + PATIENCE_MS.PROGRESS)
      throw new Error(`an erasure does not get on: ${saying('PROGRESS')}`)
    before = text
    const { state, counts } = JSON.parse(text) as { readonly state: string; readonly counts: Counts }
    if (state === 'done') {
      const { entries = 0 } = counts
      if (entries < events) throw new Error(`${entries} entries were erased of the person's ${events} events`)
      return { erasedMs: performance.now() - beganAt, entries }
    }
    await pause(POLL_MS)
  }
}

type Counts = Readonly<Record<string, number>>
