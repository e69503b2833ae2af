/** The parent's side of a server under test: starts it in its own process, asks what it costs, stops it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Costs, FromChild, ToChild } from './child.ts'

export type Contender = 'floor' | 'ours'

export interface ServerProcess {
  readonly port: number
  /** Where it keeps what it keeps. */
  readonly folder: string
  readonly costs: () => Promise<Costs>
  /** Stops it and removes its folder. */
  readonly stop: () => Promise<void>
}

/** Limits that guard against a hostile client are raised: the clients of a bench are all at one address. */
const ENVIRONMENT = {
  VESTIBULE_PORT: '0',
  VESTIBULE_EVENTS_PER_SECOND: '1000000',
  VESTIBULE_EVENTS_BURST: '1000000',
  VESTIBULE_CONNECTIONS_PER_ADDRESS: '100000',
  VESTIBULE_NEW_VISITORS_PER_MINUTE: '0',
}

export async function startServerProcess(
  contender: Contender,
  more: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-bench-'))
  const child = fork(fileURLToPath(new URL(`${contender}.ts`, import.meta.url)), {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    env: { ...process.env, ...ENVIRONMENT, VESTIBULE_DATA: folder, ...more },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const told = await next(child)
  if (!('port' in told)) throw new Error(`${contender} did not say where it listens`)
  return {
    port: told.port,
    folder,
    costs: async () => {
      tell(child, 'costs')
      const answer = await next(child)
      if (!('costs' in answer)) throw new Error(`${contender} did not tell its costs`)
      return answer.costs
    },
    stop: async () => {
      tell(child, 'stop')
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The next message of a child; rejects if it ends instead. */
export async function next(child: ChildProcess): Promise<FromChild> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with code ${code}`)
  })
  // If the message comes first, nobody waits for the end any more.
  ended.catch(() => undefined)
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message
}

function tell(child: ChildProcess, asked: ToChild): void {
  child.send(asked)
}
