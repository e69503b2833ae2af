/** System calls of a running process that fail, or take long: what a disk that turns read-only, breaks or is slow does. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { within } from './within.ts'

export interface FailingCalls {
  /** How many calls it has met so far. */
  readonly met: () => number
  /** What comes from now on succeeds again. */
  readonly end: () => Promise<void>
}

export interface Failing {
  readonly pid: number
  /** Only calls on these files. */
  readonly paths: readonly string[]
  /** As strace spells them: `fdatasync`. */
  readonly calls: readonly string[]
  /** What becomes of them, as strace spells it: `error=EROFS`, `delay_enter=50000` (in microseconds). */
  readonly how: string
}

/** Whether this user may follow the calls of another process. */
export function canFailCalls(): boolean {
  return spawnSync('sh', ['-c', 'sleep 1 & exec strace -o /dev/null -p $!']).status === 0
}

/** Of what strace says: its beginning tells whether it follows. */
const SAID_LENGTH = 10_000

/** Resolves when every such call of all threads fails. */
export async function failCalls({ pid, paths, calls, how }: Failing): Promise<FailingCalls> {
  const files = paths.flatMap((path) => ['-P', path])
  const faults = ['-e', `trace=${calls.join()}`, '-e', `inject=${calls.join()}:${how}`]
  const strace = spawn('strace', ['-f', '-s', '0', ...files, ...faults, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exit = once(strace, 'exit')
  let said = ''
  let met = 0
  const attached = new Promise<void>((resolve, reject) => {
    strace.stderr.on('data', (text) => {
      met += String(text).split('INJECTED').length - 1
      if (said.length < SAID_LENGTH) said += String(text)
      if (said.includes(' attached')) resolve()
    })
    strace.once('exit', (code) => reject(new Error(`strace ended with ${code}: ${said}`)))
  })
  await within(10_000, 'strace follows the process', attached)
  return {
    met: () => met,
    async end() {
      strace.kill('SIGINT')
      await within(10_000, 'strace lets go', exit)
    },
  }
}
