/** The simulation can fail: rules broken on purpose, one at a time, are all found, and shown in a short history. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dice } from '../helpers/dice.ts'
import { BROKEN_RULES } from './broken-rules.ts'
import { live } from './life.ts'
import { historyOf, type Operation } from './operations.ts'
import { shortest } from './shortening.ts'

const broken = suite('rules broken on purpose')

const SEEDS_MAX = 200
const STEPS = 150

for (const { rule, wrong, from = 1, broken: how, found } of BROKEN_RULES) {
  broken(`[Q8] ${rule} broken is found: ${wrong}`, async () => {
    for (let seed = from; seed < from + SEEDS_MAX; seed += 1) {
      const { failure } = await live(historyOf(dice(seed), STEPS), how)
      if (failure !== null) return assert.match(failure, found)
    }
    assert.unreachable(`not found in ${SEEDS_MAX} lives from seed ${from}`)
  })
}

broken('[Q8] a history that fails is shortened to what makes it fail, and fails again', async () => {
  const how = { settings: { leasesPerVisit: 2 } }
  const history: Operation[] = [...historyOf(dice(1), 20), ...TWO_ENGINES, ...historyOf(dice(2), 20)]
  const short = await shortest(history, how)
  assert.ok(short.history.length <= TWO_ENGINES.length, `${short.history.length} operations are left`)
  assert.is((await live(short.history, how)).failure, short.failure)
  assert.is((await live(short.history)).failure, null)
})

const TAB = { browser: 0, tab: 0 }
const SAYS = { name: 'VisitStarted', agoMs: 0, person: null, page: 'p1', consent: true } as const
const TWO_ENGINES: readonly Operation[] = [
  { does: 'startsAnew', ...TAB },
  { does: 'connects', ...TAB, names: false, rightToken: true },
  { does: 'settles' },
  { does: 'says', ...TAB, ...SAYS, visitOf: null, namesVisit: false },
  { does: 'sends', ...TAB, count: 1 },
  { does: 'settles' },
  { does: 'engages', browser: 0, engine: 'e1', ttlMs: 300_000 },
  { does: 'engages', browser: 0, engine: 'e2', ttlMs: 300_000 },
]

broken.run()
