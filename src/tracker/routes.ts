/** Tells when a single-page site shows another page (T1). */
import type { Guard } from './guard.ts'

/**
 * `pushState` and `popstate` with another path or query count, `replaceState` only with another path (sites write
 * filters and scroll places with it), and a change of the fragment never does.
 */
export function watchRoutes(guard: Guard, onRoute: () => void): void {
  let { pathname, search } = location

  const look = guard((byQuery: boolean) => {
    const isOther = location.pathname !== pathname || (byQuery && location.search !== search)
    pathname = location.pathname
    search = location.search
    if (isOther) onRoute()
  })

  for (const method of ['pushState', 'replaceState'] as const) {
    const original = history[method]
    history[method] = (...args) => {
      original.apply(history, args)
      look(method === 'pushState')
    }
  }
  addEventListener('popstate', () => look(true))
}
