/** How the rooms wait: on the system's timers, or, in a simulation, on ones that are turned by hand. */

/** Whatever waits this way keeps no process alive. */
export interface Timing {
  /** After the I/O of this turn. */
  readonly soon: (run: () => void) => void
  /** Once, after so many ms; the result calls it off. */
  readonly after: (ms: number, run: () => void) => () => void
  /** Again and again; the result ends it. */
  readonly every: (ms: number, run: () => void) => () => void
  /** What a time is measured by, in ms; never goes back. */
  readonly uptime: () => number
}

export const SYSTEM_TIMING: Timing = {
  soon: (run) => void setImmediate(run),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
  uptime: () => performance.now(),
}
