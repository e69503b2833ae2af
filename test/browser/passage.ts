/** A network that lets HTTP through to a server, and no WebSocket: the handshake just breaks off. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'

export interface Passage {
  readonly url: string
  close(): Promise<void>
}

export async function openPassage(target: string): Promise<Passage> {
  const server = createServer((asked, answer) => {
    const onward = request(new URL(asked.url ?? '/', target), {
      method: asked.method,
      headers: asked.headers,
    })
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  server.on('upgrade', (_, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
