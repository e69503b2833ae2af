/** Who listens to commits: the sockets, the relay, `/live`, the rules. */
import type { VisitorsLog } from './room.ts'

export type Listener<Told> = (told: Told) => void

export interface Listeners<Told> {
  /** Returns the function that stops listening. */
  readonly add: (listener: Listener<Told>) => () => void
  /** What was committed is acknowledged, whatever a listener makes of it. */
  readonly tell: (told: Told) => void
}

/** Nobody listens yet. */
export function createListeners<Told>(log: VisitorsLog): Listeners<Told> {
  const listeners = new Set<Listener<Told>>()
  return {
    add: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: (told) => {
      for (const listener of listeners) {
        try {
          listener(told)
        } catch (err) {
          log.error({ err }, 'a listener failed to take what was committed')
        }
      }
    },
  }
}
