/** Folders with much in them: filled once, then read by servers. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/store.ts'
import { fill, idOf } from './fill.ts'
import { type StoryPlan, tellStory } from './story.ts'

export interface Folder {
  readonly path: string
  /** How many visitors of the kind are in it, beside the one whose story was told. */
  readonly visitors: number
  readonly visit: (index: number) => string
  readonly person: (index: number) => string
  readonly remove: () => void
}

export interface FolderPlan {
  /** What the progress line calls it. */
  readonly title: string
  readonly story: Omit<StoryPlan, 'at'>
  readonly visitors: number
}

const KIND = 'bench'
/** Stories begin so long ago that all of them have ended. */
const AGO_MS = 7 * 86_400_000

/** Makes a folder, with a line that tells how far it is. */
export async function fillFolder({ title, story: plan, visitors }: FolderPlan): Promise<Folder> {
  const path = mkdtempSync(join(tmpdir(), 'vestibule-history-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  // A bench that ends, unless it is killed outright, leaves no folder behind.
  process.once('exit', remove)
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  try {
    const story = await tellStory(store, { ...plan, at: Date.now() - AGO_MS })
    const progress = progressLine(title, visitors)
    await fill(store, { story, kind: KIND, from: 0, to: visitors, progress })
  } finally {
    await store.close()
  }
  return {
    path,
    visitors,
    visit: (index) => idOf(KIND, 'visit', index),
    person: (index) => idOf(KIND, 'person', index),
    remove: () => {
      process.off('exit', remove)
      remove()
    },
  }
}

/** Its files leave the system's cache: what is read next comes from the disk. */
export function makeCold({ path }: Folder): void {
  for (const name of readdirSync(path)) {
    const file = `of=${join(path, name)}`
    execFileSync('dd', [file, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'])
  }
}

/** One line, written over again; where nobody looks on, a line for each tenth. */
function progressLine(title: string, visitors: number): (filled: number) => void {
  let told = 0
  return (filled) => {
    const percent = Math.floor((filled / visitors) * 100)
    const text = `filling ${title}: ${percent} %`
    if (process.stderr.isTTY) process.stderr.write(`\r${text}${percent === 100 ? '\n' : ''}`)
    else if (percent >= told + 10 || percent === 100) process.stderr.write(`${text}\n`)
    if (percent >= told + 10) told = percent - (percent % 10)
  }
}
