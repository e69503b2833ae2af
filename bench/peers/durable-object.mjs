/** A peer: one Durable Object a visitor, its events in the object's own SQLite. It runs in workerd, not in Node. */
import { DurableObject } from 'cloudflare:workers'

/** Visitors who are here, and bytes of the databases of those who have gone: what the bench asks for at the end. */
const gone = { open: 0, bytes: 0 }

/**
 * What follows from events stands in one table, because each table takes a page of 4 kB of every visitor's database:
 * who is here, visits, pages, sessions, links to people, and changes that others are to be told.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    visit_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    event TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS rows (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) WITHOUT ROWID`

const PUT = `
  INSERT INTO rows (kind, id, started_at, ended_at, data) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE SET ended_at = excluded.ended_at, data = excluded.data`

/** What a socket that was welcomed carries, also while the object is not in memory. */
const WELCOME = 'welcome'

const STATES = { SignIn: 'Authenticated', SignOut: 'Recognized' }

export default {
  async fetch(request, { VISITORS, KEY }) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/gone') return Response.json(gone)
    if (pathname !== '/track' && request.headers.get('authorization') !== `Bearer ${KEY}`)
      return new Response(null, { status: 401 })
    return await VISITORS.getByName(searchParams.get('_visitor')).fetch(request)
  },
}

export class Visitor extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    const { sql } = ctx.storage
    sql.exec(SCHEMA)
    const [row] = sql.exec("SELECT data FROM rows WHERE kind = 'visitor'").toArray()
    /** Who is here, and the hash of the token that the first hello came with. */
    this.visitor =
      row === undefined ? { tokenHash: null, state: 'Anonymous', identityId: null } : JSON.parse(row.data)
    const [open] = sql.exec("SELECT id FROM rows WHERE kind = 'session' AND ended_at IS NULL").toArray()
    this.sessionId = open?.id ?? null
    /** The visit that was last heard of. */
    this.visitID = null
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

  async webSocketMessage(socket, frame) {
    const message = JSON.parse(frame)
    if (message.type === 'hello') {
      await this.welcome(socket, message)
      return
    }
    if (socket.deserializeAttachment() !== WELCOME) {
      socket.close(4000, 'hello comes first')
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

  /** Says who the visitor is known to be, to whoever has the visitor's token. */
  async welcome(socket, { globalVisitID, deviceToken }) {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(deviceToken))
    const tokenHash = String.fromCharCode(...new Uint8Array(digest))
    if (this.visitor.tokenHash === null) {
      this.visitor.tokenHash = tokenHash
      this.putVisitor(Date.now())
    }
    if (this.visitor.tokenHash !== tokenHash) {
      socket.close(4001, 'unauthorized')
      return
    }
    socket.serializeAttachment(WELCOME)
    const { state } = this.visitor
    socket.send(JSON.stringify({ type: 'welcome', globalVisitID, visitID: null, state }))
  }

  /** How many of them were new. Writes without an await between them are one transaction. */
  keep(events) {
    const { sql } = this.ctx.storage
    const receivedAt = Date.now()
    let kept = 0
    for (const event of events) {
      const { eventID, visitID } = event
      const [row] = sql
        .exec(
          `INSERT INTO events (event_id, visit_id, received_at, event) VALUES (?, ?, ?, ?)
          ON CONFLICT (event_id) DO NOTHING RETURNING seq`,
          eventID,
          visitID,
          receivedAt,
          JSON.stringify(event),
        )
        .toArray()
      if (row === undefined) continue
      kept += 1
      this.follow(event, row.seq, receivedAt)
    }
    // When it was last heard of.
    if (kept > 0) this.put('visit', this.visitID, { startedAt: receivedAt, endedAt: receivedAt, data: {} })
    return kept
  }

  /** What follows from an event that is new. */
  follow(event, seq, at) {
    const { visitID, pageID, url, title } = event
    if (visitID !== this.visitID) this.visit(visitID, seq, at)
    switch (event.eventName) {
      case 'PageEntered':
        this.put('page', pageID, { startedAt: at, endedAt: null, data: { visitID, url, title } })
        return
      case 'PageExited':
        this.put('page', pageID, { startedAt: at, endedAt: at, data: { visitID, url, title } })
        return
      case 'SignIn':
      case 'SignOut':
        this.identify(event, seq, at)
    }
  }

  visit(visitID, seq, at) {
    this.visitID = visitID
    const known = this.ctx.storage.sql.exec("SELECT 1 FROM rows WHERE kind = 'visit' AND id = ?", visitID)
    if (known.toArray().length === 0) this.tell(seq, at, { kind: 'visit', name: 'opened', visitID })
  }

  /** Signing in or out changes who is here: kept, and told to every tab. */
  identify({ eventName, eventID, visitID, data }, seq, at) {
    const state = STATES[eventName]
    const identityId = data.identityId ?? this.visitor.identityId
    if (identityId === null || (state === this.visitor.state && identityId === this.visitor.identityId))
      return
    this.visitor.state = state
    this.visitor.identityId = identityId
    this.putVisitor(at)
    const { sql } = this.ctx.storage
    if (this.sessionId !== null)
      sql.exec("UPDATE rows SET ended_at = ? WHERE kind = 'session' AND id = ?", at, this.sessionId)
    this.sessionId = eventName === 'SignIn' ? eventID : null
    if (eventName === 'SignIn') {
      this.put('session', eventID, { startedAt: at, endedAt: null, data: { visitID, identityId } })
      this.put('link', `${identityId} ${visitID}`, { startedAt: at, endedAt: null, data: {} })
    }
    this.tell(seq, at, { kind: 'identity', name: state, visitID, identityId })
    const push = JSON.stringify({ type: 'identity', state, identityId })
    for (const tab of this.ctx.getWebSockets()) tab.send(push)
  }

  putVisitor(at) {
    this.put('visitor', '', { startedAt: at, endedAt: null, data: this.visitor })
  }

  /** For whoever publishes it. */
  tell(seq, at, change) {
    this.put('change', `${seq} ${change.kind}`, { startedAt: at, endedAt: null, data: change })
  }

  put(kind, id, { startedAt, endedAt, data }) {
    this.ctx.storage.sql.exec(PUT, kind, id, startedAt, endedAt, JSON.stringify(data))
  }
}
