/**
 * Plain events, the common case of V3: they decide nothing but that somebody is there. What a run of them leads to, the
 * one of them that occurred last leads to alone, so that whoever has many at once may let the machine hear that one.
 */
import type { VisitorContext } from './context.ts'
import type { EventEntry } from './entries.ts'
import { placeOf } from './places.ts'
import type { MachineEvent } from './steps.ts'

/** True for a business event of the open visit, which nobody has left. It stays true while only such events are applied. */
export function isPlain(context: VisitorContext, event: MachineEvent): event is EventEntry {
  return (
    event.type === 'event' &&
    event.event.eventType === 'BUSINESS' &&
    !event.final &&
    !event.consent &&
    context.visit?.leaveAt === null &&
    placeOf(context, event) === 'open'
  )
}

/** The one that says for both what they lead to; both are plain, and of the same `at`. */
export function latterOf(one: EventEntry, other: EventEntry): EventEntry {
  return one.occurredAt >= other.occurredAt ? one : other
}
