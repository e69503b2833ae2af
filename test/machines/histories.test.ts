/** Random histories: replay equals what lived, snapshots included, and the invariants hold after every step. */
import fc from 'fast-check'
import { pack, unpack } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_SETTINGS, type EventEntry } from '../../machines/entries.ts'
import type { Fact } from '../../machines/facts.ts'
import { isPlain, latterOf } from '../../machines/plain.ts'
import { MACHINE_VERSION, migrate } from '../../machines/versions.ts'
import {
  birth,
  faultOf,
  keep,
  resume,
  startVisitor,
  step,
  type VisitorActor,
} from '../../machines/visitor.ts'
import { startStory, type Told } from '../helpers/visitor-story.ts'
import { move, moves } from './histories.ts'
import { holds, holdsStep } from './invariants.ts'

const histories = suite('random histories')

/** Another run with `SEED=... `; a failure prints the seed and the shortest history that fails. */
const seed = Number(process.env.SEED ?? 20_260_101)
const RUNS = 50

function logOf(history: Parameters<Parameters<typeof moves.map>[0]>[0]): readonly Told[] {
  const story = startStory()
  for (const made of history) move(story, made)
  return story.log
}

histories(`[Q8] invariants hold after every step of ${RUNS} histories, seed ${seed}`, () => {
  fc.assert(
    fc.property(moves, (history) => {
      for (const told of logOf(history)) {
        holds(told.after)
        holdsStep(told)
      }
    }),
    { seed, numRuns: RUNS },
  )
})

/** An actor, and where its facts go. */
function live(from = birth({ globalVisitID: 'g1', settings: DEFAULT_SETTINGS })) {
  const facts: Fact[] = []
  const actor: VisitorActor = startVisitor(from)
  actor.on('*', (fact) => {
    facts.push(fact)
  })
  return { actor, facts }
}

histories(`[Q8] the pure step and the live actor say the same, seed ${seed}`, () => {
  fc.assert(
    fc.property(moves, (history) => {
      const { actor, facts } = live()
      for (const told of logOf(history)) {
        facts.length = 0
        actor.send(told.entry)
        assert.is(faultOf(actor), null)
        assert.is(JSON.stringify(facts), JSON.stringify(told.facts))
        assert.is(JSON.stringify(keep(actor.getSnapshot())), JSON.stringify(keep(told.after)))
      }
      actor.stop()
    }),
    { seed, numRuns: RUNS / 2 },
  )
})

/** An event again, with other ids and other times at which it occurred. */
function runOf(entry: EventEntry, agosMs: readonly number[]): readonly EventEntry[] {
  return agosMs.map((agoMs, index) => ({
    ...entry,
    seq: entry.seq + index,
    position: entry.position + index,
    event: { ...entry.event, eventID: `run-${index}` },
    occurredAt: entry.at - agoMs,
  }))
}

histories(`[V3] a run of plain events leads to what the latter of them leads to, seed ${seed}`, () => {
  let runs = 0
  const agosMs = fc.array(fc.constantFrom(0, 1, 1_000, 60_000, 3_600_000), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(moves, agosMs, (history, agos) => {
      for (const { before, entry } of logOf(history)) {
        if (!isPlain(before.context, entry)) continue
        const run = [entry, ...runOf(entry, agos).filter((one) => isPlain(before.context, one))]
        let each = before
        for (const one of run) {
          assert.ok(isPlain(each.context, one), 'it stays plain while only plain events are applied')
          const [next, facts] = step(each, one)
          assert.equal(facts, [])
          each = next
        }
        const [once] = step(before, run.reduce(latterOf))
        assert.equal(keep(once), keep(each))
        runs += 1
      }
    }),
    { seed, numRuns: RUNS },
  )
  assert.ok(runs > RUNS, `only ${runs} runs were found`)
})

histories(`[Q5] put to sleep and woken before every entry, it lives the same life, seed ${seed}`, () => {
  fc.assert(
    fc.property(moves, (history) => {
      let asleep = pack(keep(birth({ globalVisitID: 'g1', settings: DEFAULT_SETTINGS })))
      for (const told of logOf(history)) {
        const { actor, facts } = live(resume(migrate(MACHINE_VERSION, unpack(asleep))))
        actor.send(told.entry)
        assert.is(JSON.stringify(facts), JSON.stringify(told.facts))
        asleep = pack(keep(actor.getSnapshot()))
        actor.stop()
      }
    }),
    { seed, numRuns: RUNS / 5 },
  )
})

histories.run()
