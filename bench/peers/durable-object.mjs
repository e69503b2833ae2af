/** A peer: one Durable Object a visitor, its events in the object's own SQLite. It runs in workerd, not in Node. */
import { DurableObject } from 'cloudflare:workers'

/** Visitors who are here, and bytes of the databases of those who have gone: what the bench asks for at the end. */
const gone = { open: 0, bytes: 0 }

const STATES = { SignIn: 'Authenticated', SignOut: 'Recognized' }

export default {
  async fetch(request, { VISITORS }) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/gone') return Response.json(gone)
    return await VISITORS.getByName(searchParams.get('_visitor')).fetch(request)
  },
}

export class Visitor extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    const { sql } = ctx.storage
    sql.exec(`
      CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        visit_id TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        event TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS identity (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
        state TEXT NOT NULL,
        identity_id TEXT,
        since INTEGER NOT NULL
      )`)
    const [row] = sql.exec('SELECT state, identity_id FROM identity').toArray()
    this.identity = { state: row?.state ?? 'Anonymous', identityId: row?.identity_id ?? null }
  }

  /** A browser's socket, or a question. The socket may outlive the object in memory: an idle visitor costs little. */
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== '/track')
      return this.lastEvents(pathname.split('/')[4], Number(searchParams.get('page_size')))
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    gone.open += 1
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'Sec-WebSocket-Protocol': 'vestibule.v1.json' },
    })
  }

  /** The newest events of a visit, newest first. */
  lastEvents(visitID, limit) {
    const rows = this.ctx.storage.sql
      .exec('SELECT event FROM events WHERE visit_id = ? ORDER BY seq DESC LIMIT ?', visitID, limit)
      .toArray()
    // They are JSON already.
    return new Response(`[${rows.map(({ event }) => event).join(',')}]`)
  }

  webSocketMessage(socket, frame) {
    const message = JSON.parse(frame)
    if (message.type === 'hello') {
      const { globalVisitID } = message
      const { state } = this.identity
      socket.send(JSON.stringify({ type: 'welcome', globalVisitID, visitID: null, state }))
      return
    }
    const { id, events } = message
    // The output gate holds pushes and the answer back until what was written before them is on disk.
    const accepted = this.keep(events)
    const duplicates = events.length - accepted
    const { visitID } = events[0]
    socket.send(JSON.stringify({ type: 'ack', id, accepted, duplicates, rejected: [], visitID }))
  }

  webSocketClose() {
    gone.open -= 1
    gone.bytes += this.ctx.storage.sql.databaseSize
  }

  /** How many of them were new. Writes without an await between them are one transaction. */
  keep(events) {
    const { sql } = this.ctx.storage
    const receivedAt = Date.now()
    let kept = 0
    for (const event of events) {
      const { eventID, visitID } = event
      const { length } = sql
        .exec(
          `INSERT INTO events (event_id, visit_id, received_at, event) VALUES (?, ?, ?, ?)
          ON CONFLICT (event_id) DO NOTHING RETURNING seq`,
          eventID,
          visitID,
          receivedAt,
          JSON.stringify(event),
        )
        .toArray()
      kept += length
      if (length === 1) this.identify(event, receivedAt)
    }
    return kept
  }

  /** Signing in or out changes who is here: kept, and told to every tab. */
  identify({ eventName, data }, at) {
    const state = STATES[eventName]
    if (state === undefined) return
    const identityId = data.identityId ?? this.identity.identityId
    if (identityId === null || (state === this.identity.state && identityId === this.identity.identityId))
      return
    this.identity = { state, identityId }
    this.ctx.storage.sql.exec(
      `INSERT INTO identity (only_one, state, identity_id, since) VALUES (1, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, identity_id = excluded.identity_id, since = excluded.since`,
      state,
      identityId,
      at,
    )
    const push = JSON.stringify({ type: 'identity', state, identityId })
    for (const tab of this.ctx.getWebSockets()) tab.send(push)
  }
}
