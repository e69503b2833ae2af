/** The visit table (V1 to V13, Q7) as plain code, read from the specification: nothing of the machine is used. */
import type { EventEntry, PresenceEntry, ServerStartedEntry, Settings } from '../../machines/entries.ts'

export interface OracleVisit {
  readonly ordinal: number
  readonly visitId: string
  readonly names: string[]
  readonly startedAt: number
  endedAt: number
  reason: string | null
  lastActivityAt: number
  idleAt: number
  maxAt: number
  leaveAt: number | null
  departedAt: number | null
  hasSocket: boolean
}

/** What the identity region hears of an entry. */
export interface Happened {
  ended: OracleVisit | null
  reopened: OracleVisit | null
  /** The event was recorded in the open visit, and not as late. */
  inOpen: boolean
}

export interface OracleEvent {
  readonly eventID: string
  readonly visit: number
  readonly late: boolean
}

export function newVisitOracle(initial: Settings) {
  const visits: OracleVisit[] = []
  const events: OracleEvent[] = []
  let settings = initial
  let open: OracleVisit | null = null
  let latest: OracleVisit | null = null
  let mayReopen = false
  let happened: Happened = { ended: null, reopened: null, inOpen: false }

  const begin = (visitId: string, startedAt: number, at: number): OracleVisit => {
    const visit: OracleVisit = {
      ordinal: visits.length + 1,
      visitId,
      names: [],
      startedAt,
      endedAt: 0,
      reason: null,
      lastActivityAt: startedAt,
      idleAt: at + settings.visitIdleMs,
      maxAt: startedAt + settings.visitMaxMs,
      leaveAt: null,
      departedAt: null,
      hasSocket: false,
    }
    visits.push(visit)
    return visit
  }

  const end = (reason: string, endedAt: number): void => {
    if (open === null) return
    Object.assign(open, { endedAt, reason })
    happened.ended = open
    latest = open
    mayReopen = true
    open = null
  }

  /** V3, V13: the event is one of the open visit. */
  const into = (visit: OracleVisit, entry: EventEntry): void => {
    const { at, occurredAt, final, event } = entry
    const isReturn = !isParting(entry) && visit.departedAt !== null && occurredAt > visit.departedAt
    if (isReturn) Object.assign(visit, { leaveAt: null, departedAt: null })
    visit.lastActivityAt = Math.max(visit.lastActivityAt, occurredAt)
    visit.idleAt = at + settings.visitIdleMs
    if (final && !visit.hasSocket) {
      visit.departedAt = Math.max(visit.departedAt ?? 0, visit.lastActivityAt)
      visit.leaveAt = at + settings.leaveGraceMs
    }
    happened.inOpen = true
    events.push({ eventID: event.eventID, visit: visit.ordinal, late: false })
  }

  const late = (visit: OracleVisit, { event }: EventEntry): void => {
    events.push({ eventID: event.eventID, visit: visit.ordinal, late: true })
  }

  const isLongAgo = ({ at, occurredAt }: EventEntry): boolean =>
    at - occurredAt > settings.visitIdleMs || (open !== null && occurredAt < open.startedAt)

  /** V8, V10, V12, V13 of a visit that has ended. */
  const ofEnded = (visit: OracleVisit, entry: EventEntry): void => {
    const { at, occurredAt, ids } = entry
    if (visit.reason === 'late' && isLongAgo(entry)) {
      visit.endedAt = Math.max(visit.endedAt, occurredAt)
      return late(visit, entry)
    }
    if (isParting(entry) || occurredAt <= visit.endedAt) return late(visit, entry)
    if (open !== null) return into(open, entry)
    const isWrongEnd =
      visit === latest &&
      mayReopen &&
      visit.reason === 'closed' &&
      occurredAt - visit.lastActivityAt < settings.visitIdleMs
    if (!isWrongEnd) {
      open = begin(ids.visitId, occurredAt, at)
      return into(open, entry)
    }
    Object.assign(visit, { endedAt: 0, reason: null, leaveAt: null, departedAt: null, hasSocket: false })
    happened.reopened = visit
    open = visit
    latest = null
    into(visit, entry)
  }

  /** V1, V2, V7, V12, V13 of a visit that nobody knows. */
  const ofUnknown = (entry: EventEntry): void => {
    const { event, occurredAt, at } = entry
    const alias = (visit: OracleVisit) => visit.names.push(event.visitID)
    if (isParting(entry) && open !== null) {
      alias(open)
      return into(open, entry)
    }
    if (isParting(entry) && latest !== null && !isStart(entry)) {
      alias(latest)
      return late(latest, entry)
    }
    if (isLongAgo(entry)) {
      const visit = begin(event.visitID, occurredAt, at)
      Object.assign(visit, { endedAt: occurredAt, reason: 'late' })
      return late(visit, entry)
    }
    const supersedes = open !== null && isStart(entry) && occurredAt > open.lastActivityAt
    if (open !== null && !supersedes) {
      alias(open)
      return into(open, entry)
    }
    end('superseded', occurredAt)
    open = begin(event.visitID, occurredAt, at)
    into(open, entry)
  }

  /** V11. */
  const withdraw = (entry: EventEntry, named: OracleVisit | undefined): void => {
    const { event, occurredAt } = entry
    const where: OracleVisit | null = open ?? named ?? latest
    if (named === undefined) where?.names.push(event.visitID)
    const isLate = open === null && where !== null
    events.push({ eventID: event.eventID, visit: where?.ordinal ?? 0, late: isLate })
    if (open !== null) end('withdrawn', Math.max(occurredAt, open.lastActivityAt))
  }

  return {
    visits,
    events,
    open: (): OracleVisit | null => open,
    happened: (): Happened => happened,
    /** A verdict was given or taken back, or somebody was erased: V10 is over for what ended before. */
    seal(): void {
      mayReopen = false
    },
    begins(): void {
      happened = { ended: null, reopened: null, inOpen: false }
    },
    event(entry: EventEntry): void {
      const { event } = entry
      const named = visits.find(
        ({ visitId, names }) => visitId === event.visitID || names.includes(event.visitID),
      )
      if (isNamed(entry, 'ConsentWithdrawn')) return withdraw(entry, named)
      if (named === undefined) return ofUnknown(entry)
      return named === open ? into(named, entry) : ofEnded(named, entry)
    },
    presence({ type, visitId, at }: PresenceEntry): void {
      if (open === null || open.visitId !== visitId) return
      if (type === 'presence.came') {
        Object.assign(open, { hasSocket: true, leaveAt: null, departedAt: null })
      } else if (open.leaveAt === null) {
        Object.assign(open, { hasSocket: false, departedAt: at, leaveAt: at + settings.leaveGraceMs })
      }
    },
    deadline(name: string, due: number): void {
      if (open === null) return
      if (name === 'leave') end('closed', open.departedAt ?? due)
      else if (name === 'idle') end('expired', open.lastActivityAt)
      else if (name === 'max') end('expired', Math.max(due, open.lastActivityAt))
    },
    started({ startedAt, settings: today }: ServerStartedEntry): void {
      settings = today
      if (open === null) return
      const wait = startedAt + settings.restartGraceMs
      if (open.hasSocket || open.leaveAt !== null) {
        open.departedAt ??= open.lastActivityAt
        Object.assign(open, { hasSocket: false, leaveAt: wait })
      }
      if (open.idleAt <= startedAt) open.idleAt = wait
      if (open.maxAt <= startedAt) open.maxAt = wait
    },
  }
}

function isNamed({ event }: EventEntry, name: string): boolean {
  return event.eventType === 'SYSTEM' && event.eventName === name
}

const isStart = (entry: EventEntry): boolean => isNamed(entry, 'VisitStarted')
const isParting = (entry: EventEntry): boolean => entry.final || isNamed(entry, 'PageExited')
