/** The body of a request, no longer than it may be. */

/** So many times its limit a body that is too long is read, and thrown away. */
const READ_ON = 16

/**
 * The bytes of a body, or null where it has more than `bytesMax`; none where there is no body. Rejects if the client goes
 * away.
 *
 * What is too long is read on to its end, within `READ_ON`: over a connection with unread bytes the refusal may
 * not arrive. Whoever refuses it says `CLOSING` with the answer, so that nothing is asked behind the rest.
 */
export async function takeBody(
  chunks: AsyncIterable<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const taken: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax * READ_ON) return null
    if (bytes <= bytesMax) taken.push(chunk)
  }
  return bytes > bytesMax ? null : Buffer.concat(taken, bytes)
}

/** The headers of an answer behind which no request of the same connection is read. */
export const CLOSING = { connection: 'close' } as const
