/** The floor: a bare `ws` server that parses JSON, acknowledges and pushes, in its own process. It keeps nothing. */
import { WebSocketServer } from 'ws'

const STATES = { SignIn: 'Authenticated', SignOut: 'Recognized' }
const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })

sockets.on('connection', (socket) => {
  socket.on('message', (frame) => {
    const message = JSON.parse(frame.toString())
    if (message.type === 'hello') {
      socket.send(JSON.stringify({ type: 'welcome', globalVisitID: message.globalVisitID, visitID: null }))
      return
    }
    const { id, events } = message
    const { visitID } = events[0]
    for (const { eventName, data } of events) {
      const state = STATES[eventName]
      if (state !== undefined) {
        socket.send(JSON.stringify({ type: 'identity', state, identityId: data.identityId }))
      }
    }
    socket.send(
      JSON.stringify({ type: 'ack', id, accepted: events.length, duplicates: 0, rejected: [], visitID }),
    )
  })
})
sockets.on('listening', () => {
  process.stdout.write(`listening on http://127.0.0.1:${sockets.address().port}\n`)
})
