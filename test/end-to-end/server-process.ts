/** The real server in a process of its own, which a test may end in any way. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { within } from '../helpers/within.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface BuiltServer {
  readonly file: string
  readonly remove: () => void
}

/** The server in one file: starting it many times costs a fraction. What it serves lies beside it in dist/. */
export async function buildServer(): Promise<BuiltServer> {
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  const folder = mkdtempSync(join(dist, 'server-'))
  const file = join(folder, 'main.mjs')
  await build({
    entryPoints: [join(root, 'src/main.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts `vestibule serve`, by node itself or by a `command` that sets its bounds first; resolves when it listens. */
export async function startServerProcess(
  file: string,
  args: readonly string[],
  command: readonly [string, ...string[]] = [process.execPath],
): Promise<ChildProcess> {
  const [program, ...before] = command
  const child = spawn(program, [...before, file, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (text) => {
    said += String(text)
  })
  const listening = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text) => {
      if (String(text).includes('listening on')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  await within(20_000, 'the server listens', listening).catch((cause: unknown) => {
    child.kill('SIGKILL')
    throw cause
  })
  return child
}

/** Ends a process, and resolves when it is gone. */
export async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  child.kill(signal)
  return within(20_000, 'the server is gone', gone)
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
