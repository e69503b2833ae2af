/** Starts the load generator in its own process and gives it one job. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job, Result } from './generator.ts'

export interface Generating {
  readonly result: Result
  /** Ends the process, and with it the connections that stayed. */
  readonly end: () => Promise<void>
}

const DEFAULTS: Omit<Job, 'port'> = {
  connections: 100,
  inFlight: 8,
  eventsPerMessage: 1,
  warmUpMs: 1_000,
  measureMs: 4_000,
  batchesPerSecond: null,
  eventsPerVisitor: null,
  stays: false,
}

/** Resolves when the job is done; rejects if the contender did not do its part. */
export async function generate(job: Partial<Job> & Pick<Job, 'port'>): Promise<Generating> {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  child.send({ ...DEFAULTS, ...job })
  const failed = ended.then(([code]) => {
    throw new Error(`the load generator ended with code ${code}`)
  })
  // If the result comes first, nobody waits for this any more.
  failed.catch(() => undefined)
  const [result] = await Promise.race([once(child, 'message'), failed])
  return {
    result,
    end: async () => {
      child.kill()
      await ended
    },
  }
}
