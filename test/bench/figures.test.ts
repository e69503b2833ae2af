/** The arithmetic of the benches: medians, percentiles, rounds, tables. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { latencyOf } from '../../bench/latency.ts'
import { alternate, median } from '../../bench/rounds.ts'
import { formatCells, shown } from '../../bench/table.ts'

const figures = suite('the figures of the benches')
const itself = (one: number) => one

figures('the median is the middle one, or halfway between the two in the middle', () => {
  assert.is(median([3, 1, 2], itself), 2)
  assert.is(median([10, 9, 100, 8], itself), 9.5)
  assert.is(
    median([{ ms: 7 }], ({ ms }) => ms),
    7,
  )
  assert.ok(Number.isNaN(median([], itself)))
})

figures('a median leaves its results as they were', () => {
  const results = [3, 1, 2]
  median(results, itself)
  assert.equal(results, [3, 1, 2])
})

figures('percentiles are times that occurred', () => {
  const times = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.equal(latencyOf(times), { p50Ms: 51, p99Ms: 100 })
  assert.equal(latencyOf([4]), { p50Ms: 4, p99Ms: 4 })
  assert.ok(Number.isNaN(latencyOf([]).p99Ms))
})

figures('one slow time in a hundred is the 99th percentile, one in a thousand is not', () => {
  const fast = Array.from({ length: 999 }, () => 1)
  assert.is(latencyOf([...fast.slice(0, 99), 50]).p99Ms, 50)
  assert.is(latencyOf([...fast, 50]).p99Ms, 1)
})

figures('contenders take turns, round by round', async () => {
  const turns: string[] = []
  const results = await alternate(['floor', 'ours'], 3, (name) => {
    turns.push(name)
    return Promise.resolve(turns.length)
  })
  assert.equal(turns, ['floor', 'ours', 'floor', 'ours', 'floor', 'ours'])
  assert.equal(results, { floor: [1, 3, 5], ours: [2, 4, 6] })
})

figures('numbers are shown with what of them matters; what could not be measured as a dash', () => {
  assert.equal([0.123, 9.99, 12.4, 999, 12_345.6, Number.NaN].map(shown), [
    ...['0.12', '9.99', '12', '999', '12,346', '-'],
  ])
})

figures('words stand to the left, numbers to the right, and no line ends in blanks', () => {
  const cells = [
    ['', 'a', 'note'],
    ['first', '1', 'short'],
    ['x', '1,000', ''],
  ]
  assert.is(formatCells(cells, [2]), ['           a  note', 'first      1  short', 'x      1,000'].join('\n'))
})

figures.run()
