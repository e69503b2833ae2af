/** Who is connected: the sockets of each visitor, which of them count for the open visit (V4), what all are told. */
import type { CloseName } from '../../protocol/closing.ts'
import type { ServerMessage } from '../../protocol/messages.ts'
import type { Config } from '../config.ts'
import type { Committed, NewEntry, Recorded, Visitors } from '../visitors/contract.ts'
import { type Connection, isClosed } from './connection.ts'
import type { Log } from './log.ts'
import type { Outbox } from './outbox.ts'

/** A visitor with at least one socket; forgotten with its last one. */
export interface Present {
  readonly globalVisitID: string
  /** The open visit as last committed, or null. */
  visitId: string | null
  readonly connections: Connection[]
  /** The identities that this browser itself named, oldest first; kept only where it is told of changes. */
  readonly stated: Set<string>
}

export interface Presence {
  /** Null where the visitor has all the sockets it may have. */
  join(connection: Connection, who: Joining): Present | null
  /** V4: from its first event in the open visit a socket counts. Called after the ack. */
  recorded(connection: Connection, recorded: Recorded): void
  /** The socket is gone. A departure, unless the server closed it or drains. */
  leave(connection: Connection): void
  /** This browser named that identity: it may be told of it. */
  stated(globalVisitID: string, identityId: string): void
  /** Tells all sockets of the visitors concerned what a commit changed. */
  committed(committed: Committed): void
  /** How many sockets the visitor has now. */
  count(globalVisitID: string): number
  /** Its sockets now; not to be kept. */
  socketsOf(globalVisitID: string): readonly Connection[]
}

interface Joining {
  readonly globalVisitID: string
  readonly visitId: string | null
  /** The visit that the hello named. */
  readonly named: string | undefined
}

interface Parts {
  readonly visitors: Pick<Visitors, 'record'>
  readonly config: Pick<Config, 'connectionsPerVisitor' | 'tellBrowser'>
  readonly log: Log
  readonly outbox: Outbox
  readonly close: (connection: Connection, name: CloseName) => void
  /** Who comes and who goes is told in the order in which they did, but not all at once. */
  readonly inTurn: (run: () => void) => void
}

/** Identities of one browser that are remembered as named by it. */
const STATED_MAX = 32

type Change = Committed['changes'][number]

const NOBODY_STATED: Set<string> = new Set()

export function createPresence(parts: Parts): Presence {
  const room: Room = { ...parts, everyone: new Map() }
  return {
    join: (connection, who) => join(room, connection, who),
    recorded: (connection, recorded) => countFrom(room, connection, recorded),
    leave: (connection) => leave(room, connection),
    stated: (globalVisitID, identityId) => keepStated(room, globalVisitID, identityId),
    committed: (committed) => tellAll(room, committed),
    count: (globalVisitID) => room.everyone.get(globalVisitID)?.connections.length ?? 0,
    socketsOf: (globalVisitID) => room.everyone.get(globalVisitID)?.connections ?? [],
  }
}

interface Room extends Parts {
  readonly everyone: Map<string, Present>
}

function join(
  room: Room,
  connection: Connection,
  { globalVisitID, visitId, named }: Joining,
): Present | null {
  const present = room.everyone.get(globalVisitID) ?? {
    globalVisitID,
    visitId,
    connections: [],
    stated: room.config.tellBrowser ? new Set<string>() : NOBODY_STATED,
  }
  if (present.connections.length >= room.config.connectionsPerVisitor) return null
  room.everyone.set(globalVisitID, present)
  present.connections.push(connection)
  connection.present = present
  if (visitId !== null && named === visitId) count(room, connection, visitId)
  return present
}

/** 0 -> 1 is an entry; a further socket is only remembered. */
function count(room: Room, connection: Connection, visitId: string): void {
  const { present } = connection
  if (present === null) return
  const isFirst = !isCounted(present, visitId)
  connection.countsFor = visitId
  if (!isFirst) return
  record(room, present, [{ type: 'presence.came', visitId }], () => {
    // Not on disk: the machine knows of no socket, so none may stay that believes it counts.
    for (const other of [...present.connections]) room.close(other, 'storageUnavailable')
  })
}

function countFrom(room: Room, connection: Connection, { outcomes, visitId }: Recorded): void {
  const { present } = connection
  if (present === null || visitId === null || connection.countsFor === visitId) return
  const isIn = outcomes.some(
    (outcome) => outcome.is === 'kept' && outcome.recordedIn === visitId && !outcome.late,
  )
  if (!isIn) return
  if (!isClosed(connection)) {
    // Else another visit is open by now.
    if (present.visitId === visitId) count(room, connection, visitId)
    return
  }
  // It went while its first event was on the way to disk: it counted for that long.
  if (connection.closedByServer || isCounted(room.everyone.get(present.globalVisitID), visitId)) return
  connection.countsFor = visitId
  depart(room, present, [
    { type: 'presence.came', visitId },
    { type: 'presence.went', visitId },
  ])
}

function leave(room: Room, connection: Connection): void {
  const { present, countsFor } = connection
  const place = present?.connections.indexOf(connection) ?? -1
  if (present === null || place === -1) return
  present.connections.splice(place, 1)
  if (present.connections.length === 0) room.everyone.delete(present.globalVisitID)
  if (connection.closedByServer || countsFor === null || countsFor !== present.visitId) return
  if (!isCounted(present, countsFor)) depart(room, present, [{ type: 'presence.went', visitId: countsFor }])
}

/** Where it cannot be kept, the visit ends by its inactivity (V6). */
function depart(room: Room, present: Present, entries: readonly NewEntry[]): void {
  record(room, present, entries, (cause) => {
    room.log.warn({ err: cause }, 'a departure was not kept: the visit will end by inactivity')
  })
}

function record(
  { visitors, inTurn }: Room,
  { globalVisitID }: Present,
  entries: readonly NewEntry[],
  lost: (cause: unknown) => void,
): void {
  inTurn(() => void visitors.record(globalVisitID, entries).catch(lost))
}

function keepStated({ config, everyone }: Room, globalVisitID: string, identityId: string): void {
  const stated = config.tellBrowser ? everyone.get(globalVisitID)?.stated : undefined
  if (stated === undefined) return
  stated.delete(identityId)
  stated.add(identityId)
  if (stated.size > STATED_MAX) stated.delete(oldestOf(stated))
}

function tellAll(room: Room, { visits, changes }: Committed): void {
  for (const { globalVisitID, visitId, reason } of visits) {
    const present = room.everyone.get(globalVisitID)
    if (present === undefined) continue
    if (reason === 'erased') {
      // Q12: nobody speaks for that device any more; its browser begins as a new one.
      for (const connection of [...present.connections]) room.close(connection, 'unauthorized')
      continue
    }
    present.visitId = visitId
    // A visit that opened or was reopened has no socket until one says something in it.
    for (const connection of present.connections) connection.countsFor = null
    tell(room, present, { type: 'visit', visitID: visitId, ...(reason === null ? {} : { reason }) })
  }
  if (!room.config.tellBrowser) return
  for (const change of changes) {
    const present = change.kind === 'identity' ? room.everyone.get(change.globalVisitID) : undefined
    if (present !== undefined) tell(room, present, identityMessage(change, present.stated))
  }
}

function tell({ outbox }: Room, present: Present, message: ServerMessage): void {
  for (const connection of [...present.connections]) outbox.send(connection, message)
}

function isCounted(present: Present | undefined, visitId: string): boolean {
  return present?.connections.some(({ countsFor }) => countsFor === visitId) ?? false
}

function oldestOf(stated: Set<string>): string {
  for (const first of stated) return first
  return ''
}

/** As users see the states; a change is named as in NATS subjects. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  anonymous: 'Anonymous',
  authenticated: 'Authenticated',
  recognized: 'Recognized',
  'wm-recognized': 'WM-Recognized',
}

function identityMessage({ name, data }: Change, stated: ReadonlySet<string>): ServerMessage {
  const state = STATE_NAMES[name] ?? name
  const { identityId } = data
  // Never one that this browser did not name itself: somebody else may sit before it.
  if (typeof identityId !== 'string' || !stated.has(identityId)) return { type: 'identity', state }
  return { type: 'identity', state, identityId }
}
