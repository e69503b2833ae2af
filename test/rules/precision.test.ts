/** Wilson's interval against values that others have published or computed. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { precisionOf } from '../../src/rules/precision.ts'

const precision = suite('precision')

/** Hits, misses, low, high: R's `prop.test(..., correct = FALSE)`, and Newcombe (1998), table I. */
const KNOWN = [
  [81, 182, 0.2553, 0.3662],
  [15, 133, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 28, 0.0061, 0.1718],
  [8, 2, 0.4902, 0.9433],
  [10, 0, 0.7225, 1],
] as const

precision('the interval is that of the literature', () => {
  for (const [hits, misses, low, high] of KNOWN) {
    const found = precisionOf({ hits, misses })
    const what = `${hits} of ${hits + misses}`
    assert.ok(Math.abs(found.low - low) < 0.0001, `${what}: low ${found.low}, expected ${low}`)
    assert.ok(Math.abs(found.high - high) < 0.0001, `${what}: high ${found.high}, expected ${high}`)
    assert.is(found.precision, hits / (hits + misses))
  }
})

precision('nothing decided says nothing: any precision is possible', () => {
  assert.equal(precisionOf({ hits: 0, misses: 0 }), { precision: null, low: 0, high: 1 })
})

precision('more decisions of the same share make it narrower, around that share', () => {
  let before = precisionOf({ hits: 3, misses: 1 })
  for (const times of [10, 100, 1_000]) {
    const next = precisionOf({ hits: 3 * times, misses: times })
    assert.ok(next.low > before.low && next.high < before.high)
    assert.ok(next.low < 0.75 && next.high > 0.75)
    before = next
  }
})

precision.run()
