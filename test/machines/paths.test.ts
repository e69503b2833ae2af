/** Every configuration that can be reached: kept and restored it goes on the same, and its invariants hold. */
import { pack, unpack } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AdjacencyMap, getAdjacencyMap, type TraversalOptions } from 'xstate/graph'
import { DEFAULT_SETTINGS } from '../../machines/entries.ts'
import type { MachineEvent } from '../../machines/steps.ts'
import { MACHINE_VERSION, migrate } from '../../machines/versions.ts'
import { keep, resume, step, type VisitorSnapshot, visitorMachine } from '../../machines/visitor.ts'
import type { Told } from '../helpers/visitor-story.ts'
import { stateNodes, takenBy, transitions } from './definition.ts'
import { holds, holdsStep } from './invariants.ts'
import { samplesFor } from './samples.ts'

const paths = suite('all paths')

const INPUT = { globalVisitID: 'g1', settings: DEFAULT_SETTINGS }

/** Configurations that differ only in what no rule asks are one: so the space is finite. */
function configurationOf({ value, context }: VisitorSnapshot): string {
  const { who, visit, latest, rejected, verdicts, leases } = context
  const person = who.identityId?.startsWith('x') ? 'erased' : who.identityId
  const before = latest?.mayReopen && latest.reason === 'closed' ? latest.who.state : null
  const standing = verdicts.findLast(({ retracted }) => !retracted)
  const decided = standing?.decides === who.changedSeq ? standing.before.state : standing !== undefined
  const engaged = who.state === 'anonymous' && leases.length > 0
  const bits = [visit?.hasSocket === true, rejected.length > 0, engaged]
  return JSON.stringify([value, person, who.how, before, decided, ...bits])
}

/** Far more than there are: a mistake in `configurationOf` must not run forever. */
const TRANSITIONS_MAX = 200_000

/** The one place where XState's graph is told which machine this is: its own types cannot say it of parallel states. */
const explore = getAdjacencyMap as unknown as (
  machine: typeof visitorMachine,
  options: TraversalOptions<VisitorSnapshot, MachineEvent, typeof INPUT>,
) => AdjacencyMap<VisitorSnapshot, MachineEvent>

const reachable: readonly VisitorSnapshot[] = Object.values(
  explore(visitorMachine, {
    input: INPUT,
    events: samplesFor,
    serializeState: configurationOf,
    serializeEvent: (event) => JSON.stringify(event),
    limit: TRANSITIONS_MAX,
  }),
).map(({ state }) => state)

/** Every sample in every configuration, and what followed. */
const all: readonly Told[] = reachable.flatMap((before) =>
  samplesFor(before).map((entry) => {
    const [after, facts] = step(before, entry)
    return { entry, before, after, facts }
  }),
)

paths('[Q8] all states of both regions are reached, together as the rules let them', () => {
  const values = new Set(reachable.map(({ value }) => `${value.visit} ${value.identity}`))
  const open = ['browsing', 'leaving'].flatMap((visit) =>
    ['anonymous', 'authenticated', 'recognized', 'wmRecognized'].map((identity) => `${visit} ${identity}`),
  )
  assert.equal([...values].sort(), ['away anonymous', ...open].sort())
  assert.ok(reachable.length > 100, `only ${reachable.length} configurations`)
})

paths('[Q5] every configuration, kept, packed, unpacked, migrated and resumed, goes on the same', () => {
  const restored = new Map(
    reachable.map((state) => [state, resume(migrate(MACHINE_VERSION, unpack(pack(keep(state)))))]),
  )
  for (const [state, again] of restored) assert.is(JSON.stringify(keep(again)), JSON.stringify(keep(state)))
  for (const { entry, before, after, facts } of all) {
    const [next, told] = step(restored.get(before) ?? before, entry)
    assert.is(JSON.stringify([keep(next), told]), JSON.stringify([keep(after), facts]), entry.type)
  }
})

paths('[Q8] every entry in every configuration keeps the invariants', () => {
  for (const told of all) {
    try {
      holds(told.after)
      holdsStep(told)
    } catch (cause) {
      throw new Error(`${JSON.stringify(told.entry)} in ${JSON.stringify(keep(told.before))}`, { cause })
    }
  }
})

paths('[Q8] every transition of the machine is taken by some path', () => {
  const left = new Set(transitions.map(({ name }) => name))
  for (const { before, entry } of all) {
    if (left.size === 0) break
    for (const name of takenBy(before, entry)) left.delete(name)
  }
  assert.equal([...left], [])
})

paths('[E3] the visit region hears entries, the identity region only what is raised', () => {
  const isRaised = (type: string) => type.startsWith('identity.') || type.startsWith('visit.')
  const wrong = transitions.filter(({ region, eventType }) => (region === 'identity') !== isRaised(eventType))
  assert.equal(wrong, [])
})

paths('[E3] the machine is durable: it waits for nothing of its own, and starts nothing', () => {
  for (const node of stateNodes) {
    assert.equal(node.after, [], `${node.id} has an after`)
    assert.equal(node.invoke, [], `${node.id} invokes`)
    assert.equal(node.always ?? [], [], `${node.id} moves by itself`)
  }
})

paths('[E3] every guard and action has a use', () => {
  const used = new Set(transitions.flatMap(({ guard, actions }) => [guard, ...actions]))
  const { guards, actions } = visitorMachine.implementations
  const named = [...Object.keys(guards), ...Object.keys(actions)]
  assert.equal(
    named.filter((name) => !used.has(name)),
    [],
  )
})

paths('[E3] every state says what it is', () => {
  const silent = stateNodes.filter(({ path, description }) => path.length === 2 && !description)
  assert.equal(
    silent.map(({ id }) => id),
    [],
  )
})

paths.run()
