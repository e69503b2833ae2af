/** What a client says on its socket, in order: hello first, then batches; each is acknowledged when it is on disk. */
import { ProtocolError } from '../../protocol/errors.ts'
import {
  type ClientMessage,
  checkClientMessage,
  type EventsMessage,
  type Hello,
} from '../../protocol/messages.ts'
import type { Recorded } from '../visitors/contract.ts'
import type { Admitted } from './admission.ts'
import { ackOf } from './batches.ts'
import { closeConnection } from './closing.ts'
import { type Batch, type Connection, isClosed, weightOf } from './connection.ts'
import type { Desk } from './desk.ts'
import { fullAfterTaking, waitMs } from './rate.ts'
import { isStoreUnavailable } from './unavailable.ts'

/** Frames of one connection that may wait; a client that sends smaller ones than any batch is cut off (4003). */
export const HELD_FRAMES_MAX = 1_024

/** Takes a frame, or keeps it until it may be taken. Never throws, whatever the bytes are. */
export function receive(desk: Desk, connection: Connection, frame: Uint8Array, isBinary: boolean): void {
  if (isClosed(connection) || desk.isDraining) return
  if (isBinary !== connection.codec.binary) {
    desk.close(connection, 'badFrame', `${connection.codec.subprotocol} has no such frames`)
    return
  }
  const { stalled } = connection
  if (stalled !== null) {
    if (stalled.frames.push(frame) > HELD_FRAMES_MAX) desk.close(connection, 'overRate')
    return
  }
  const message = read(desk, connection, frame)
  if (message === null) return
  const obstacle = obstacleTo(desk, connection, message)
  if (obstacle === null) take(desk, connection, message)
  else stall(desk, connection, message, obstacle)
}

/** Goes on with what waited, as far as it may; when nothing waits any more the socket is read again. */
export function goOn(desk: Desk, connection: Connection): void {
  for (;;) {
    const { stalled } = connection
    if (stalled === null || desk.isDraining) return
    const obstacle = obstacleTo(desk, connection, stalled.message)
    stalled.forRate = obstacle === 'rate'
    if (obstacle !== null) return
    take(desk, connection, stalled.message)
    const frame = stalled.frames.shift()
    if (isClosed(connection)) return
    if (frame === undefined) break
    const message = read(desk, connection, frame)
    if (message === null) return
    stalled.message = message
  }
  connection.stalled = null
  desk.stalled.delete(connection)
  connection.socket.resume()
}

/** Null where the frame is no message of the table: the socket is closed then (P4). */
function read(desk: Desk, connection: Connection, frame: Uint8Array): ClientMessage | null {
  connection.heardAt = desk.clock.uptime()
  connection.pingedAt = 0
  let value: unknown = null
  try {
    value = connection.codec.decode(frame)
    return checkClientMessage(value, desk.config, desk.config.noIdentities)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) desk.log.error({ err: cause }, 'a frame made the protocol throw')
    const why = cause instanceof ProtocolError ? cause.message : undefined
    closeConnection(desk, connection, { name: 'badFrame', why, id: batchIdIn(value) })
    return null
  }
}

/** What a frame that is refused calls itself, where it is a batch: its client need not give up others. */
function batchIdIn(value: unknown): number | undefined {
  const isBatch = typeof value === 'object' && value !== null && 'type' in value && value.type === 'events'
  return isBatch && 'id' in value && Number.isSafeInteger(value.id) ? Number(value.id) : undefined
}

type Obstacle = 'rate' | 'other'

/** Why a message may not be taken now; null = it may. */
function obstacleTo(desk: Desk, connection: Connection, message: ClientMessage): Obstacle | null {
  const { state, batches } = connection
  if (state === 'greeting') return null
  if (state !== 'open' || batches.length >= desk.config.inFlight) return 'other'
  if (desk.visitors.isFull()) {
    awaitRoom(desk)
    return 'other'
  }
  if (waitMs(connection.fullAt, connection.heardAt, weightOf(message), desk.rate) === 0) return null
  // It was heard a while ago, if it waits already.
  const now = desk.clock.uptime()
  if (waitMs(connection.fullAt, now, weightOf(message), desk.rate) === 0) return null
  if (connection.overSince === 0) connection.overSince = now
  desk.overRate.add(connection)
  return 'rate'
}

function stall(desk: Desk, connection: Connection, message: ClientMessage, obstacle: Obstacle): void {
  connection.stalled = { message, frames: [], forRate: obstacle === 'rate' }
  desk.stalled.add(connection)
  connection.socket.pause()
}

function awaitRoom(desk: Desk): void {
  if (desk.awaitsRoom) return
  desk.awaitsRoom = true
  desk.visitors.whenRoom().then(
    () => {
      desk.awaitsRoom = false
      for (const connection of [...desk.stalled]) goOn(desk, connection)
    },
    (cause: unknown) => {
      // The sweep asks again.
      desk.awaitsRoom = false
      desk.log.error({ err: cause }, 'waiting for room failed')
    },
  )
}

function take(desk: Desk, connection: Connection, message: ClientMessage): void {
  if (connection.state === 'greeting') {
    if (message.type === 'hello') greet(desk, connection, message)
    else desk.close(connection, 'helloFirst', `the first message must be hello, got ${message.type}`)
    return
  }
  connection.fullAt = fullAfterTaking(connection.fullAt, desk.clock.uptime(), weightOf(message), desk.rate)
  switch (message.type) {
    case 'hello':
      desk.close(connection, 'badFrame', 'hello was said before')
      break
    case 'events':
      try {
        takeBatch(desk, connection, message)
      } catch (cause) {
        // A fault of ours is this connection's, never the process's.
        lose(desk, connection, cause)
      }
      break
    case 'notified':
      desk.notifier.answered(connection, message)
  }
}

function greet(desk: Desk, connection: Connection, hello: Hello): void {
  connection.state = 'admitting'
  desk.greeting.delete(connection)
  connection.languageCode = hello.languageCode
  desk.turnstile.enter(() => void admit(desk, connection, hello))
}

/** P6. On disk before `welcome`. */
async function admit(desk: Desk, connection: Connection, hello: Hello): Promise<void> {
  if (isClosed(connection) || desk.isDraining) return
  try {
    const admitted = await desk.admission.admit(hello, connection.address, desk.clock.uptime())
    if (!isClosed(connection)) welcome(desk, connection, { hello, admitted })
  } catch (cause) {
    lose(desk, connection, cause)
  }
}

function welcome(
  desk: Desk,
  connection: Connection,
  { hello, admitted }: { readonly hello: Hello; readonly admitted: Admitted },
): void {
  switch (admitted.is) {
    case 'unauthorized':
      desk.close(connection, 'unauthorized', 'the deviceToken is not the one of this globalVisitID')
      return
    case 'tooMany':
      desk.close(connection, 'tooManyConnections', 'too many new visitors from this address')
      return
    case 'admitted': {
      const { globalVisitID, standing } = admitted
      const who = { globalVisitID, visitId: standing.visitId, named: hello.visitID }
      if (desk.presence.join(connection, who) === null) {
        desk.close(connection, 'tooManyConnections', 'too many connections of this visitor')
        return
      }
      connection.globalVisitID = globalVisitID
      connection.state = 'open'
      desk.outbox.send(connection, desk.admission.welcome(admitted, desk.clock.now()))
      goOn(desk, connection)
    }
  }
}

function takeBatch(desk: Desk, connection: Connection, { id, sentAt, events }: EventsMessage): void {
  if (id <= connection.lastId) {
    const why = `events.id must rise, got ${id} after ${connection.lastId}`
    closeConnection(desk, connection, { name: 'badFrame', why, id })
    return
  }
  connection.lastId = id
  const takenAt = desk.clock.uptime()
  const from = { speaker: connection, carriage: { sentAt, via: 'socket', final: false } } as const
  const prepared = desk.batches.prepare(events, from, desk.clock.now())
  if (!(prepared instanceof Promise)) {
    record(desk, connection, { id, prepared, takenAt, recorded: null })
    return
  }
  // What comes behind waits, so that the order of this connection is kept.
  connection.state = 'verifying'
  prepared.then(
    (known) => {
      if (isClosed(connection)) return
      connection.state = 'open'
      record(desk, connection, { id, prepared: known, takenAt, recorded: null })
      goOn(desk, connection)
    },
    (cause) => lose(desk, connection, cause),
  )
}

/** Everything refused at the edge: there is nothing to wait for but the batches before it. */
const NOTHING: Recorded = { outcomes: [], visitId: null, withdrawn: false }

function record(desk: Desk, connection: Connection, batch: Batch): void {
  connection.batches.push(batch)
  const { entries } = batch.prepared
  if (entries.length === 0) {
    batch.recorded = NOTHING
    acknowledge(desk, connection)
    return
  }
  desk.inFlight += 1
  desk.visitors.record(connection.globalVisitID, entries).then(
    (recorded) => {
      batch.recorded = recorded
      desk.inFlight -= 1
      try {
        acknowledge(desk, connection)
      } catch (cause) {
        lose(desk, connection, cause)
      }
      goOn(desk, connection)
      desk.whenLess()
    },
    (cause) => {
      desk.inFlight -= 1
      lose(desk, connection, cause)
      desk.whenLess()
    },
  )
}

/** P4. Batches are acknowledged in the order they came, whichever is on disk first. */
function acknowledge(desk: Desk, connection: Connection): void {
  const { batches, present } = connection
  for (;;) {
    const [batch] = batches
    if (!batch?.recorded) break
    batches.shift()
    const { id, prepared, takenAt, recorded } = batch
    const { outcomes, visitId } = recorded
    const open = recorded === NOTHING ? (present?.visitId ?? null) : visitId
    const ack = ackOf(id, prepared, { outcomes, visitId: open })
    desk.outbox.send(connection, ack)
    desk.meter.acknowledged(ack, desk.clock.uptime() - takenAt)
    desk.presence.recorded(connection, recorded)
  }
}

/** Nothing of it was kept: the browser comes back and sends it again (P5). */
function lose(desk: Desk, connection: Connection, cause: unknown): void {
  if (!isStoreUnavailable(cause)) desk.log.error({ err: cause }, 'what a client said could not be kept')
  desk.close(connection, 'storageUnavailable')
}
