/** The server's time (E4): the wall clock at the start plus a monotonic clock, never below what is stored. */

export interface Clock {
  /** Epoch ms, never less than before. */
  readonly now: () => number
  /** How far the wall clock is ahead of `now` by now, in ms: negative where it was set back, also before the start. */
  readonly drift: () => number
}

export interface ClockSources {
  readonly wall: () => number
  readonly monotonic: () => number
}

const SYSTEM: ClockSources = { wall: Date.now, monotonic: () => performance.now() }

/** A clock that goes on from the last stored time. */
export function createClock(storedAt: number, { wall, monotonic }: ClockSources = SYSTEM): Clock {
  const start = wall()
  const began = monotonic()
  let last = storedAt
  const now = (): number => {
    last = Math.max(last, Math.floor(start + monotonic() - began))
    return last
  }
  return { now, drift: () => wall() - now() }
}
