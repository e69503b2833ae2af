/** A peer: `ws` and PostgreSQL, written by hand with care; an ack says that its events are committed. */
import { Pool } from 'pg'
import { WebSocketServer } from 'ws'

/** Statements on their way at once. A visitor has one of them: its acks stay in order, and no two inserts deadlock. */
const LANES = 4
const ROWS_MAX = 2_000

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    visitor uuid NOT NULL,
    event_id uuid NOT NULL,
    visit_id uuid NOT NULL,
    page_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    name text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    url text NOT NULL,
    title text,
    data jsonb NOT NULL,
    PRIMARY KEY (visitor, event_id)
  );
  CREATE INDEX IF NOT EXISTS events_of_visit ON events (visit_id, seq)`

/** One prepared statement for any number of rows: each column is an array. */
const INSERT = {
  name: 'insert-events',
  text: `
    INSERT INTO events (visitor, event_id, visit_id, page_id, type, name, occurred_at, url, title, data)
    SELECT visitor, event_id, visit_id, page_id, type, name, to_timestamp(at / 1000), url, title, data
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::float8[], $8::text[],
      $9::text[], $10::jsonb[])
      AS row (visitor, event_id, visit_id, page_id, type, name, at, url, title, data)
    ON CONFLICT DO NOTHING
    RETURNING event_id`,
}

const pool = new Pool({ max: LANES, idleTimeoutMillis: 0 })
await pool.query(SCHEMA)
const lanes = Array.from({ length: LANES }, () => ({ waiting: [], isBusy: false }))
const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })

sockets.on('connection', (socket) => {
  let visitor = null
  let lane = lanes[0]
  socket.on('message', (frame) => {
    const message = JSON.parse(frame.toString())
    if (message.type === 'hello') {
      visitor = message.globalVisitID
      lane = lanes[Number.parseInt(visitor.slice(0, 4), 16) % LANES]
      socket.send(JSON.stringify({ type: 'welcome', globalVisitID: visitor, visitID: null }))
      return
    }
    lane.waiting.push({ socket, visitor, id: message.id, events: message.events })
    if (!lane.isBusy) void work(lane)
  })
})
sockets.on('listening', () => {
  process.stdout.write(`listening on http://127.0.0.1:${sockets.address().port}\n`)
})

/** Group commit: all that came while the last statement was on its way goes with the next one. */
async function work(lane) {
  lane.isBusy = true
  // What came in this turn goes together, too.
  await new Promise((resolve) => setImmediate(resolve))
  while (lane.waiting.length > 0) {
    const batches = take(lane)
    const accepted = await insert(batches)
    batches.forEach((batch, index) => {
      acknowledge(batch, accepted[index])
    })
  }
  lane.isBusy = false
}

function take({ waiting }) {
  let rows = 0
  let count = 0
  while (count < waiting.length && rows < ROWS_MAX) {
    rows += waiting[count].events.length
    count += 1
  }
  return waiting.splice(0, count)
}

/** How many events of each batch were new. */
async function insert(batches) {
  const columns = Array.from({ length: 10 }, () => [])
  for (const { visitor, events } of batches) {
    for (const event of events) {
      const { eventID, visitID, pageID, eventType, eventName, timestamp, url, title = null, data } = event
      const row = [visitor, eventID, visitID, pageID, eventType, eventName, timestamp, url, title]
      row.forEach((value, index) => {
        columns[index].push(value)
      })
      columns[9].push(JSON.stringify(data))
    }
  }
  const { rows } = await pool.query({ ...INSERT, values: columns })
  if (rows.length === columns[0].length) return batches.map(({ events }) => events.length)
  const kept = new Set(rows.map((row) => row.event_id))
  // Twice in one statement: the first counts.
  return batches.map(({ events }) => events.filter(({ eventID }) => kept.delete(eventID)).length)
}

function acknowledge({ socket, id, events }, accepted) {
  const { visitID } = events[0]
  const duplicates = events.length - accepted
  socket.send(JSON.stringify({ type: 'ack', id, accepted, duplicates, rejected: [], visitID }))
}
