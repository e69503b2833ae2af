/** Folders with much in them: filled once, or kept from an earlier run, then read by servers. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/store.ts'
import { atExit, removeFolder } from '../leaving.ts'
import { type FillPlan, fill, idOf } from './fill.ts'

export interface Folder {
  readonly path: string
  readonly visitors: number
  readonly events: number
  readonly visit: (index: number) => string
  readonly person: (index: number) => string
  /** Removes it, unless it is one to be kept. */
  readonly remove: () => void
}

export interface FolderPlan extends Omit<FillPlan, 'progress'> {
  /** What the progress line calls it. */
  readonly title: string
  /** Filled folders are kept in this one, and used again; null = none is kept. */
  readonly keep: string | null
}

/** Says what a kept folder was filled with; it is written last, so that one half filled is filled anew. */
const FILLED = 'filled.json'

/** Finds the folder, or fills it, with a line that tells how far it is. */
export async function openFolder({ title, keep, ...plan }: FolderPlan): Promise<Folder> {
  if (keep === null) return await fillFolder(title, plan, temporaryFolder())
  const { visitors, events, people } = plan
  const path = join(keep, `${visitors}-x-${events}-${people}`)
  const place: Place = { path, remove: () => undefined }
  if (isFilled(path, plan)) {
    process.stderr.write(`${title}: kept in ${path}\n`)
    return folderAt(place, plan)
  }
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  const folder = await fillFolder(title, plan, place)
  writeFileSync(join(path, FILLED), JSON.stringify(plan))
  return folder
}

/** Each visitor has one visit with so many events: a page of 100, and a next one. */
const EVENTS_OF_VISITOR = 120

/** A folder for each number of events. */
export async function openSizes(sizes: readonly number[], keep: string | null): Promise<readonly Folder[]> {
  const folders: Folder[] = []
  for (const size of sizes) {
    const visitors = Math.ceil(size / EVENTS_OF_VISITOR)
    const of = { visitors, events: EVENTS_OF_VISITOR, people: 'each' } as const
    folders.push(await openFolder({ title: `${size.toLocaleString('en')} events`, keep, ...of }))
  }
  return folders
}

/** The same in another folder, for what changes it for good. */
export function copyOf({ path, ...folder }: Folder): Folder {
  const place = temporaryFolder()
  cpSync(path, place.path, { recursive: true })
  return { ...folder, ...place }
}

type Filling = Omit<FillPlan, 'progress'>

async function fillFolder(title: string, plan: Filling, place: Place): Promise<Folder> {
  const store = await openStore({ path: place.path, quotaBytes: 0, diskReserveBytes: 0 })
  try {
    await fill(store, { ...plan, progress: progressLine(title, plan.visitors) })
  } finally {
    await store.close()
  }
  return folderAt(place, plan)
}

function folderAt(place: Place, { visitors, events }: Filling): Folder {
  return {
    ...{ ...place, visitors },
    events: visitors * events,
    visit: (index) => idOf('visit', index),
    person: (index) => idOf('person', index),
  }
}

function isFilled(path: string, plan: Filling): boolean {
  const file = join(path, FILLED)
  return existsSync(file) && readFileSync(file, 'utf8') === JSON.stringify(plan)
}

interface Place {
  readonly path: string
  readonly remove: () => void
}

function temporaryFolder(): Place {
  const path = mkdtempSync(join(tmpdir(), 'vestibule-history-'))
  const forget = atExit(() => removeFolder(path))
  return {
    path,
    remove: () => {
      forget()
      removeFolder(path)
    },
  }
}

/** The share of a file's pages that may be in the system's cache when it counts as cold. */
const COLD_SHARE = 0.01

/** Its files leave the system's cache: what is read next comes from the disk. Throws where they stay. */
export function makeCold({ path }: Pick<Folder, 'path'>): void {
  for (const name of readdirSync(path)) {
    const file = join(path, name)
    execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'])
    const [cached = 0, size = 0] = execFileSync('fincore', ['-b', '-n', '-o', 'RES,SIZE', file], {
      encoding: 'utf8',
    })
      .trim()
      .split(/\s+/)
      .map(Number)
    if (cached > Math.max(size * COLD_SHARE, 1024 * 1024)) {
      throw new Error(
        `${cached} bytes of ${file} stay in the system's cache: nothing of it can be measured cold`,
      )
    }
  }
}

/** One line, written over again; where nobody looks on, a line for each tenth. */
function progressLine(title: string, visitors: number): (filled: number) => void {
  const beganMs = performance.now()
  let told = 0
  return (filled) => {
    const percent = Math.floor((filled / visitors) * 100)
    const text = `filling ${title}: ${percent} %, ${Math.round((performance.now() - beganMs) / 1_000)} s`
    if (process.stderr.isTTY) process.stderr.write(`\r${text}${percent === 100 ? '\n' : ''}`)
    else if (percent >= told + 10 || percent === 100) process.stderr.write(`${text}\n`)
    if (percent >= told + 10) told = percent - (percent % 10)
  }
}
