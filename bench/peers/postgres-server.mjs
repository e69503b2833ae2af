/** A peer: `ws` and PostgreSQL, written by hand with care; an ack says that its events are committed. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { Pool } from 'pg'
import { WebSocketServer } from 'ws'
import { GREET, INSERT, LAST_EVENTS, SCHEMA } from './postgres-statements.mjs'

/**
 * Statements on their way at once: with 1, 2, 3, 4 and 8 of them it took 17, 20, 18, 25 and 19 thousand events a second.
 * A visitor has one of them: its acks stay in order, and no two inserts deadlock.
 */
const LANES = 4
const ROWS_MAX = 2_000
/** For questions, so that none waits for an insert; one more asks who newcomers are. */
const READERS = 3

const STATES = { SignIn: 'Authenticated', SignOut: 'Recognized' }

const writers = new Pool({ max: LANES, idleTimeoutMillis: 0 })
const readers = new Pool({ max: READERS, idleTimeoutMillis: 0 })
await writers.query(SCHEMA)
const lanes = Array.from({ length: LANES }, () => ({ waiting: [], isBusy: false }))
/** Who is here: the tabs of each visitor, and who is known to sit there. */
const visitors = new Map()
/** Newcomers: who came while the last statement about some was on its way goes with the next one. */
const door = { waiting: [], isBusy: false }
const KEY_HASH = sha256(`Bearer ${process.env.PEER_KEY}`)

const server = createServer((request, response) => {
  if (!timingSafeEqual(sha256(request.headers.authorization ?? ''), KEY_HASH)) {
    response.writeHead(401).end()
    return
  }
  answer(request.url).then(
    (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
    (cause) => response.writeHead(500).end(String(cause)),
  )
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })

sockets.on('connection', (socket) => {
  let visitor = null
  socket.on('message', (frame) => {
    const message = JSON.parse(frame.toString())
    if (message.type === 'hello') {
      visitor = welcome(socket, message)
      return
    }
    if (!socket.isWelcome) {
      socket.close(4000, 'hello comes first')
      return
    }
    const { lane } = visitor
    lane.waiting.push({ socket, visitor, id: message.id, events: message.events })
    if (!lane.isBusy) void work(lane)
  })
  socket.on('close', () => {
    if (visitor === null) return
    visitor.tabs.delete(socket)
    if (visitor.tabs.size === 0) visitors.delete(visitor.id)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`)
})

/** Says who the visitor is known to be, to whoever has the visitor's token. */
function welcome(socket, { globalVisitID: id, deviceToken }) {
  const tokenHash = sha256(deviceToken)
  const visitor = visitors.get(id) ?? newcomer(id, tokenHash)
  visitor.tabs.add(socket)
  void visitor.known.then(() => {
    if (!timingSafeEqual(visitor.tokenHash, tokenHash)) {
      socket.close(4001, 'unauthorized')
      return
    }
    socket.isWelcome = true
    const { state } = visitor
    socket.send(JSON.stringify({ type: 'welcome', globalVisitID: id, visitID: null, state }))
  })
  return visitor
}

function newcomer(id, tokenHash) {
  const lane = lanes[Number.parseInt(id.slice(0, 4), 16) % LANES]
  const visitor = { id, lane, tokenHash, tabs: new Set(), state: 'Anonymous', identityId: null, known: null }
  visitor.known = new Promise((resolve) => door.waiting.push({ visitor, resolve }))
  visitors.set(id, visitor)
  if (!door.isBusy) void greet()
  return visitor
}

async function greet() {
  door.isBusy = true
  while (door.waiting.length > 0) {
    const coming = door.waiting.splice(0)
    const values = [coming.map(({ visitor }) => visitor.id), coming.map(({ visitor }) => visitor.tokenHash)]
    const { rows } = await readers.query({ ...GREET, values })
    const known = new Map(rows.map((row) => [row.visitor, row]))
    for (const { visitor, resolve } of coming) {
      const row = known.get(visitor.id)
      if (row !== undefined) {
        visitor.tokenHash = row.token_hash
        visitor.state = row.state
        visitor.identityId = row.identity_id
      }
      resolve()
    }
  }
  door.isBusy = false
}

function sha256(text) {
  return createHash('sha256').update(text).digest()
}

/** Group commit: all that came while the last statement was on its way goes with the next one. */
async function work(lane) {
  lane.isBusy = true
  // What came in this turn goes together, too.
  await new Promise((resolve) => setImmediate(resolve))
  while (lane.waiting.length > 0) {
    const batches = take(lane)
    const kept = await insert(batches)
    for (const batch of batches) settle(batch, kept)
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

/** The ids of the events that were new; null = all of them. */
async function insert(batches) {
  const columns = Array.from({ length: 10 }, () => [])
  for (const { visitor, events } of batches) {
    for (const event of events) {
      const { eventID, visitID, pageID, eventType, eventName, timestamp, url, title = null, data } = event
      columns[0].push(visitor.id)
      columns[1].push(eventID)
      columns[2].push(visitID)
      columns[3].push(pageID)
      columns[4].push(eventType)
      columns[5].push(eventName)
      columns[6].push(timestamp)
      columns[7].push(url)
      columns[8].push(title)
      columns[9].push(JSON.stringify(data))
    }
  }
  const { rows } = await writers.query({ ...INSERT, values: columns, rowMode: 'array' })
  return rows.length === columns[0].length ? null : new Set(rows.map(([eventID]) => eventID))
}

/** Tells who is there now, then what was kept. */
function settle({ socket, visitor, id, events }, kept) {
  // Twice in one statement: the first counts.
  const fresh = kept === null ? events : events.filter(({ eventID }) => kept.delete(eventID))
  for (const event of fresh) identify(visitor, event)
  const [accepted, duplicates] = [fresh.length, events.length - fresh.length]
  const { visitID } = events[0]
  socket.send(JSON.stringify({ type: 'ack', id, accepted, duplicates, rejected: [], visitID }))
}

/** Signing in or out changes who is there: the statement kept it, and every tab is told. */
function identify(visitor, { eventName, data }) {
  const state = STATES[eventName]
  if (state === undefined) return
  const identityId = data.identityId ?? visitor.identityId
  if (identityId === null || (state === visitor.state && identityId === visitor.identityId)) return
  visitor.state = state
  visitor.identityId = identityId
  const push = JSON.stringify({ type: 'identity', state, identityId })
  for (const tab of visitor.tabs) tab.send(push)
}

/** The newest events of a visit, newest first; PostgreSQL makes the JSON. */
async function answer(url) {
  const { pathname, searchParams } = new URL(url, 'http://peer')
  const [, , , , visitID] = pathname.split('/')
  const { rows } = await readers.query({ ...LAST_EVENTS, values: [visitID, searchParams.get('page_size')] })
  return rows[0].page
}
