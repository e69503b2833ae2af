/** The JSON that a request brings: no longer than it may be, and of the type that no foreign page can send unasked. */
import { CLOSING, takeBody } from '../body.ts'
import { Problem } from './problem.ts'

/** The decoded body; an empty one is `{}`. Throws a `Problem`: 400, 413 or 415. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length === 0) return {}
  // A page of another origin may make a browser send text/plain with a key it remembers, but not this.
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new Problem(415, 'the content type must be application/json')
  return parseJson(bytes)
}

/** The value that these bytes say. Throws a 400 where they are no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Problem(400, 'the body is no JSON in UTF-8')
  }
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const bytes = await takeBody(request.body, bytesMax).catch(() => {
    throw new Problem(400, 'the body did not come whole')
  })
  if (bytes !== null) return bytes
  throw new Problem(413, `the body must be at most ${bytesMax} bytes`, { headers: CLOSING })
}
