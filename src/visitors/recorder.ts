/** Applies what one visitor was told to its actor, entry by entry, and puts the rows that follow into the draft. */
import type { VisitorContext } from '../../machines/context.ts'
import { nextDue } from '../../machines/deadlines.ts'
import type { Entry, Stamp } from '../../machines/entries.ts'
import type { Draft } from '../store/contract.ts'
import type { ErasedSpan, ErasureRow } from '../store/erased.ts'
import { orderOf } from '../store/order.ts'
import type { StoredEntry } from '../store/rows.ts'
import { armed, nameOf, rearmed, stillArmed } from './arming.ts'
import { type Awake, giveNumber } from './awake.ts'
import { createBefore } from './before.ts'
import type { Committed, NewEntry, NewEvent, Outcome } from './contract.ts'
import { eventEntry, givesConsent } from './entries.ts'
import {
  beforeOf,
  comesTooLate,
  type Forgetting,
  goingBefore,
  hasForgotten,
  isErased,
  knows,
  namedBy,
  noteMentions,
  visitOf,
} from './forgetting.ts'
import { lookedIdentity, namedVisit } from './lookups.ts'
import { keptAs, rejected } from './outcomes.ts'
import type { Applied } from './putting.ts'
import type { Room } from './room.ts'
import { putRows } from './rows.ts'
import { type Shedding, shedTo } from './shedding.ts'
import { toSnapshotRow } from './snapshots.ts'
import { createStepping } from './stepping.ts'

/** The state after every so many entries is kept, so that replay and time travel need not begin at the birth. */
export const BASE_EVERY = 1_000

/** What erasures and retention do to a visitor. */
export interface Erasable {
  /** Forgets a person, unless it did so before; from here on it is replayed from after that. */
  readonly forget: (person: Forgetting) => void
  /** Nothing comes late to these stretches any more. */
  readonly keepSpans: (spans: readonly ErasedSpan[]) => void
  /** The device is erased: its row goes, and nothing is taken from it any more. The erasure is kept with it. */
  readonly erase: (erasure?: ErasureRow) => void
  /** What grew too old goes. */
  readonly shed: (shedding: Shedding) => void
}

export interface Recorder extends Erasable {
  /** Applies one entry after the deadlines due before it; what became of it, once the draft is on disk. */
  readonly take: (entry: NewEntry) => Outcome
  /** Applies the deadlines that are due, and nothing else. */
  readonly catchUp: () => void
  /** Puts the visitor's row; what the sockets must be told, or null. */
  readonly finish: () => Committed['visits'][number] | null
  readonly visit: () => VisitorContext['visit']
  readonly hasWithdrawn: () => boolean
  readonly isGone: () => boolean
}

export interface RecorderInput {
  readonly room: Room
  readonly awake: Awake
  readonly draft: Draft
  readonly at: number
  /** Allots the node's next position. */
  readonly nextPosition: () => number
}

/** A recorder for one visitor and one moment: all its entries have the same `at`. */
export function createRecorder({ room, awake, draft, at, nextPosition }: RecorderInput): Recorder {
  const { globalVisitID } = awake
  const { profileKeys, publishEvents } = room
  const firstSeq = awake.row.seq
  const visitBefore = contextOf(awake).visit
  const stepping = createStepping(awake)
  const entries: StoredEntry[] = []
  const seqBefore = createBefore({ awake, draft }, entries)
  const disarmed = new Set(awake.row.disarmed)
  let [seq, position] = [firstSeq, awake.row.position]
  let { newest } = awake.row
  let ended: string | null = null
  let erasure: ErasureRow | null = null
  let [isShed, isLeaving, withdrawn] = [false, false, false]
  let isGone = awake.number === 0 && draft.erasedAt('device', globalVisitID) !== 0

  const stamp = (): Stamp => {
    if (awake.number === 0) giveNumber(awake, draft)
    seq += 1
    position = nextPosition()
    return { seq, position, at }
  }

  const apply = (entry: Entry, userAgent: NewEvent['userAgent'] = null): Applied => {
    const { facts, before, after, fault } = stepping.step(entry)
    if (fault !== null) keepFault(entry, fault)
    const faulted = fault !== null
    const applied = { entry, facts, before: beforeOf(entry, before), after, faulted, userAgent }
    for (const fact of facts) {
      if (fact.type === 'visit.ended' && fact.reason !== 'late') ended = fact.reason
      if (fact.type === 'consent.changed') withdrawn = fact.withdrawn
    }
    entries.push(putRows({ awake, draft, applied, profileKeys, publishEvents }))
    if (seq % BASE_EVERY === 0) putBase()
    return applied
  }

  /** E12: the entry is kept as faulted and changes nothing; a deadline that faults is not armed again. */
  const keepFault = (entry: Entry, fault: unknown): void => {
    room.log.error(
      { visitor: awake.number, seq: entry.seq, entry: entry.type, err: fault },
      'an entry made the machine throw',
    )
    if (entry.type === 'deadline') disarmed.add(nameOf(entry))
  }

  const putBase = (): void => {
    const { number, machineVersion } = awake.row
    draft.putBase({ number, seq, machineVersion, snapshot: snapshotRow() })
  }

  const snapshotRow = () => {
    stepping.settled()
    return toSnapshotRow(awake.actor.getSnapshot(), room.book, awake.boot)
  }

  /** Q7: an open visit hears of the server's start before anything else; so does one whose settings changed. */
  const hearStart = (): void => {
    if (awake.boot === room.store.boot) return
    awake.boot = room.store.boot
    const { visit, settings } = contextOf(awake)
    if (visit === null && settings === room.settings) return
    const { startedAt, settings: today, store } = room
    apply({ type: 'server.started', ...stamp(), boot: store.boot, startedAt, settings: today })
  }

  const forget = (person: Forgetting): void => {
    if (isGone || hasForgotten(room.store, awake, person)) return
    const { identityId, pseudonym } = person
    for (const current of goingBefore(person, contextOf(awake), room.forgetting)) forget(current)
    awake.identity = null
    apply({ type: 'person.erased', ...stamp(), identityId, pseudonym })
    awake.forgotten.add(pseudonym)
    replaysFromHere()
    hearStart()
  }

  const replaysFromHere = (): void => {
    const { machineVersion } = awake.row
    awake.row = { ...awake.row, replayFrom: { seq, machineVersion, snapshot: snapshotRow() } }
    isShed = true
  }

  /** Q12: whoever is being erased is nobody here any more, whatever comes. */
  const hearErasures = (): void => {
    if (room.forgetting.size === 0) return
    for (const person of room.forgetting.values()) if (knows(contextOf(awake), person)) forget(person)
  }

  const keepSpans = (spans: readonly ErasedSpan[]): void => {
    awake.erasedSpans = spans
    if (awake.number === 0) return
    draft.putErasedSpans(awake.number, spans)
    // What came since it was forgotten may be of these stretches too.
    replaysFromHere()
  }

  /** Deadlines decide: those due by now come before the entry, earliest first. */
  const catchUp = (): void => {
    if (isGone) return
    hearErasures()
    hearStart()
    while (nextDue(contextOf(awake)) <= at) {
      const due = armed(contextOf(awake), disarmed)[0]
      if (due === undefined || due.due > at) return
      apply({ type: 'deadline', ...stamp(), ...due })
    }
  }

  const take = (entry: NewEntry): Outcome => {
    if (isGone || comesTooLate(draft, entry)) return rejected('erased')
    // Who comes back while they are being erased comes as somebody new.
    const identityId = namedBy(entry)
    const person = identityId === null ? undefined : room.forgetting.get(identityId)
    if (person !== undefined) forget(person)
    const outcome = entry.type === 'event' ? takeEvent(entry) : takeOther(entry)
    if (outcome.is === 'kept' && identityId !== null) {
      noteMentions({ awake, draft, visit: contextOf(awake).visit }, entry)
    }
    return outcome
  }

  const takeEvent = (event: NewEvent): Outcome => {
    const { eventID, visitID } = event.words
    const { number } = awake
    // Most ids come in the order of time: one that is later than all is not looked for, which takes 2 us.
    const order = orderOf(eventID)
    const known = order > newest ? 0 : seqBefore(eventID)
    if (known !== 0) return { is: 'duplicate', seq: known }
    catchUp()
    const { visit, withdrawnAt } = contextOf(awake)
    const isGivenAgain = givesConsent(event.words) && at - event.ageMs >= (withdrawnAt ?? 0)
    if (withdrawnAt !== null && !isGivenAgain) return rejected('withdrawn')
    const named = namedVisit(draft, { number, open: visit, visitID })
    if (named === 'foreign') return rejected('wrong_visitor')
    const occurredAt = at - event.ageMs
    if (isErased({ awake, draft, event }, visitOf({ visitID, open: visit, named }, occurredAt), occurredAt))
      return rejected('erased')
    const { namesVisit } = event
    const looked = namesVisit && lookedIdentity(draft, number, { namesVisit, settings: room.settings })
    const applied = apply(eventEntry(event, stamp(), { globalVisitID, named, looked }), event.userAgent)
    newest = Math.max(newest, order)
    return applied.faulted ? rejected('internal') : keptAs(applied, visitIdOf)
  }

  const takeOther = (entry: Exclude<NewEntry, NewEvent>): Outcome => {
    catchUp()
    const applied = apply({ ...entry, ...stamp() })
    return applied.faulted ? rejected('internal') : keptAs(applied, visitIdOf)
  }

  const visitIdOf = (ordinal: number): string | null => draft.visit(awake.number, ordinal)?.visitId ?? null

  const erase = (row: ErasureRow | null = null): void => {
    isGone = true
    erasure = row
  }

  const shed = (shedding: Shedding): void => {
    catchUp()
    if (isGone || awake.number === 0) return
    const { row } = awake
    const change = shedding({ row, context: stepping.settled(), isQuiet: entries.length === 0, draft })
    if (change === 'gone') isLeaving = true
    else if (change !== null) shedTo(awake, change, () => ({ seq, snapshot: snapshotRow() }))
    isShed ||= change !== null
  }

  const finish = (): ReturnType<Recorder['finish']> => {
    if (isLeaving && entries.length === 0) {
      draft.hideVisitor(awake.number, globalVisitID)
      return null
    }
    const told = putVisitor()
    if (!isGone || awake.number === 0) return told
    draft.hideVisitor(awake.number, globalVisitID)
    draft.putErased('device', globalVisitID, at)
    if (erasure !== null) draft.putErasure({ ...erasure, begunAt: at })
    return { globalVisitID, visitId: null, reason: 'erased' }
  }

  const putVisitor = (): ReturnType<Recorder['finish']> => {
    const context = stepping.settled()
    const next = armed(context, disarmed)[0]?.due ?? 0
    const armedAt = rearmed(awake.row.armedAt, next, at)
    if (entries.length === 0 && !isShed && armedAt === awake.row.armedAt) return null
    awake.row = {
      ...awake.row,
      seq,
      position,
      at: entries.length === 0 ? awake.row.at : at,
      firstAt: awake.row.firstAt === 0 ? at : awake.row.firstAt,
      snapshot: snapshotRow(),
      newest,
      armedAt,
      disarmed: stillArmed(context, disarmed),
      connected: context.visit?.hasSocket === true ? context.visit.ordinal : 0,
    }
    draft.putVisitor(awake.row, entries, firstSeq)
    const visitId = context.visit?.visitId ?? null
    const isSame = visitId === (visitBefore?.visitId ?? null) && !withdrawn
    return isSame ? null : { globalVisitID, visitId, reason: withdrawn ? 'withdrawn' : ended }
  }

  return {
    take,
    catchUp,
    finish,
    visit: () => contextOf(awake).visit,
    hasWithdrawn: () => contextOf(awake).withdrawnAt !== null,
    isGone: () => isGone || (isLeaving && entries.length === 0),
    forget,
    keepSpans,
    erase,
    shed,
  }
}

function contextOf({ actor }: Awake): VisitorContext {
  return actor.getSnapshot().context
}
