/** The simulation's time: both clocks and all timers, turned by hand. */
import type { Timing } from '../../src/visitors/timing.ts'

/** A Monday morning; what it is does not matter. */
const MORNING = 1_760_000_000_000

interface Waiting {
  readonly dueMs: number
  readonly everyMs: number
  readonly run: () => void
  isOver: boolean
}

export interface Timetable {
  /** The wall clock, epoch ms: it may be set. */
  readonly wall: () => number
  readonly uptime: () => number
  /** Time passes on both clocks; nothing runs yet. */
  readonly pass: (ms: number) => void
  /** Somebody sets the wall clock. */
  readonly setWall: (byMs: number) => void
  /** What waits for the end of this turn, and timers that are due, each once; false where there was none. */
  readonly turn: () => boolean
  /** The timers of one process; `end` forgets them all, as its death does. */
  readonly process: () => { readonly timing: Timing; readonly end: () => void }
}

export function createTimetable(): Timetable {
  let wallMs = MORNING
  let uptimeMs = 1
  let soon: (() => void)[] = []
  let waiting: Waiting[] = []

  const wait = (ms: number, everyMs: number, run: () => void): Waiting => {
    const one = { dueMs: uptimeMs + ms, everyMs, run, isOver: false }
    waiting.push(one)
    return one
  }

  const due = (): readonly (() => void)[] => {
    const now = waiting.filter(({ dueMs }) => dueMs <= uptimeMs).sort((a, b) => a.dueMs - b.dueMs)
    waiting = waiting.filter(({ dueMs }) => dueMs > uptimeMs)
    return now.map((one) => () => {
      if (one.isOver) return
      if (one.everyMs > 0) waiting.push(Object.assign(one, { dueMs: uptimeMs + one.everyMs }))
      one.run()
    })
  }

  return {
    wall: () => wallMs,
    uptime: () => uptimeMs,
    pass(ms) {
      wallMs += ms
      uptimeMs += ms
    },
    setWall(byMs) {
      wallMs += byMs
    },
    turn() {
      const now = [...soon, ...due()]
      soon = []
      for (const run of now) run()
      return now.length > 0
    },
    process() {
      let isAlive = true
      const alive = (run: () => void) => () => {
        if (isAlive) run()
      }
      const timer = (ms: number, everyMs: number, run: () => void) => {
        if (!isAlive) return () => {}
        const one = wait(ms, everyMs, alive(run))
        mine.add(one)
        return () => {
          one.isOver = true
          waiting = waiting.filter((other) => other !== one)
        }
      }
      const mine = new Set<Waiting>()
      return {
        timing: {
          soon: (run) => void soon.push(alive(run)),
          after: (ms, run) => timer(ms, 0, run),
          every: (ms, run) => timer(ms, ms, run),
          uptime: () => uptimeMs,
        },
        end() {
          isAlive = false
          waiting = waiting.filter((one) => !mine.has(one))
        },
      }
    },
  }
}
