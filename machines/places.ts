/** Where an event belongs: the V table of the specification, read once for each event. */

import type { Visit, VisitorContext } from './context.ts'
import type { EventEntry, NamedVisit } from './entries.ts'

export type Place =
  /** V3, V10, V13: in the open visit. */
  | 'open'
  /** V7b, V13: in the open visit, under a name it did not have. */
  | 'alias'
  /** V1, V2: a visit is opened for it. */
  | 'opens'
  /** V10: a visit is opened for it under an id that the server derives. */
  | 'derived'
  /** V10: the latest visit's end was wrong. */
  | 'reopens'
  /** V7a: it ends the open visit and opens another. */
  | 'supersedes'
  /** V8, V13: in a visit that has ended. */
  | 'late'
  /** V13: in the latest visit, which has ended, under a name it did not have. */
  | 'lateAlias'
  /** V12: in a late visit that is opened and ended at once. */
  | 'lateVisit'
  /** V12, V13: in the late visit it names, whose end it moves. */
  | 'lateVisitAgain'
  /** V11: it takes consent back. */
  | 'withdraws'

/** The rule's answer for this event; pure, and cheap where the event is of the open visit. */
export function placeOf(context: VisitorContext, entry: EventEntry): Place {
  if (entry.event.eventName === 'ConsentWithdrawn' && entry.event.eventType === 'SYSTEM') return 'withdraws'
  if (isOfOpenVisit(context.visit, entry)) return 'open'
  return entry.named === null ? placeOfUnknown(context, entry) : placeOfEnded(context, entry, entry.named)
}

/** True where the event names the open visit, by its id or by an alias. */
export function isOfOpenVisit(visit: Visit | null, { event, named }: EventEntry): boolean {
  return visit !== null && (event.visitID === visit.visitId || named?.ordinal === visit.ordinal)
}

/** V13: what may be said only because a page was left never opens, reopens or supersedes a visit. */
export function isParting({ event, final }: EventEntry): boolean {
  return final || (event.eventName === 'PageExited' && event.eventType === 'SYSTEM')
}

export function isVisitStarted({ event }: EventEntry): boolean {
  return event.eventName === 'VisitStarted' && event.eventType === 'SYSTEM'
}

function placeOfUnknown(context: VisitorContext, entry: EventEntry): Place {
  const { visit, latest } = context
  if (isParting(entry)) {
    if (visit !== null) return 'alias'
    // A final VisitStarted is of a page left before its socket was up: that visit there is none of yet.
    if (latest !== null && !isVisitStarted(entry)) return 'lateAlias'
  }
  if (isLongAgo(context, entry)) return 'lateVisit'
  if (visit === null) return 'opens'
  return isVisitStarted(entry) && entry.occurredAt > visit.lastActivityAt ? 'supersedes' : 'alias'
}

function placeOfEnded(context: VisitorContext, entry: EventEntry, named: NamedVisit): Place {
  if (named.reason === 'late' && isLongAgo(context, entry)) return 'lateVisitAgain'
  if (isParting(entry)) return 'late'
  if (entry.occurredAt <= named.endedAt) return 'late'
  if (context.visit !== null) return 'open'
  return mayReopen(context, entry, named) ? 'reopens' : 'derived'
}

/** V12: over `visitIdleMs` ago, or before the open visit's start. */
function isLongAgo({ settings, visit }: VisitorContext, { at, occurredAt }: EventEntry): boolean {
  return at - occurredAt > settings.visitIdleMs || (visit !== null && occurredAt < visit.startedAt)
}

/** V10: the latest visit, ended `closed`, not long before this event, nothing decided since. */
function mayReopen({ latest, settings }: VisitorContext, entry: EventEntry, named: NamedVisit): boolean {
  return (
    latest !== null &&
    latest.visit.ordinal === named.ordinal &&
    latest.reason === 'closed' &&
    latest.mayReopen &&
    entry.occurredAt - latest.visit.lastActivityAt < settings.visitIdleMs
  )
}
