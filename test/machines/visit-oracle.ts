/** The visit table (V1 to V13, Q7) as plain code, read from the specification: nothing of the machine is used. */
import type {
  DeadlineEntry,
  Entry,
  EventEntry,
  PresenceEntry,
  ServerStartedEntry,
  Settings,
} from '../../machines/entries.ts'

export interface OracleVisit {
  readonly ordinal: number
  /** '' once it is kept no more. */
  visitId: string
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
  /** Also one that came late, and ended at once. */
  opened: OracleVisit | null
  /** The event was recorded in the open visit, and not as late. */
  inOpen: boolean
}

export interface OracleEvent {
  readonly eventID: string
  readonly visit: number
  readonly late: boolean
}

/** What the oracle keeps. */
interface Table {
  readonly visits: OracleVisit[]
  readonly events: OracleEvent[]
  settings: Settings
  open: OracleVisit | null
  latest: OracleVisit | null
  mayReopen: boolean
  happened: Happened
}

export function newVisitOracle(settings: Settings) {
  const table: Table = {
    visits: [],
    events: [],
    settings,
    open: null,
    latest: null,
    mayReopen: false,
    happened: nothing(),
  }
  return {
    table: table as Readonly<Table>,
    /** A verdict was given or taken back, or somebody was erased: V10 is over for what ended before. */
    seal(): void {
      table.mayReopen = false
    },
    /** Q12: these visits are kept no more: no name leads to them. */
    loses(isGone: (visit: OracleVisit) => boolean): void {
      for (const visit of table.visits.filter(isGone)) {
        visit.visitId = ''
        visit.names.length = 0
        if (table.latest === visit) table.latest = null
      }
    },
    takes(entry: Entry): void {
      table.happened = nothing()
      if (entry.type === 'event') event(table, entry)
      if (entry.type === 'presence.came' || entry.type === 'presence.went') presence(table, entry)
      if (entry.type === 'deadline') deadline(table, entry)
      if (entry.type === 'server.started') started(table, entry)
    },
  }
}

function nothing(): Happened {
  return { ended: null, reopened: null, opened: null, inOpen: false }
}

function event(table: Table, entry: EventEntry): void {
  const { visitID } = entry.event
  const named = table.visits.find(({ visitId, names }) => visitId === visitID || names.includes(visitID))
  if (isNamed(entry, 'ConsentWithdrawn')) return withdraw(table, entry, named)
  if (named === undefined) return ofUnknown(table, entry)
  return named === table.open ? into(table, named, entry) : ofEnded(table, named, entry)
}

/** V3, V13: the event is one of the open visit. */
function into({ settings, happened, events }: Table, visit: OracleVisit, entry: EventEntry): void {
  const { at, occurredAt, final, event: words } = entry
  const isReturn = !isParting(entry) && visit.departedAt !== null && occurredAt > visit.departedAt
  if (isReturn) Object.assign(visit, { leaveAt: null, departedAt: null })
  visit.lastActivityAt = Math.max(visit.lastActivityAt, occurredAt)
  visit.idleAt = at + settings.visitIdleMs
  if (final && !visit.hasSocket) {
    visit.departedAt = Math.max(visit.departedAt ?? 0, visit.lastActivityAt)
    visit.leaveAt = at + settings.leaveGraceMs
  }
  happened.inOpen = true
  events.push({ eventID: words.eventID, visit: visit.ordinal, late: false })
}

function late({ events }: Table, { ordinal }: OracleVisit, { event: words }: EventEntry): void {
  events.push({ eventID: words.eventID, visit: ordinal, late: true })
}

/** V8, V10, V12, V13 of a visit that has ended. */
function ofEnded(table: Table, visit: OracleVisit, entry: EventEntry): void {
  const { open, latest, settings } = table
  const { at, occurredAt, ids } = entry
  if (visit.reason === 'late' && isLongAgo(table, entry)) {
    visit.endedAt = Math.max(visit.endedAt, occurredAt)
    return late(table, visit, entry)
  }
  if (isParting(entry) || occurredAt <= visit.endedAt) return late(table, visit, entry)
  if (open !== null) return into(table, open, entry)
  const isWrongEnd =
    visit === latest &&
    table.mayReopen &&
    visit.reason === 'closed' &&
    occurredAt - visit.lastActivityAt < settings.visitIdleMs
  if (!isWrongEnd) return into(table, begins(table, { visitId: ids.visitId, occurredAt, at }), entry)
  Object.assign(visit, { endedAt: 0, reason: null, leaveAt: null, departedAt: null, hasSocket: false })
  table.happened.reopened = visit
  table.open = visit
  table.latest = null
  into(table, visit, entry)
}

/** V1, V2, V7, V12, V13 of a visit that nobody knows. */
function ofUnknown(table: Table, entry: EventEntry): void {
  const { open, latest } = table
  const { event: words, occurredAt, at } = entry
  const visitId = words.visitID
  if (isParting(entry) && open === null && latest !== null && !isStart(entry)) {
    latest.names.push(visitId)
    return late(table, latest, entry)
  }
  if (!(isParting(entry) && open !== null) && isLongAgo(table, entry)) {
    const visit = recordsVisit(table, { visitId, occurredAt, at })
    Object.assign(visit, { endedAt: occurredAt, reason: 'late' })
    return late(table, visit, entry)
  }
  const supersedes = !isParting(entry) && isStart(entry) && occurredAt > (open?.lastActivityAt ?? 0)
  if (open !== null && !supersedes) {
    open.names.push(visitId)
    return into(table, open, entry)
  }
  ends(table, 'superseded', occurredAt)
  into(table, begins(table, { visitId, occurredAt, at }), entry)
}

/** V11. */
function withdraw(table: Table, entry: EventEntry, named: OracleVisit | undefined): void {
  const { open, latest, events } = table
  const { event: words, occurredAt } = entry
  const where = open ?? named ?? latest
  if (named === undefined) where?.names.push(words.visitID)
  events.push({
    eventID: words.eventID,
    visit: where?.ordinal ?? 0,
    late: open === null && where !== null,
  })
  if (open !== null) ends(table, 'withdrawn', Math.max(occurredAt, open.lastActivityAt))
}

function isLongAgo({ open, settings }: Table, { at, occurredAt }: EventEntry): boolean {
  return at - occurredAt > settings.visitIdleMs || (open !== null && occurredAt < open.startedAt)
}

interface Beginning {
  readonly visitId: string
  readonly occurredAt: number
  readonly at: number
}

function begins(table: Table, beginning: Beginning): OracleVisit {
  table.open = recordsVisit(table, beginning)
  return table.open
}

function recordsVisit(
  { visits, settings, happened }: Table,
  { visitId, occurredAt, at }: Beginning,
): OracleVisit {
  const visit: OracleVisit = {
    ordinal: visits.length + 1,
    visitId,
    names: [],
    startedAt: occurredAt,
    endedAt: 0,
    reason: null,
    lastActivityAt: occurredAt,
    idleAt: at + settings.visitIdleMs,
    maxAt: occurredAt + settings.visitMaxMs,
    leaveAt: null,
    departedAt: null,
    hasSocket: false,
  }
  visits.push(visit)
  happened.opened = visit
  return visit
}

/** V9, as far as the visit goes. */
function ends(table: Table, reason: string, endedAt: number): void {
  const { open } = table
  if (open === null) return
  Object.assign(open, { endedAt, reason })
  table.happened.ended = open
  table.latest = open
  table.mayReopen = true
  table.open = null
}

/** V4. */
function presence({ open, settings }: Table, { type, visitId, at }: PresenceEntry): void {
  if (open === null || open.visitId !== visitId) return
  if (type === 'presence.came') {
    Object.assign(open, { hasSocket: true, leaveAt: null, departedAt: null })
  } else if (open.leaveAt === null) {
    Object.assign(open, { hasSocket: false, departedAt: at, leaveAt: at + settings.leaveGraceMs })
  }
}

/** V5, V6. */
function deadline(table: Table, { deadline: name, due }: DeadlineEntry): void {
  const { open } = table
  if (open === null) return
  if (name === 'leave') ends(table, 'closed', open.departedAt ?? due)
  if (name === 'idle') ends(table, 'expired', open.lastActivityAt)
  if (name === 'max') ends(table, 'expired', Math.max(due, open.lastActivityAt))
}

/** Q7. */
function started(table: Table, { startedAt, settings }: ServerStartedEntry): void {
  const { open } = table
  table.settings = settings
  if (open === null) return
  const wait = startedAt + settings.restartGraceMs
  if (open.hasSocket || open.leaveAt !== null) {
    open.departedAt ??= open.lastActivityAt
    Object.assign(open, { hasSocket: false, leaveAt: wait })
  }
  if (open.idleAt <= startedAt) open.idleAt = wait
  if (open.maxAt <= startedAt) open.maxAt = wait
}

function isNamed({ event: words }: EventEntry, name: string): boolean {
  return words.eventType === 'SYSTEM' && words.eventName === name
}

const isStart = (entry: EventEntry): boolean => isNamed(entry, 'VisitStarted')
const isParting = (entry: EventEntry): boolean => entry.final || isNamed(entry, 'PageExited')
