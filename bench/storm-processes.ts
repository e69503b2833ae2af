/** Browsers in their own process, and the memory of the server that they storm. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Acks, Command, Served } from './storm-browsers.ts'

export interface Browsers {
  readonly ask: <T extends Served | Acks | null>(command: Command) => Promise<T>
  readonly end: () => Promise<void>
}

export function startBrowsers(): Browsers {
  const child = fork(fileURLToPath(new URL('storm-browsers.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const failed = ended.then(([code]) => {
    throw new Error(`the browsers of the storm ended with code ${code}`)
  })
  // What fails between two commands is told by the next one.
  failed.catch(() => undefined)
  return {
    async ask(command) {
      child.send(command)
      const [{ answer }] = await Promise.race([once(child, 'message'), failed])
      return answer
    },
    async end() {
      child.kill()
      await ended
    },
  }
}

const LOOK_MS = 50

/** Resident bytes of a process: now, and the most that was seen. */
export function watchMemory(pid: number) {
  let peak = 0
  const now = (): number => {
    const [, kilobytes = 0] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) * 1_024
  }
  const look = setInterval(() => {
    peak = Math.max(peak, now())
  }, LOOK_MS)
  return { peak: () => peak, now, end: () => clearInterval(look) }
}
