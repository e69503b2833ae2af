/** A real Vestibule in a process of its own, with the shop: to be killed, started again, and asked. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '../helpers/temp-folder.ts'
import { within } from '../helpers/within.ts'

export interface Vestibule {
  /** The same after every start. */
  readonly url: string
  /** The folder that it keeps its data in. */
  readonly data: string
  /** As `kill -9` does. */
  kill(): Promise<void>
  start(): Promise<void>
  /** What History answers, parsed; null for 204. */
  ask<T>(path: string): Promise<T>
  /** Ends it and removes what it kept. */
  stop(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const SECRET = 'the-shop-test-may-read'
const START_MS = 20_000

/** Starts it; `env` is added to its environment. */
export async function startVestibule(env: Readonly<Record<string, string>>): Promise<Vestibule> {
  const folder = tempFolder()
  let child: ChildProcess | null = null
  let url = ''

  async function start(): Promise<void> {
    const started = spawn(process.execPath, ['--import', 'tsx', MAIN, 'serve', '--demo'], {
      env: {
        ...process.env,
        VESTIBULE_DATA: folder.path,
        VESTIBULE_KEYS: `reader:${SECRET}:history:read`,
        VESTIBULE_LOG_LEVEL: 'error',
        VESTIBULE_PORT: url === '' ? '0' : new URL(url).port,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child = started
    const end = () => started.kill('SIGKILL')
    process.once('exit', end)
    started.once('exit', () => process.off('exit', end))
    url = await within(START_MS, 'the server listens', listening(started))
  }

  async function kill(): Promise<void> {
    const ended = child
    child = null
    if (ended === null || ended.exitCode !== null || ended.signalCode !== null) return
    ended.kill('SIGKILL')
    await once(ended, 'exit')
  }

  await start()
  return {
    url,
    data: folder.path,
    kill,
    start,
    async ask<T>(path: string): Promise<T> {
      const answer = await fetch(`${url}/backend/data${path}`, {
        headers: { authorization: `Bearer ${SECRET}` },
      })
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`)
      // A boundary: the caller names the resource that the path gives.
      return (answer.status === 204 ? null : await answer.json()) as T
    },
    async stop() {
      await kill()
      folder.remove()
    },
  }
}

/** Where it says that it listens; rejects where it ends before. */
async function listening(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const text of child.stdout ?? []) {
    said += String(text)
    const [, url] = /listening on (\S+)/.exec(said) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`the server ended before it listened: ${said}`)
}
