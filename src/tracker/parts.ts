/** What few pages need is in files of their own, loaded by the first page that does; this is where they meet. */
import type { Line, LineOptions } from './line.ts'

declare global {
  interface Window {
    /** `tracker-dsl.js`; before it is there, the declarations that wait for it. */
    _gtDsl?: { push(declared: unknown): unknown }
    /** `tracker-http.js`. */
    _gtHttp?: (options: LineOptions) => Line
  }
}

export type Part = 'dsl' | 'http'
