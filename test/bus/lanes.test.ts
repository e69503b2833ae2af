/** One change of a visitor at a time, and how far all of it has come. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLanes, type Lanes, retryDelayMs } from '../../src/bus/lanes.ts'
import type { ChangeRow } from '../../src/store/rows.ts'

const lanes = suite('lanes')
const NOTHING = { mark: 0, places: [] }

function change(position: number, number: number, n = 1): ChangeRow {
  const name = 'anonymous'
  return {
    ...{ position, n, number, globalVisitID: `g${number}`, seq: position, at: position },
    ...{ kind: 'identity', name, data: {} },
  }
}

function filled(changes: readonly ChangeRow[]): Lanes {
  const made = createLanes(NOTHING)
  for (const each of changes) made.add(each, false)
  return made
}

lanes("[B4] a visitor's second change is not to be had before the first is settled", () => {
  const [first, second] = [change(1, 1), change(2, 1)]
  const one = filled([first, second])
  assert.is(one.take()?.change, first)
  assert.is(one.take(), null)
  one.settle(first, 'sent')
  assert.is(one.take()?.change, second)
})

lanes('[B4] a change that failed is taken again, before any later one of its visitor', () => {
  const [first, second] = [change(1, 1), change(2, 1)]
  const one = filled([first, second])
  one.take()
  one.postpone(first, { doubtful: false, forGood: false, clockMs: 1_000 })
  assert.is(one.take(), null)
  assert.is(one.nextRetryMs(), 1_000 + retryDelayMs(1))
  one.retryDue(1_000 + retryDelayMs(1) - 1)
  assert.is(one.take(), null)
  one.retryDue(1_000 + retryDelayMs(1))
  assert.equal(one.take(), { change: first, doubtful: false })
})

lanes('[B2] what may have arrived unheard is doubtful until it is sent or found', () => {
  const [first, second, third] = [change(1, 1), change(2, 1), change(3, 1)]
  const one = filled([first, second, third])
  one.take()
  one.postpone(first, { doubtful: true, forGood: false, clockMs: 0 })
  one.retryNow()
  assert.equal(one.take(), { change: first, doubtful: true })
  one.settle(first, 'found')
  assert.equal(one.take(), { change: second, doubtful: true })
  one.settle(second, 'sent')
  assert.equal(one.take(), { change: third, doubtful: false })
})

lanes('[B6] refusals for good are counted in a row; another failure in between begins anew', () => {
  const [first, second] = [change(1, 1), change(2, 1)]
  const one = filled([first, second])
  const counts = [true, true, false, true].map((forGood) => {
    one.take()
    const before = one.refusals(first)
    one.postpone(first, { doubtful: false, forGood, clockMs: 0 })
    one.retryNow()
    return before
  })
  assert.equal(counts, [0, 1, 2, 0])
  one.take()
  one.settle(first, 'found')
  one.take()
  assert.is(one.refusals(second), 0)
})

lanes('[B2] the wait after failures doubles up to its end', () => {
  assert.equal([1, 2, 3, 6, 7, 1_000].map(retryDelayMs), [100, 200, 400, 3_200, 5_000, 5_000])
})

lanes('[B2] the mark stays before the first change that is not published; places say what went ahead', () => {
  const [a, b, c] = [change(1, 1), change(2, 2), change(3, 2)]
  const some = filled([a, b, c])
  some.take()
  some.take()
  some.settle(b, 'sent')
  const progress = some.unsaved()
  assert.equal(progress, { mark: 0, places: [{ number: 2, position: 2, n: 1 }] })
  assert.equal(some.unsaved(), progress, 'it is not saved until somebody says so')
  if (progress !== null) some.saved(progress)
  assert.is(some.unsaved(), null)
  some.settle(a, 'sent')
  assert.equal(some.unsaved(), { mark: 2, places: [{ number: 2, position: 0, n: 0 }] })
})

lanes('[B2] an entry with two changes is passed by the mark when both are published', () => {
  const [first, second] = [change(5, 1, 1), change(5, 1, 2)]
  const one = filled([first, second])
  one.take()
  one.settle(first, 'sent')
  assert.equal(one.unsaved(), { mark: 4, places: [{ number: 1, position: 5, n: 1 }] })
  one.take()
  one.settle(second, 'sent')
  assert.equal(one.unsaved(), { mark: 5, places: [] })
})

lanes('[B2] whenever a crash comes, what was saved names exactly what was settled (random, seeded)', () => {
  const step = fc.record({ settle: fc.boolean(), visitor: fc.integer({ min: 1, max: 4 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const changes = steps.map(({ visitor }, index) => change(index + 1, visitor))
      const before = filled(changes)
      const settled = new Set<ChangeRow>()
      let saved = { mark: 0, places: new Map<number, { number: number; position: number; n: number }>() }
      for (const { settle } of steps) {
        const taken = before.take()
        if (taken !== null && settle) {
          before.settle(taken.change, 'sent')
          settled.add(taken.change)
        }
        const progress = before.unsaved()
        if (progress === null) continue
        const places = new Map(saved.places)
        for (const place of progress.places) {
          if (place.position === 0) places.delete(place.number)
          else places.set(place.number, place)
        }
        saved = { mark: progress.mark, places }
        before.saved(progress)
      }
      const after = createLanes({ mark: saved.mark, places: [...saved.places.values()] })
      for (const each of changes) if (each.position > saved.mark) after.add(each, true)
      assert.is(after.size(), changes.length - settled.size)
    }),
    { seed: 20260101, numRuns: 300 },
  )
})

lanes.run()
