/** Facts that engines and agents are told of, as rows of `changes` with the words users see. */
import type { Fact, IdentityState } from '../../machines/facts.ts'
import type { ChangeKind, ChangeRow } from '../store/rows.ts'
import type { Putting } from './putting.ts'

/** How a state is spelled wherever a user sees it. */
export const SPELLED: Readonly<Record<IdentityState, string>> = {
  anonymous: 'Anonymous',
  authenticated: 'Authenticated',
  recognized: 'Recognized',
  wmRecognized: 'WM-Recognized',
}

interface Told {
  readonly kind: ChangeKind
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Of most entries. */
const NONE: readonly ChangeRow[] = []

/** The changes of one entry, numbered from 1 in the order raised. */
export function changesOf(putting: Putting): readonly ChangeRow[] {
  const { awake, applied } = putting
  const { globalVisitID, number } = awake
  const { seq, position, at } = applied.entry
  const event = eventTold(putting)
  if (event === null && applied.facts.length === 0) return NONE
  // The event stands last: what it led to, its visit above all, is told before it.
  return [
    ...applied.facts.flatMap((fact) => told(putting, fact) ?? []),
    ...(event === null ? [] : [event]),
  ].map(({ kind, name, data }, index) => {
    const n = index + 1
    const whole = { globalVisitID, seq, n, position, at, ...data }
    return { position, n, number, globalVisitID, seq, at, kind, name, data: whole }
  })
}

function told(putting: Putting, fact: Fact): Told | null {
  switch (fact.type) {
    case 'identity.changed': {
      const { type: _type, previous, state, ...rest } = fact
      const before = { state: SPELLED[previous.state], identityId: previous.identityId }
      return { kind: 'identity', name: state, data: { ...rest, state: SPELLED[state], previous: before } }
    }
    case 'visit.opened':
      return visitTold(putting, 'opened', fact.ordinal)
    case 'visit.ended':
      return visitTold(putting, 'ended', fact.ordinal)
    case 'visit.reopened':
      return visitTold(putting, 'reopened', fact.ordinal)
    case 'lease.granted':
    case 'lease.refused':
    case 'lease.ended': {
      const { type, ...lease } = fact
      return { kind: 'lease', name: type.slice('lease.'.length), data: lease }
    }
    case 'notify.came': {
      const { type: _type, ...notification } = fact
      return { kind: 'notify', name: fact.outcome, data: notification }
    }
    default:
      return null
  }
}

/** What an engine's invitation came to is always told (L5), to whoever holds the lease that the event names. */
const INVITATIONS = new Set(['InviteShown', 'InviteAccepted', 'InviteRejected'])

/** An event that is published by its name; one that was not applied is not told. */
function eventTold({ draft, awake, applied, publishEvents }: Putting): Told | null {
  const { entry, before, after, facts, faulted } = applied
  if (entry.type !== 'event' || faulted) return null
  const { event, occurredAt } = entry
  const isInvitation = INVITATIONS.has(event.eventName) && event.data.leaseId !== undefined
  if (!isInvitation && !publishEvents.has(event.eventName) && !publishEvents.has('*')) return null
  const placed = facts.find((fact) => fact.type === 'event.placed')
  const late = placed?.late === true
  const visitId =
    placed === undefined ? after.visit?.visitId : draft.visit(awake.number, placed.ordinal)?.visitId
  const hasSignedOut = event.eventType === 'SYSTEM' && event.eventName === 'SignOut'
  // E10: a SignOut still belongs to what it ended; what came late, to nobody.
  const { visit, who } = hasSignedOut ? before : after
  const { visitID: _visitID, pageID: browserPageID, ...words } = event
  return {
    kind: 'event',
    name: event.eventName,
    data: {
      visitId: visitId ?? null,
      sessionId: late ? null : (visit?.session?.sessionId ?? null),
      identityId: late ? null : who.identityId,
      occurredAt,
      late,
      browserPageID,
      ...words,
    },
  }
}

/** A visit as it is after the entry; one opened and ended by the same entry is told twice, and was late (V12). */
function visitTold({ draft, awake, applied }: Putting, name: string, ordinal: number): Told | null {
  const row = draft.visit(awake.number, ordinal)
  if (row === null) return null
  const { visitId, startDate, endDate, reason, implicit } = row
  const late = applied.facts.some(
    (fact) => fact.type === 'visit.opened' && fact.ordinal === ordinal && fact.late,
  )
  const isOver = name === 'ended' || late
  return {
    kind: 'visit',
    name,
    data: {
      visitId,
      startDate,
      endDate: isOver ? endDate : 0,
      reason: isOver ? reason : null,
      implicit,
      late,
    },
  }
}
