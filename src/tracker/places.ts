/** Where a browser lets us keep things; each of them may be blocked, and then it just keeps nothing. */

export interface Place {
  read(key: string): string | null
  /** False where it could not be kept. */
  write(key: string, value: string): boolean
  remove(key: string): void
  keys(): readonly string[]
}

/** A Web Storage that does not throw: even naming `localStorage` can, where the user blocks it. */
export function storagePlace(open: () => Storage): Place {
  return {
    read: (key) => attempt(() => open().getItem(key), null),
    write: (key, value) =>
      attempt(() => {
        open().setItem(key, value)
        return true
      }, false),
    remove: (key) => attempt(() => open().removeItem(key), undefined),
    keys: () => attempt(() => Object.keys(open()), []),
  }
}

export interface CookieOptions {
  /** The cookie serves its subdomains too. */
  readonly domain?: string | undefined
  /** Seconds; none = until the browser closes. */
  readonly maxAgeSeconds?: number
}

export function readCookie(name: string): string | null {
  const found = attempt(() => document.cookie, '').match(new RegExp(`(?:^|; )${name}=([^;]*)`))
  return found && (found[1] || null)
}

/** False where the browser did not keep it. */
export function writeCookie(name: string, value: string, { domain, maxAgeSeconds }: CookieOptions): boolean {
  const parts = [`${name}=${value}`, 'Path=/', 'SameSite=Lax']
  if (domain) parts.push(`Domain=${domain}`)
  if (location.protocol === 'https:') parts.push('Secure')
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`)
  attempt(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
    document.cookie = parts.join('; ')
  }, undefined)
  return readCookie(name) === value
}

function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work()
  } catch {
    // Blocked, or full: the caller reads the answer and goes on without.
    return otherwise
  }
}
