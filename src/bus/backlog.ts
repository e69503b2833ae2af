/** Whether too much waits for NATS, or for too long (B5): said once when it begins, and once when it is over. */
import type { Config } from '../config.ts'
import type { Timing } from '../visitors/timing.ts'
import type { BusLog } from './log.ts'

/** Committed changes that are not published yet. */
export interface Backlog {
  readonly rows: number
  /** How old the oldest of them is; 0 where there is none. */
  readonly oldestAgeMs: number
}

export interface BacklogWatch {
  readonly isOverLimit: () => boolean
  readonly close: () => void
}

export interface BacklogParts {
  readonly backlog: () => Backlog
  readonly config: Pick<Config, 'natsBacklogRows' | 'natsBacklogAgeMs'>
  readonly timing: Timing
  readonly log: BusLog
}

const LOOK_MS = 1_000

export function watchBacklog({ backlog, config, timing, log }: BacklogParts): BacklogWatch {
  const { natsBacklogRows: rowsMax, natsBacklogAgeMs: ageMaxMs } = config
  let wasOver = false

  const isOver = ({ rows, oldestAgeMs }: Backlog) => rows > rowsMax || oldestAgeMs > ageMaxMs

  function look(): void {
    const now = backlog()
    const isOverNow = isOver(now)
    if (isOverNow === wasOver) return
    wasOver = isOverNow
    const fields = { ...now, rowsMax, ageMaxMs }
    if (isOverNow) log.warn(fields, 'too many changes wait for NATS, or for too long; none is dropped')
    else log.info(fields, 'the changes that waited for NATS are within their limits again')
  }

  const close = timing.every(LOOK_MS, look)
  return { isOverLimit: () => isOver(backlog()), close }
}
