/** The whole server in memory lives random histories, always the same ones here: `npm run simulate` lives others. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dice } from '../helpers/dice.ts'
import { FOUND } from './found.ts'
import { FOUND_ERASING } from './found-erasing.ts'
import { live } from './life.ts'
import { historyOf } from './operations.ts'
import { shortest } from './shortening.ts'

const simulation = suite('the whole server, simulated')

/** What CI lives: so many histories of so many operations. */
const SEEDS = 100
const STEPS = 150
/** One more each time, so that in the course of time all are lived. */
const ANOTHER = 1_000 + (Date.now() % 1_000_000)

/** Without these a run proves little. */
const MET = [
  ...['a crash at put', 'a crash at flush', 'a crash at tell', 'a deploy', 'a lost commit'],
  'a commit that failed at its flush',
  'a device that was erased without consent',
  'a change that was given up',
  ...['a verdict taken back', 'a visit that ended superseded', 'a visit that ended expired'],
  ...['a visit that ended withdrawn', 'a visit that ended late', 'somebody known by SignOut'],
  ...['somebody known by agent', 'somebody known by rule', 'days that went by'],
  ...['a rule that answered', 'a rule that paused itself'],
  ...['a person who was erased', 'a device that was erased', 'a device that begins anew'],
  ...[
    'an erasure that crashed at put',
    'an erasure that crashed at flush',
    'an erasure that crashed at tell',
  ],
]

simulation(
  `[Q8] ${SEEDS} lives of ${STEPS} steps, and seed ${ANOTHER}: every invariant holds after every step`,
  async () => {
    const met = new Set<string>()
    for (const seed of [...Array.from({ length: SEEDS }, (_, index) => index + 1), ANOTHER]) {
      const history = historyOf(dice(seed), STEPS)
      const lived = await live(history)
      if (lived.failure !== null) assert.unreachable(await told(seed, lived.failure))
      for (const what of lived.met) met.add(what)
    }
    assert.equal(
      MET.filter((what) => !met.has(what)),
      [],
    )
  },
)

simulation('[Q8] a seed always lives the same life', async () => {
  const history = historyOf(dice(7), STEPS)
  const [one, other] = [await live(history), await live(history)]
  assert.equal([...one.met], [...other.met])
  assert.is(one.steps, other.steps)
})

for (const { what, history } of [...FOUND, ...FOUND_ERASING]) {
  simulation(`[Q8] found once: ${what}`, async () => {
    assert.is((await live(history)).failure, null)
  })
}

async function told(seed: number, failure: string): Promise<string> {
  const { history } = await shortest(historyOf(dice(seed), STEPS))
  const shown = history.map((operation) => `${JSON.stringify(operation)},`).join('\n')
  return `seed ${seed}: ${failure}\nthe shortest history that fails:\n${shown}`
}

simulation.run()
