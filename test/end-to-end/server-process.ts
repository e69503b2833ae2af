/** The real server in a process of its own, which a test may end in any way. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { within } from '../helpers/within.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Starts `vestibule serve`; resolves when it listens. */
export async function startServerProcess(args: readonly string[]): Promise<ChildProcess> {
  const command = ['--import', 'tsx', main, 'serve', ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
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
