/** Random visitors, restarts and failed commits: whatever happens, the folder agrees with itself and nothing is lost. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEntry, Recorded } from '../../src/visitors/contract.ts'
import { type Dice, dice } from '../helpers/dice.ts'
import { within } from '../helpers/within.ts'
import { HOUR, MINUTE, openRoom, SECOND, type TestRoom } from './a-room.ts'
import { findingsIn } from './findings.ts'
import { someEvent, someOther, VISITORS } from './some-entries.ts'

const random = suite('random visitors')

/** What clients were told: the seq of each event that was acknowledged. */
type Acknowledged = Map<string, number>

async function live(seed: number, steps: number): Promise<void> {
  const d = dice(seed)
  const fault = { at: 0 }
  const beforePut = (_table: string, count: number): void => {
    if (count !== fault.at) return
    fault.at = 0
    throw new Error('a put failed on purpose')
  }
  const limits = { commitEntries: 7, awakeMax: 2 }
  const room = await openRoom({ beforePut, limits, settings: { restartGraceMs: 90 * SECOND } })
  const told: Acknowledged = new Map()
  let again: (readonly [string, readonly NewEntry[]])[] = []
  for (let step = 0; step < steps; step += 1) {
    const batches = [...again, ...someBatches(d, room)]
    if (d.chance(0.08)) fault.at = 1 + d.below(30)
    const results = await Promise.allSettled(batches.map(([who, entries]) => room.record(who, ...entries)))
    again = []
    results.forEach((result, index) => {
      const batch = batches[index]
      if (batch === undefined) return
      if (result.status === 'fulfilled') acknowledge(told, batch, result.value)
      else again.push(batch)
    })
    fault.at = 0
    if (again.length > 0) await within(5_000, 'the store can write again', room.store.recovered())
    room.passes(d.one([0, 0, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, 31 * MINUTE]))
    if (d.chance(0.04)) await restarted(d, room)
  }
  assert.equal(findingsIn(room.store), [], `seed ${seed}`)
  for (const [place, seq] of told) {
    const [globalVisitID = '', eventID = ''] = place.split(' ')
    assert.is(
      room.store.seenSeq(room.store.visitorNumber(globalVisitID), eventID),
      seq,
      `seed ${seed}: ${place}`,
    )
  }
  await room.end()
}

function someBatches(d: Dice, room: TestRoom): (readonly [string, readonly NewEntry[]])[] {
  return Array.from({ length: 1 + d.below(4) }, () => {
    const globalVisitID = d.one(VISITORS)
    const entries = Array.from({ length: 1 + d.below(4) }, () =>
      d.chance(0.3) ? someOther(d, room, globalVisitID) : someEvent(d, globalVisitID),
    )
    const first = entries[0]
    return [globalVisitID, first !== undefined && d.chance(0.1) ? [...entries, first] : entries] as const
  })
}

function acknowledge(
  told: Acknowledged,
  [globalVisitID, entries]: readonly [string, readonly NewEntry[]],
  { outcomes }: Recorded,
): void {
  entries.forEach((entry, index) => {
    const outcome = outcomes[index]
    if (entry.type !== 'event' || outcome === undefined || outcome.is === 'rejected') return
    const place = `${globalVisitID} ${entry.words.eventID}`
    assert.is(told.get(place) ?? outcome.seq, outcome.seq, "a duplicate is told the first one's seq")
    told.set(place, outcome.seq)
  })
}

async function restarted(d: Dice, room: TestRoom): Promise<void> {
  const awayMs = d.one([0, SECOND, MINUTE, HOUR])
  const leaveGraceMs = d.one([20 * SECOND, 30 * SECOND])
  await room.restart({ awayMs, settings: { leaveGraceMs, restartGraceMs: 90 * SECOND } })
}

const SEEDS = [1, 2, 3, 4, 5, 6, Date.now() % 2 ** 31]

for (const seed of SEEDS) {
  random(`[Q1] [Q8] the folder agrees with itself after random lives (seed ${seed})`, () => live(seed, 60))
}

random.run()
