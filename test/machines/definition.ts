/** The machine's definition, read: its states and transitions, and which of them an entry takes. */
import { createActor } from 'xstate'
import { DEFAULT_SETTINGS, type Entry } from '../../machines/entries.ts'
import { type VisitorSnapshot, visitorMachine } from '../../machines/visitor.ts'

type StateNode = (typeof visitorMachine)['root']

export interface Drawn {
  readonly name: string
  readonly region: string
  readonly eventType: string
  readonly guard: string
  readonly actions: readonly string[]
}

export const stateNodes: readonly StateNode[] = nodesFrom(visitorMachine.root)

const NAMES = new Map(
  stateNodes.flatMap((node) =>
    [...node.transitions.values()].flat().map((transition, index) => {
      return [transition, `${node.id} ${transition.eventType} ${index}`] as const
    }),
  ),
)

export const transitions: readonly Drawn[] = [...NAMES].map(([transition, name]) => ({
  name,
  region: transition.source.path[0] ?? '',
  eventType: transition.eventType,
  guard: nameOf(transition.guard),
  actions: transition.actions.map((action) => nameOf(action)),
}))

/** The transitions that an entry takes, raised ones included, as XState's inspection tells them. */
export function takenBy(snapshot: VisitorSnapshot, entry: Entry): readonly string[] {
  const taken: string[] = []
  const actor = createActor(visitorMachine, {
    snapshot,
    input: { globalVisitID: 'g1', settings: DEFAULT_SETTINGS },
    inspect: (inspected) => {
      if (inspected.type !== '@xstate.microstep') return
      for (const transition of inspected._transitions) taken.push(NAMES.get(transition) ?? 'unknown')
    },
  })
  actor.start()
  actor.send(entry)
  actor.stop()
  return taken
}

function nodesFrom(node: StateNode): readonly StateNode[] {
  return [node, ...Object.values(node.states).flatMap((inner) => nodesFrom(inner))]
}

/** Guards and actions are named in the definition, by text or as an object with a type. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named
  return typeof named === 'object' && named !== null && 'type' in named ? String(named.type) : ''
}
