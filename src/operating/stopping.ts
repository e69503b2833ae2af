/** An orderly stop: one step after another, each with a limit (Q6). */
import type { Log } from './log.ts'

/** Something that is open, and how it is closed. */
export interface Step {
  readonly name: string
  readonly close: () => Promise<void>
}

/** A step that keeps its own limit is not cut by ours at the same moment. */
const SLACK_MS = 500

/** Closes in the order given. What takes too long or fails is logged, and the rest is closed all the same. */
export async function closeInOrder(
  steps: readonly Step[],
  { drainMs, log }: { readonly drainMs: number; readonly log: Pick<Log, 'warn' | 'error'> },
): Promise<void> {
  for (const { name, close } of steps) {
    const isInTime = await within(drainMs + SLACK_MS, close()).catch((err: unknown) => {
      log.error({ step: name, err }, 'a step of the stop failed')
      return true
    })
    if (!isInTime) log.warn({ step: name, drainMs }, 'a step of the stop took too long; going on without it')
  }
}

/** True if it was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
