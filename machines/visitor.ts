/** The machine of one globalVisitID: two parallel regions, the visit and who it is. Durable: no `after`, no `invoke`. */
import { type Actor, createActor, initialTransition, type SnapshotFrom, transition } from 'xstate'
import { newVisitor, type VisitorContext, type VisitorInput } from './context.ts'
import type { Entry } from './entries.ts'
import type { Fact, IdentityState } from './facts.ts'
import { identityRegion } from './identity.ts'
import { visitorSetup } from './setup.ts'
import { visitRegion } from './visit.ts'

export const visitorMachine = visitorSetup.createMachine({
  id: 'visitor',
  type: 'parallel',
  context: ({ input }) => newVisitor(input),
  states: { visit: visitRegion, identity: identityRegion },
})

export type VisitorMachine = typeof visitorMachine
export type VisitorActor = Actor<VisitorMachine>
export type VisitorSnapshot = SnapshotFrom<VisitorMachine>
export type VisitState = 'away' | 'browsing' | 'leaving'

/** What of a snapshot must be kept: plain data, from which the actor goes on exactly where it was. */
export interface KeptSnapshot {
  readonly visit: VisitState
  readonly identity: IdentityState
  readonly context: VisitorContext
}

/** The snapshot as plain data. */
export function keep(snapshot: VisitorSnapshot): KeptSnapshot {
  return { ...snapshot.value, context: snapshot.context }
}

/** The snapshot that plain data stands for. Throws where a state is none of this machine's. */
export function resume({ visit, identity, context }: KeptSnapshot): VisitorSnapshot {
  return visitorMachine.resolveState({ value: { visit, identity }, context })
}

/** The snapshot of a visitor nobody has heard of. */
export function birth(input: VisitorInput): VisitorSnapshot {
  return initialTransition(visitorMachine, input)[0]
}

/** A live actor that goes on from a snapshot: started, its errors observed. */
export function startVisitor(snapshot: VisitorSnapshot): VisitorActor {
  const { globalVisitID, settings } = snapshot.context
  const actor = createActor(visitorMachine, { snapshot, input: { globalVisitID, settings } })
  // Without an observer XState throws an actor's error in a timer, which would end the process (E12).
  actor.subscribe({ error: () => {} })
  return actor.start()
}

/** Why the actor stopped living, or null: an actor in error swallows what it is sent. */
export function faultOf(actor: VisitorActor): unknown {
  const snapshot = actor.getSnapshot()
  return snapshot.status === 'active'
    ? null
    : (snapshot.error ?? new Error(`the actor is ${snapshot.status}`))
}

/** The same step without an actor, for replay and tests: the next snapshot and the facts. Throws what a rule throws. */
export function step(snapshot: VisitorSnapshot, entry: Entry): readonly [VisitorSnapshot, readonly Fact[]] {
  const [next, actions] = transition(visitorMachine, snapshot, entry)
  if (next.status === 'error') throw next.error
  return [next, actions.flatMap((action) => (isEmit(action) ? [action.params.event] : []))]
}

/** XState describes an emission as an action whose parameters hold the fact; its types do not say so. */
function isEmit(action: { readonly type: string; readonly params?: unknown }): action is EmitAction {
  return action.type === 'xstate.emit'
}

interface EmitAction {
  readonly type: string
  readonly params: { readonly event: Fact }
}
