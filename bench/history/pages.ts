/** Asks for pages of 100 events over HTTP: one after another with the time of each, or by many clients at once. */
import { randomInt } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, get as request } from 'node:http'
import { type Latency, latencyOf } from '../latency.ts'

const SECRET = 'a-secret-of-the-bench'
const LIMIT = 100
const EMPTY_BYTES = 2

/** The setting with which a server knows this bench. */
export const KEYS = { VESTIBULE_KEYS: `bench:${SECRET}:history:read` }

export interface Pager {
  /** The times of the pages at these paths, one after another. */
  readonly times: (paths: readonly string[]) => Promise<Latency>
  /** So many clients page at once, each through list after list, until the signal; how many pages they were given. */
  readonly storm: (clients: number, paths: readonly string[], signal: AbortSignal) => Promise<number>
  readonly close: () => void
}

/** Whoever asks the server at this port. Rejects where a page is refused, or holds nothing. */
export function openPager(port: number): Pager {
  const agent = new Agent({ keepAlive: true })

  function ask(path: string): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      const options = { agent, port, host: '127.0.0.1', headers: { authorization: `Bearer ${SECRET}` } }
      const asked = request({ ...options, path }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => void chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
          if (response.statusCode === 200 && bytes > EMPTY_BYTES) return resolve(response.headers)
          const [said] = chunks
          reject(
            new Error(`${path} was answered with ${response.statusCode}: ${said?.toString().slice(0, 300)}`),
          )
        })
      })
      asked.on('error', reject)
    })
  }

  async function client(paths: readonly string[], signal: AbortSignal): Promise<number> {
    let pages = 0
    let next: string | null = null
    while (!signal.aborted) {
      const path: string = next ?? paths[randomInt(paths.length)] ?? ''
      next = nextOf(await ask(path))
      pages += 1
    }
    return pages
  }

  return {
    times: async (paths) => {
      const times: number[] = []
      for (const path of paths) {
        const beganMs = performance.now()
        await ask(path)
        times.push(performance.now() - beganMs)
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

/** The first page of what was recorded in a visit, or of a person. */
export function eventsPath(of: 'visits' | 'identities', id: string): string {
  return `/backend/data/${of}/${id}/events?page_size=${LIMIT}`
}

function nextOf({ link }: IncomingHttpHeaders): string | null {
  const [, next] = /^<([^>]+)>; rel="next"$/.exec(String(link ?? '')) ?? []
  return next ?? null
}
