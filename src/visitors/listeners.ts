/** Who listens to commits: the sockets, the relay, `/live`. */
import type { Committed } from './contract.ts'
import type { VisitorsLog } from './room.ts'

export type Listener = (committed: Committed) => void

export interface Listeners {
  /** Returns the function that stops listening. */
  readonly add: (listener: Listener) => () => void
  /** What was committed is acknowledged, whatever a listener makes of it. */
  readonly tell: (committed: Committed) => void
}

/** Nobody listens yet. */
export function createListeners(log: VisitorsLog): Listeners {
  const listeners = new Set<Listener>()
  return {
    add: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: (committed) => {
      for (const listener of listeners) {
        try {
          listener(committed)
        } catch (err) {
          log.error({ err }, 'a listener failed to take what was committed')
        }
      }
    },
  }
}
