// Stretches of seq: always a superset of what was put in, in order, and never too many.
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RANGES_MAX } from '../../src/store/contract.ts'
import { closeRange, includeSeq, openRange } from '../../src/store/ranges.ts'
import type { Ranges } from '../../src/store/rows.ts'

const seed = Number(process.env.TEST_SEED ?? randomInt(2 ** 31))
const test = suite('ranges')
test.before(() => console.log(`ranges: TEST_SEED=${seed}`))

test('[E10] a stretch is opened, goes on, and is closed at its last entry', () => {
  const open = openRange([], 5)
  assert.equal(open, [[5, 0]])
  assert.is(openRange(open, 7), open)
  assert.equal(closeRange(open, 9), [[5, 9]])
  assert.equal(openRange([[5, 9]], 10), [[5, 0]], 'right behind the last one: the same stretch')
  assert.equal(openRange([[5, 9]], 12), [
    [5, 9],
    [12, 0],
  ])
  const closed: Ranges = [[5, 9]]
  assert.is(closeRange(closed, 12), closed)
})

test('[E10] a late event is added alone, or to what it touches', () => {
  assert.equal(includeSeq([[5, 9]], 12), [
    [5, 9],
    [12, 12],
  ])
  assert.equal(
    includeSeq(
      [
        [5, 9],
        [12, 0],
      ],
      3,
    ),
    [
      [3, 3],
      [5, 9],
      [12, 0],
    ],
  )
  assert.equal(
    includeSeq(
      [
        [5, 9],
        [11, 0],
      ],
      10,
    ),
    [[5, 0]],
  )
  const going: Ranges = [[5, 0]]
  assert.is(includeSeq(going, 8), going)
})

test(`[H7] ${RANGES_MAX} stretches are kept as they are; one more joins the nearest two`, () => {
  let ranges: Ranges = []
  for (let index = 0; index < RANGES_MAX; index += 1) ranges = includeSeq(ranges, 10 + index * 10)
  assert.is(ranges.length, RANGES_MAX)
  const more = includeSeq(ranges, 12)
  assert.is(more.length, RANGES_MAX)
  assert.equal(more[0], [10, 12])
})

test('[E10] whatever happens, all that was put in is covered, in order and within the bound', () => {
  const step = fc.record({
    what: fc.constantFrom('open', 'close', 'late'),
    skip: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let ranges: Ranges = []
      let seq = 0
      const inside = new Set<number>()
      for (const { what, skip } of steps) {
        const isOpen = ranges.at(-1)?.[1] === 0
        const from = seq + 1
        seq += skip
        if (isOpen) for (let one = from; one <= seq; one += 1) inside.add(one)
        if (what === 'open') ranges = openRange(ranges, seq)
        else if (what === 'close') ranges = closeRange(ranges, seq)
        else ranges = includeSeq(ranges, seq)
        if (what !== 'close') inside.add(seq)
      }
      assert.ok(ranges.length <= RANGES_MAX)
      for (const one of inside) {
        assert.ok(
          ranges.some(([from, to]) => one >= from && (to === 0 || one <= to)),
          `${one}`,
        )
      }
      ranges.forEach(([from, to], index) => {
        const next = ranges[index + 1]
        assert.ok(to === 0 ? next === undefined : to >= from && (next === undefined || next[0] > to))
      })
    }),
    { seed, numRuns: 300 },
  )
})

test.run()
