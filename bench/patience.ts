/** What a bench waits for, and for how long: nothing without a limit, and each limit has a name. */
import type { ChildProcess } from 'node:child_process'
import { NotCarried } from './frames.ts'

/** In ms. Whoever takes longer does not carry what was asked. */
export const PATIENCE_MS = {
  /** Until a server listens. */
  START: 60_000,
  /** Without one more answer, while somebody waits for one. */
  SILENCE: 20_000,
  /** Until all browsers have come, are welcome, and what they greeted with is acknowledged. */
  ARRIVAL: 40_000,
  /** For an HTTP answer. */
  PAGE: 20_000,
  /** For the load generator to do what it was told. */
  GENERATOR: 300_000,
  /** For what a server costs, or takes on the disk. */
  COSTS: 60_000,
  /** For a process to end by itself; after that it is killed. */
  END: 10_000,
  /** For a job without any progress: a filling, an erasure. */
  PROGRESS: 120_000,
} as const

export type Patience = keyof typeof PATIENCE_MS

/** Rejects with `NotCarried`, which names the limit, where the work takes longer. */
export async function within<T>(limit: Patience, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotCarried(`${what}: ${saying(limit)}`)), PATIENCE_MS[limit])
  })
  try {
    return await Promise.race([work, tooLong])
  } finally {
    clearTimeout(timer)
  }
}

/** The limit as an error names it; `ms` where it is not what it is by default. */
export function saying(limit: Patience, ms: number = PATIENCE_MS[limit]): string {
  return `nothing within ${limit} (${ms / 1_000} s)`
}

/** Asks a process to end; one that does not, in its time, is killed. `ended` is its exit. */
export async function endProcess(
  child: ChildProcess,
  ended: Promise<unknown>,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS.END)
  await ended
  clearTimeout(timer)
}
