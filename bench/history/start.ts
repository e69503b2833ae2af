/** The start with many visitors asleep, beside an empty start. */
import { alternate, median } from '../rounds.ts'
import { startServerProcess } from '../server-process.ts'
import { printCells, shown } from '../table.ts'
import { openFolder } from './folders.ts'

export interface StartPlan {
  readonly rounds: number
  readonly visitors: number
  readonly keep: string | null
}

export async function printStart({ rounds, visitors, keep }: StartPlan): Promise<void> {
  const title = `${visitors.toLocaleString('en')} visitors`
  const asleep = await openFolder({ title, keep, visitors, events: 2, people: 'nobody' })
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
