/** The thread in which rules run: it may be ended at any time, whatever a rule does. */
import { parentPort, workerData } from 'node:worker_threads'
import { sayAnswer } from './answer.ts'
import { RulesRefused } from './errors.ts'
import { loadRules } from './modules.ts'
import { type Ask, BEGUN, ENDED, type ThreadData, type ThreadMessage } from './thread-messages.ts'

if (parentPort === null) throw new Error('this module is started as a worker thread')
const port = parentPort
// The boundary to untyped messages: `startThread` is the only one that starts this file and speaks to it.
const { items, progress } = workerData as ThreadData
const tell = (message: ThreadMessage): void => port.postMessage(message)

try {
  const loaded = await loadRules(items)
  const rules = new Map(loaded.map(({ rule }) => [rule.name, rule]))
  const heads = loaded.map(({ rule: { name, version, on, needs }, from }) => {
    return { name, version, on: [...on], needs: [...needs], from }
  })
  port.on('message', ({ id, rule, given }: Ask) => {
    const begunAt = process.hrtime.bigint()
    Atomics.store(progress.begunAt, 0, begunAt)
    Atomics.store(progress.asks, BEGUN, id)
    try {
      const said = sayAnswer(rules.get(rule)?.assume(given))
      tell({ is: 'returned', id, tookMs: Number(process.hrtime.bigint() - begunAt) / 1e6, said })
    } catch (error) {
      tell({ is: 'threw', id, why: error instanceof Error ? error.message : String(error) })
    } finally {
      Atomics.store(progress.asks, ENDED, id)
    }
  })
  tell({ is: 'ready', heads })
} catch (error) {
  if (!(error instanceof RulesRefused)) throw error
  tell({ is: 'refused', message: error.message })
}
