/** A server under test in its own process: started as its command, asked what it costs, stopped. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bytesOf } from './disk.ts'
import { NotCarried } from './frames.ts'
import { atExit, removeFolder } from './leaving.ts'
import { endProcess, within } from './patience.ts'

/** What a process costs so far. */
export interface Costs {
  /** CPU time, user and system, in ms. */
  readonly cpuMs: number
  /** JavaScript heap and what hangs on it, after a collection, in bytes. */
  readonly heapBytes: number
  /** Anonymous resident memory, in bytes: without the pages of files that are mapped. */
  readonly anonymousBytes: number
}

export interface ServerProcess {
  readonly port: number
  /** Of the process that listens. */
  readonly pid: number
  /** Where it keeps what it keeps. */
  readonly folder: string
  readonly costs: () => Promise<Costs>
  /** What it keeps takes so many bytes on the disk; 0 where it keeps nothing. */
  readonly diskBytes: () => Promise<number>
  /** Stops it and removes its folder. */
  readonly stop: () => Promise<void>
}

/** The server is what `npm run build` makes; its durability is the default. */
const COMMANDS: Readonly<Record<'floor' | 'ours', readonly [string, ...string[]]>> = {
  floor: ['floor.mjs'],
  ours: ['../dist/src/main.js', 'serve'],
}

/** As `npm start` and the image have it; the floor too. */
const YOUNG_SPACE = '--max-semi-space-size=32'

/** Limits that guard against a hostile client are raised: the clients of a bench are all at one address. */
const ENVIRONMENT = {
  VESTIBULE_PORT: '0',
  VESTIBULE_EVENTS_PER_SECOND: '1000000',
  VESTIBULE_EVENTS_BURST: '1000000',
  VESTIBULE_CONNECTIONS_PER_ADDRESS: '100000',
  VESTIBULE_NEW_VISITORS_PER_MINUTE: '0',
  VESTIBULE_REQUESTS_PER_SECOND: '0',
  VESTIBULE_LOG_LEVEL: 'error',
}

export async function startServerProcess(
  contender: 'floor' | 'ours',
  more: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-bench-'))
  const [module, ...args] = COMMANDS[contender]
  const child = fork(pathOf(module), args, {
    execArgv: [YOUNG_SPACE, '--expose-gc', '--import', pathOf('costs.mjs')],
    env: { ...process.env, ...ENVIRONMENT, VESTIBULE_DATA: folder, ...more },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const forget = atExit(() => {
    child.kill('SIGKILL')
    removeFolder(folder)
  })
  const stop = async () => {
    await endProcess(child, ended)
    forget()
    removeFolder(folder)
  }
  try {
    return {
      port: await portOf(child, ended),
      pid: pidOf(child),
      folder,
      costs: () => askCosts(child),
      diskBytes: async () => bytesOf(folder),
      stop,
    }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** Of a process that was started with `costs.mjs`. */
export async function askCosts(child: ChildProcess): Promise<Costs> {
  if (!child.connected) throw new NotCarried('the server has ended')
  child.send('costs')
  const [costs] = await within('COSTS', 'what a server costs', once(child, 'message'))
  return costs
}

/** It says where it listens, or ends. */
export async function portOf(child: ChildProcess, ended: Promise<unknown[]>): Promise<number> {
  if (child.stdout === null) throw new Error('a server without an output')
  const lines = createInterface({ input: child.stdout })
  const failed = ended.then(([code]) => {
    throw new Error(`the server ended with code ${code} before it listened`)
  })
  // Once it listens, nobody waits for this any more.
  failed.catch(() => undefined)
  const [line] = await within('START', 'a server', Promise.race([once(lines, 'line'), failed]))
  const [, port] = /^listening on http:\/\/[^:]+:(\d+)$/.exec(line) ?? []
  if (port === undefined) throw new Error(`the server said "${line}" instead of where it listens`)
  return Number(port)
}

/** Of a process that has started. */
export function pidOf({ pid, spawnfile }: ChildProcess): number {
  if (pid === undefined) throw new Error(`${spawnfile} did not start`)
  return pid
}

function pathOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url))
}
