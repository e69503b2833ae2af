/** `npm run simulate -- --seeds 1000`: lives so many histories, and for one that fails says its seed and the shortest that still does. */
import { parseArgs } from 'node:util'
import { dice } from '../helpers/dice.ts'
import { live } from './life.ts'
import { historyOf } from './operations.ts'
import { shortest } from './shortening.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: '150' },
  },
})
const [seeds, from, length] = [Number(values.seeds), Number(values.from), Number(values.steps)]
const began = performance.now()
const met = new Map<string, number>()
let steps = 0
let failures = 0

for (let seed = from; seed < from + seeds; seed += 1) {
  const history = historyOf(dice(seed), length)
  const lived = await live(history)
  steps += lived.steps
  for (const what of lived.met) met.set(what, (met.get(what) ?? 0) + 1)
  if (lived.failure === null) continue
  failures += 1
  process.stdout.write(`seed ${seed}: ${lived.failure}\n`)
  const short = await shortest(history)
  process.stdout.write(`  the shortest history that fails (${short.history.length}): ${short.failure}\n`)
  for (const operation of short.history) process.stdout.write(`    ${JSON.stringify(operation)},\n`)
  if (failures >= 5) break
}

const seconds = (performance.now() - began) / 1_000
for (const what of [...met.keys()].sort()) {
  process.stdout.write(`${String(met.get(what)).padStart(8)} seeds met ${what}\n`)
}
process.stdout.write(
  `${seeds} seeds from ${from}, ${steps} steps in ${seconds.toFixed(1)} s: ${Math.round(steps / seconds)} steps/s, ${failures} failed\n`,
)
process.exitCode = failures === 0 ? 0 : 1
