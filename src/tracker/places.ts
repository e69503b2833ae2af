/** Where a browser lets us keep things; each of them may be blocked, and then it just keeps nothing. */
import { attempt } from './attempt.ts'
import { filter } from './own.ts'

export interface Place {
  read(key: string): string | null | undefined
  /** True where it is kept. */
  write(key: string, value: string): boolean | undefined
  drop(key: string): void
  /** The keys that begin so. */
  keysOf(prefix: string): readonly string[]
}

/** A Web Storage that does not throw: even naming `localStorage` can, where the user blocks it. */
export function storagePlace(open: () => Storage): Place {
  return {
    read: (key) => attempt(() => open().getItem(key)),
    // It answers nothing where it does not throw.
    write: (key, value) => attempt(() => open().setItem(key, value) === undefined),
    drop: (key) => attempt(() => open().removeItem(key)),
    keysOf: (prefix) => filter(attempt(() => Object.keys(open())) || [], (key) => key.startsWith(prefix)),
  }
}

export function readCookie(name: string): string | undefined {
  const [, value] = new RegExp(`(?:^|; )${name}=([^;]+)`).exec(attempt(() => document.cookie) || '') || []
  return value
}

/** With further attributes, e.g. `; Max-Age=60`. False where the browser did not keep it. */
export function writeCookie(name: string, value: string, attributes: string): boolean {
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  attempt(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
    document.cookie = `${name}=${value}; path=/; SameSite=Lax${secure}${attributes}`
  })
  return readCookie(name) === value
}
