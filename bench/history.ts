/** How reading holds as what is stored grows: pages, many clients, a person of a million events, the start. */
import { openFolder, openSizes } from './history/folders.ts'
import { printHot } from './history/hot.ts'
import { printCrowd, printPages } from './history/paging.ts'
import { printStart } from './history/start.ts'
import type { Scale } from './measures.ts'
import { attempt } from './rounds.ts'

export interface HistoryPlan {
  readonly rounds: number
  readonly scale: Scale
  /** Events stored in each folder, rising. */
  readonly sizes: readonly number[]
  /** Events of the one person who is read with a filter that finds nothing, and erased. */
  readonly hot: number
  /** As many visitors sleep at the start that is compared with an empty one. */
  readonly visitors: number
  /** Where filled folders are kept; null = nowhere. */
  readonly keep: string | null
}

/** The one person's devices, all of them in use at once: each has one long visit. */
const HOT_DEVICES = 10

/** Prints a table for each of them; one that fails keeps no other from being printed. Whether none failed. */
export async function printHistory(plan: HistoryPlan): Promise<boolean> {
  const { rounds, scale, sizes, hot, visitors, keep } = plan
  const folders = await openSizes(sizes, keep)
  const largest = folders.at(-1)
  if (largest === undefined) throw new Error('no folder was filled')
  const whether = [
    await isPrinted('pages', () => printPages(folders, rounds)),
    await isPrinted('100 clients', () => printCrowd(largest, { rounds, scale })),
  ]
  for (const folder of folders) folder.remove()
  whether.push(
    await isPrinted('one person', async () => {
      const one = await openFolder({
        ...{ title: `one person with ${hot.toLocaleString('en')} events`, keep, people: 'one' },
        ...{ visitors: HOT_DEVICES, events: Math.ceil(hot / HOT_DEVICES) },
      })
      await printHot(one, { rounds, scale })
      one.remove()
    }),
    await isPrinted('start', () => printStart({ rounds, visitors, keep })),
  )
  return !whether.includes(false)
}

async function isPrinted(what: string, print: () => Promise<void>): Promise<boolean> {
  process.stderr.write(`${what}\n`)
  const one = await attempt(print)
  if (one.is === 'failed') process.stderr.write(`${what}: ${one.cause.stack}\n`)
  return one.is === 'measured'
}
