/** Asks for pages of 100 events over HTTP: one after another with the time of each, or by many clients at once. */
import { randomInt } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { NotCarried } from '../frames.ts'
import { type Latency, latencyOf } from '../latency.ts'
import { PATIENCE_MS, saying } from '../patience.ts'

/** The key of a reader. */
export const SECRET = 'a-secret-of-the-bench'
const LIMIT = 100

/** The setting with which a server knows this bench. */
export const KEYS = { VESTIBULE_KEYS: `bench:${SECRET}:history:read+erase+metrics` }

export interface Pager {
  /** The times of the pages at these paths, one after another; each holds as many rows as fit. */
  readonly times: (paths: readonly string[]) => Promise<Latency>
  /** So many clients page at once, each through list after list, until the signal; how many pages they were given. */
  readonly storm: (clients: number, paths: readonly string[], signal: AbortSignal) => Promise<number>
  readonly ask: (path: string, method?: 'GET' | 'POST') => Promise<Page>
  readonly close: () => void
}

export interface Page {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Whoever asks the server at this port. Rejects where a page is refused, or holds another number of rows. */
export function openPager(port: number): Pager {
  const agent = new Agent({ keepAlive: true })
  const ask: Pager['ask'] = (path, method = 'GET') => askAt({ agent, port, path, method })

  async function client(paths: readonly string[], signal: AbortSignal): Promise<number> {
    let pages = 0
    let next: string | null = null
    while (!signal.aborted) {
      const path: string = next ?? paths[randomInt(paths.length)] ?? ''
      const page = await ask(path)
      const rows = rowsOf(page).length
      next = nextOf(page)
      // A list ends with a page that is not full; no page is empty, as every list here has something in it.
      if (rows === 0 || (next !== null && rows !== LIMIT)) throw new Error(`${path} gave ${rows} rows`)
      pages += 1
    }
    return pages
  }

  return {
    ask,
    times: async (paths) => {
      const times: number[] = []
      for (const path of paths) {
        const beganMs = performance.now()
        const page = await ask(path)
        times.push(performance.now() - beganMs)
        const rows = rowsOf(page).length
        if (rows !== LIMIT) throw new Error(`${path} gave ${rows} rows instead of ${LIMIT}`)
      }
      return latencyOf(times)
    },
    storm: async (clients, paths, signal) => {
      const pages = await Promise.all(Array.from({ length: clients }, () => client(paths, signal)))
      return pages.reduce((sum, one) => sum + one, 0)
    },
    close: () => agent.destroy(),
  }
}

/** Q7: whoever had an open visit is told of the start first; with ten million events stored that takes seconds. */
export async function untilStarted(pager: Pager): Promise<void> {
  for (let before = -1; ; ) {
    const { text } = await pager.ask('/metrics')
    const awake = Number(/^vestibule_actors_awake (\d+)/m.exec(text)?.[1] ?? 0)
    if (awake === before) return
    before = awake
    await pause(1_000)
  }
}

/** The first page of what was recorded in a visit, or of a person. */
export function eventsPath(of: 'visits' | 'identities', id: string): string {
  return `/backend/data/${of}/${id}/events?page_size=${LIMIT}`
}

export function rowsOf({ text }: Page): readonly unknown[] {
  return text === '' ? [] : JSON.parse(text)
}

/** The path of the page after this one; null = it is the last. */
export function nextOf({ headers: { link } }: Page): string | null {
  const [, next] = /^<([^>]+)>; rel="next"$/.exec(String(link ?? '')) ?? []
  return next ?? null
}

interface Asking {
  readonly agent: Agent
  readonly port: number
  readonly path: string
  readonly method: string
}

/** Rejects where the answer is none of the 2xx. */
function askAt({ agent, port, path, method }: Asking): Promise<Page> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
    const asked = request({ agent, port, path, method, headers, host: '127.0.0.1' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        const text = Buffer.concat(chunks).toString()
        if (status >= 200 && status < 300) resolve({ status, headers, text })
        else reject(refusal(status, `${method} ${path} was answered with ${status}: ${text.slice(0, 300)}`))
      })
    })
    asked.on('error', (cause) => reject(new NotCarried(`${method} ${path}: ${cause.message}`)))
    asked.setTimeout(PATIENCE_MS.PAGE, () => asked.destroy(new Error(saying('PAGE'))))
    asked.end(method === 'POST' ? '{}' : undefined)
  })
}

/** A server that cannot is no server that is wrong. */
function refusal(status: number, says: string): Error {
  return status >= 500 ? new NotCarried(says) : new Error(says)
}
