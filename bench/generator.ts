/** The load generator, in its own process: the same work against every contender, lean enough not to be the limit. */
import { connect, type Socket } from 'node:net'
import { addLatency, type Latencies, latencyAt, newLatencies } from '../src/commands/load/tally.ts'
import { frameReader, GOODBYE, PONG, textFrame, upgradeRequest } from './frames.ts'
import { newVisitor, type Visitor } from './visitor.ts'

export interface Job {
  readonly port: number
  readonly connections: number
  /** Batches of one connection that wait for their ack at once. */
  readonly inFlight: number
  readonly eventsPerMessage: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Batches a second of all connections; null = as fast as acks come. */
  readonly batchesPerSecond: number | null
  /** After so many events a browser leaves and a new one comes in its place; null = never. */
  readonly eventsPerVisitor: number | null
  /** Stays connected and silent after the first batch, until the process is ended. */
  readonly stays: boolean
}

export interface Result {
  readonly events: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of all events, also those of the warm-up. */
  readonly allEvents: number
  readonly allEventBytes: number
}

interface Run {
  readonly job: Job
  latencies: Latencies
  isMeasuring: boolean
  isOver: boolean
  events: number
  allEvents: number
  allEventBytes: number
  readonly connections: Set<Connection>
}

interface Connection {
  readonly run: Run
  readonly socket: Socket
  readonly visitor: Visitor
  /** When each batch in flight was sent, oldest first. */
  readonly sentAt: number[]
  isWelcome: boolean
  events: number
}

process.on('message', (job: Job) => {
  void perform(job).then((result) => process.send?.(result))
})

// A bench that ends, however it ends, leaves no generator behind.
process.on('disconnect', () => process.exit())

async function perform(job: Job): Promise<Result> {
  const run: Run = {
    job,
    latencies: newLatencies(),
    isMeasuring: false,
    isOver: false,
    events: 0,
    allEvents: 0,
    allEventBytes: 0,
    connections: new Set(),
  }
  for (let index = 0; index < job.connections; index += 1) {
    open(run)
    // A thousand a second, not all at once: a burst leaves a process larger than what is connected needs.
    if (index % 10 === 9) await pause(10)
  }
  const pacing = job.batchesPerSecond === null ? null : pace(run, job.batchesPerSecond)
  await pause(job.warmUpMs)
  run.isMeasuring = true
  const startedAt = performance.now()
  await pause(job.measureMs)
  run.isMeasuring = false
  const elapsedMs = performance.now() - startedAt
  run.isOver = true
  if (pacing !== null) clearInterval(pacing)
  if (!job.stays) await leave(run)
  const { events, latencies, allEvents, allEventBytes } = run
  return {
    events,
    elapsedMs,
    p50Ms: latencyAt(latencies, 0.5),
    p99Ms: latencyAt(latencies, 0.99),
    allEvents,
    allEventBytes,
  }
}

function open(run: Run): void {
  const socket = connect(run.job.port, '127.0.0.1')
  socket.setNoDelay(true)
  const visitor = newVisitor()
  const connection: Connection = {
    run,
    socket,
    visitor,
    sentAt: [],
    isWelcome: false,
    events: 0,
  }
  run.connections.add(connection)
  socket.write(upgradeRequest(run.job.port, visitor.globalVisitID))
  let read: ((chunk: Buffer) => void) | null = null
  socket.on('data', (chunk: Buffer) => {
    if (read !== null) {
      read(chunk)
      return
    }
    const head = chunk.indexOf('\r\n\r\n')
    if (head === -1 || !chunk.toString('latin1', 0, 12).endsWith('101'))
      throw new Error('the upgrade was refused')
    read = frameReader(
      (text) => hear(connection, text),
      () => socket.write(PONG),
    )
    socket.write(textFrame(connection.visitor.hello()))
    if (chunk.length > head + 4) read(chunk.subarray(head + 4))
  })
}

/** Messages are told apart by the letter after `{"type":"`: nothing more is parsed of them. */
function hear(connection: Connection, text: string): void {
  const { run, sentAt } = connection
  switch (text[9]) {
    case 'w':
      connection.isWelcome = true
      refill(connection)
      return
    case 'a': {
      const now = performance.now()
      const sent = sentAt.shift()
      if (sent === undefined || !text.includes('"rejected":[]'))
        throw new Error(`not the ack expected: ${text}`)
      if (run.isMeasuring) {
        run.events += run.job.eventsPerMessage
        addLatency(run.latencies, now - sent)
      }
      const { eventsPerVisitor } = run.job
      if (eventsPerVisitor !== null && connection.events >= eventsPerVisitor && sentAt.length === 0) {
        sayGoodbye(connection)
        if (!run.isOver) open(run)
        return
      }
      // The acks of one chunk are answered by one write.
      if (sentAt.length <= run.job.inFlight / 2) refill(connection)
      return
    }
    case 'v':
      return
    default:
      throw new Error(`the server said ${text}`)
  }
}

/** Closed loop: as many batches as may be in flight. */
function refill(connection: Connection): void {
  const { run, sentAt, socket } = connection
  const { inFlight, batchesPerSecond, stays, eventsPerVisitor } = run.job
  if (run.isOver || batchesPerSecond !== null) return
  if (stays && connection.events > 0) return
  socket.cork()
  const most = stays ? 1 : inFlight
  while (sentAt.length < most && (eventsPerVisitor === null || connection.events < eventsPerVisitor))
    send(connection)
  socket.uncork()
}

function send(connection: Connection): void {
  const { run, visitor, socket, sentAt } = connection
  const { eventsPerMessage } = run.job
  connection.events += eventsPerMessage
  run.allEvents += eventsPerMessage
  const frame = textFrame(visitor.batch(eventsPerMessage))
  sentAt.push(performance.now())
  socket.write(frame)
}

/** Open loop: so many batches a second, by whoever has the fewest on the way. */
function pace(run: Run, batchesPerSecond: number): NodeJS.Timeout {
  const startedAt = performance.now()
  let sent = 0
  let turn = 0
  return setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * batchesPerSecond
    const connections = [...run.connections]
    for (let tries = connections.length; sent < due && tries > 0; ) {
      const connection = connections[turn % connections.length]
      turn += 1
      if (connection?.isWelcome !== true || connection.sentAt.length >= run.job.inFlight) {
        tries -= 1
        continue
      }
      send(connection)
      sent += 1
    }
    // What nobody could take is not made up for: the contender was too slow for this rate.
    sent = Math.max(sent, due - batchesPerSecond / 10)
  }, 1)
}

function sayGoodbye(connection: Connection): void {
  const { run, socket, visitor } = connection
  run.connections.delete(connection)
  run.allEventBytes += visitor.eventBytes()
  socket.removeAllListeners('data')
  socket.on('data', () => undefined)
  socket.end(GOODBYE)
}

/** Waits for the acks on their way, then everybody goes. */
async function leave(run: Run): Promise<void> {
  while ([...run.connections].some(({ sentAt }) => sentAt.length > 0)) await pause(5)
  for (const connection of [...run.connections]) sayGoodbye(connection)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
