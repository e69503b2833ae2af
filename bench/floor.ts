/** The floor: a bare `ws` server that parses JSON and acknowledges, in its own process. It keeps nothing. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { answerParent } from './child.ts'

const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
sockets.on('connection', (socket) => {
  socket.on('message', (frame: Buffer) => {
    const message = JSON.parse(frame.toString())
    if (message.type === 'hello') {
      socket.send(JSON.stringify({ type: 'welcome', globalVisitID: message.globalVisitID, visitID: null }))
      return
    }
    const { id, events } = message
    const { visitID } = events[0]
    socket.send(
      JSON.stringify({ type: 'ack', id, accepted: events.length, duplicates: 0, rejected: [], visitID }),
    )
  })
})
await once(sockets, 'listening')
// It listens on a port, not on a pipe.
const { port } = sockets.address() as AddressInfo
answerParent(port, async () => {
  for (const socket of sockets.clients) socket.terminate()
  sockets.close()
})
