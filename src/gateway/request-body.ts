/** A request's body, no longer than it may be. */
import type { IncomingMessage } from 'node:http'

/** The bytes of the body, or null where it has more than `bytesMax`. Rejects if the client goes away. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return null
  const chunks: Uint8Array[] = []
  let bytes = 0
  // `destroyOnReturn` would cut the connection before a client could read why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > bytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}
