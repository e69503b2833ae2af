/** The real server in a process of its own, watched: what it logs, what it holds, how it ends. For faults and attacks. */
import type { ChildProcess } from 'node:child_process'
import { verify } from '../../src/commands/verify.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { buildServer, end, freePort, startServerProcess } from '../end-to-end/server-process.ts'
import { said } from './said.ts'
import { tempFolder } from './temp-folder.ts'

export interface WatchedServer {
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Where browsers connect. */
  readonly track: string
  /** The process; another one after a restart. */
  readonly child: () => ChildProcess
  readonly isRunning: () => boolean
  /** The lines it logged, parsed. */
  readonly logged: readonly LogLine[]
  /** A GET with the key. */
  readonly ask: (path: string) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }>
  /** One figure of `/metrics`; 0 where it has not been counted yet. */
  readonly figure: (name: string) => Promise<number>
  /** Starts it again, by another command where one is given. */
  readonly start: (command?: WatchedOptions['command']) => Promise<void>
  /** Ends the process; its exit code. */
  readonly end: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<number | null>
  /** What `vestibule verify` finds wrong in the folder of the ended server: nothing is ''. */
  readonly verify: () => Promise<string>
  /** The eventIDs on disk of these visitors, in order; the server must have ended. */
  readonly kept: (visitors: readonly string[]) => Promise<readonly (readonly string[])[]>
  /** Ends it where it runs, and removes what it left. */
  readonly remove: () => Promise<void>
}

export interface LogLine {
  readonly level: number
  readonly msg: string
}

export interface WatchedOptions {
  /** More options of `vestibule serve`. */
  readonly args?: readonly string[]
  /** What starts node: a program that sets bounds, node with its own options. */
  readonly command?: readonly [string, ...string[]]
  /** A folder on a disk of the test's own. */
  readonly data?: string
}

export const SECRET = 'watched-secret-0123456789'
const SCOPES = 'history:read+history:write+verdict+notify+erase+metrics'
/** Many browsers of one address, as no site has them. */
const MANY = ['--new-visitors-per-minute', '0', '--connections-per-address', '5000']

/** Starts it; the caller removes it. */
export async function startWatchedServer(options: WatchedOptions = {}): Promise<WatchedServer> {
  const folder = tempFolder()
  const data = options.data ?? folder.path
  const built = await buildServer()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const logged: LogLine[] = []
  const keys = ['--keys', `desk:${SECRET}:${SCOPES}`]
  const args = ['--port', String(port), '--data', data, ...keys, ...MANY, ...(options.args ?? [])]
  let child = await started(options.command).catch((cause: unknown) => {
    built.remove()
    folder.remove()
    throw cause
  })

  async function started(command: WatchedOptions['command']): Promise<ChildProcess> {
    const process = await startServerProcess(built.file, args, command)
    let rest = ''
    process.stdout?.on('data', (text) => {
      const lines = `${rest}${String(text)}`.split('\n')
      rest = lines.pop() ?? ''
      logged.push(...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)))
    })
    return process
  }

  async function ask(path: string) {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${SECRET}` } })
    const text = await answer.text()
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { text } }
  }

  const isRunning = () => child.exitCode === null && child.signalCode === null
  return {
    ...{ port, url, track: `ws://127.0.0.1:${port}/track`, logged, ask, isRunning },
    child: () => child,
    async figure(name) {
      const { body } = await ask('/metrics')
      const line = String(body.text)
        .split('\n')
        .find((each) => each.startsWith(`${name} `))
      return Number(line?.slice(name.length + 1) ?? 0)
    },
    async start(command = options.command) {
      child = await started(command)
    },
    end: (signal = 'SIGTERM') => end(child, signal),
    async verify() {
      const { code, out, err } = await said(() => verify(['--data', data]))
      return code === 0 ? '' : `${out}${err}`
    },
    kept: (visitors) => keptIn(data, visitors),
    async remove() {
      await end(child, 'SIGKILL')
      built.remove()
      folder.remove()
    },
  }
}

/** The eventIDs in a folder that no server has open, for each of these visitors, in order. */
export async function keptIn(
  path: string,
  visitors: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  const lists = visitors.map((globalVisitID) =>
    store.entries(store.visitorNumber(globalVisitID), { limit: 1_000_000 }),
  )
  await store.close()
  return lists.map((entries) => entries.filter(isStoredEvent).map(({ words }) => words.eventID))
}
