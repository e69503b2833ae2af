/** A peer: one Durable Object a visitor, its events in the object's own SQLite. It runs in workerd, not in Node. */
import { DurableObject } from 'cloudflare:workers'

/** Visitors who are here, and bytes of the databases of those who have gone: what the bench asks for at the end. */
const gone = { open: 0, bytes: 0 }

export default {
  async fetch(request, { VISITORS }) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/gone') return Response.json(gone)
    return await VISITORS.getByName(searchParams.get('visitor')).fetch(request)
  },
}

export class Visitor extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        visit_id TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        event TEXT NOT NULL
      )`)
  }

  /** The socket may outlive the object in memory: an idle visitor costs little. */
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    gone.open += 1
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'Sec-WebSocket-Protocol': 'vestibule.v1.json' },
    })
  }

  webSocketMessage(socket, frame) {
    const message = JSON.parse(frame)
    if (message.type === 'hello') {
      const { globalVisitID } = message
      socket.send(JSON.stringify({ type: 'welcome', globalVisitID, visitID: null }))
      return
    }
    const { id, events } = message
    const accepted = this.keep(events)
    const duplicates = events.length - accepted
    const { visitID } = events[0]
    // The output gate holds the answer back until what was written before it is on disk.
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
    }
    return kept
  }
}
