/** A step: what a rule makes of a context and an entry. Rules are plain functions; this file hands them to XState. */
import { enqueueActions } from 'xstate'
import type { VisitorContext } from './context.ts'
import type { Entry } from './entries.ts'
import type { Fact } from './facts.ts'
import type { Raised } from './raised.ts'

export type MachineEvent = Entry | Raised

export interface Step {
  readonly context: VisitorContext
  readonly facts: readonly Fact[]
  readonly raised: readonly Raised[]
}

/** A step that only changes the context. */
export function becomes(context: VisitorContext): Step {
  return { context, facts: [], raised: [] }
}

/** One step after another, as one: the second starts from the first's context. */
export function chain(first: Step, next: (context: VisitorContext) => Step): Step {
  const second = next(first.context)
  return {
    context: second.context,
    facts: [...first.facts, ...second.facts],
    raised: [...first.raised, ...second.raised],
  }
}

/** Adds facts to a step. */
export function withFacts(step: Step, ...facts: readonly Fact[]): Step {
  return { ...step, facts: [...step.facts, ...facts] }
}

/** The events of these types; an interface that has several types is narrowed to those asked for. */
export type EventOf<T extends MachineEvent['type']> = MachineEvent extends infer E
  ? E extends { readonly type: string }
    ? Extract<E['type'], T> extends never
      ? never
      : E & { readonly type: T }
    : never
  : never

/** Narrows to the events a rule is for; anything else is a fault of the machine, not of its input (E12). */
export function only<const T extends MachineEvent['type']>(
  event: MachineEvent,
  types: readonly T[],
): EventOf<T> {
  if (isOneOf(event, types)) return event
  throw new Error(`a rule for ${types.join(', ')} was given ${event.type}`)
}

function isOneOf<const T extends MachineEvent['type']>(
  event: MachineEvent,
  types: readonly T[],
): event is EventOf<T> & MachineEvent {
  return types.some((type) => type === event.type)
}

/** The XState action of a rule: its context is assigned, its facts emitted, then what it raises is raised. */
export function follows<const T extends MachineEvent['type']>(
  types: readonly T[],
  rule: (context: VisitorContext, event: EventOf<T>) => Step,
) {
  return enqueueActions<
    VisitorContext,
    MachineEvent,
    undefined,
    MachineEvent,
    never,
    never,
    never,
    never,
    Fact
  >(({ context, event, enqueue }) => {
    const step = rule(context, only(event, types))
    if (step.context !== context) enqueue.assign(step.context)
    for (const fact of step.facts) enqueue.emit(fact)
    for (const raised of step.raised) enqueue.raise(raised)
  })
}
