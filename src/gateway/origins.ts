/** P3: which pages may track: a request's Origin against the configured list, or the server's own names. */
import { ConfigError } from '../config.ts'

/** The names a page of the server itself may have where no list is configured, on any port. */
const OWN_NAMES = ['localhost', '127.0.0.1', '[::1]']

/**
 * Makes the question "may a page of this origin track here?". No origin at all is no browser and is served; `null`
 * (a sandboxed or local page) never is. Throws `ConfigError` where the list holds something else than an origin.
 */
export function createOriginPolicy(origins: readonly string[]): (origin: string | undefined) => boolean {
  const listed = new Set(origins.map(originOf))
  return (origin) => {
    if (origin === undefined) return true
    if (listed.size > 0) return listed.has(origin.toLowerCase())
    return isOwn(origin)
  }
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !isWeb(url) || url.pathname !== '/' || url.search !== '') {
    throw new ConfigError(`VESTIBULE_ORIGINS: "${text}" is no origin; write it as https://shop.example`)
  }
  return url.origin
}

function isOwn(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return isWeb(url) && OWN_NAMES.includes(url.hostname)
}

function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:'
}
