/** How reading holds as what is stored grows: pages, many clients, a person of a million events, the start. */
import { openFolder, openSizes } from './history/folders.ts'
import { printHot } from './history/hot.ts'
import { printCrowd, printPages } from './history/paging.ts'
import { printStart } from './history/start.ts'
import type { Scale } from './measures.ts'

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

export async function printHistory({
  rounds,
  scale,
  sizes,
  hot,
  visitors,
  keep,
}: HistoryPlan): Promise<void> {
  const folders = await openSizes(sizes, keep)
  const largest = folders.at(-1)
  if (largest === undefined) throw new Error('no folder was filled')
  await printPages(folders, rounds)
  await printCrowd(largest, { rounds, scale })
  for (const folder of folders) folder.remove()
  const one = await openFolder({
    ...{ title: `one person with ${hot.toLocaleString('en')} events`, keep, people: 'one' },
    ...{ visitors: HOT_DEVICES, events: Math.ceil(hot / HOT_DEVICES) },
  })
  await printHot(one, { rounds, scale })
  one.remove()
  await printStart({ rounds, visitors, keep })
}
