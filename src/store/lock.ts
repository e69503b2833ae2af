// One server at a time on a folder: a lock file that names the process, and is void when that process is gone (Q4).
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreLocked } from './errors.ts'

/** Who holds a folder. `started` tells a process from a later one of the same pid. */
interface Holder {
  readonly pid: number
  readonly started: string
}

/** Takes the folder, and returns the function that gives it back. Throws `StoreLocked` where a server has it. */
export function lockFolder(path: string): () => void {
  const file = join(path, 'server.lock')
  const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Holder)
  const draft = join(path, `server.lock.${process.pid}`)
  writeFileSync(draft, own, { mode: 0o600 })
  try {
    // A link is made whole or not at all, so nobody reads half a lock; a second round follows a void one.
    for (let round = 0; ; round += 1) {
      if (linked(draft, file)) return () => release(file, own)
      const held = read(file)
      const holder = held === null ? null : parse(held)
      if (holder !== null && isRunning(holder)) throw locked(path, holder)
      if (round === 3)
        throw new StoreLocked(`${path} is being opened by other processes at this moment; try again`)
      if (held !== null) setAside(file, held)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function locked(path: string, { pid }: Holder): StoreLocked {
  const who = pid === process.pid ? `this process (pid ${pid})` : `the process with pid ${pid}`
  return new StoreLocked(
    `${path} is in use by ${who}: stop that one first, or name another folder with VESTIBULE_DATA`,
  )
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isFileError(error, 'EEXIST')) return false
    throw error
  }
}

/** Removes the lock of a process that is gone; if another took the folder meanwhile, gives it back to that one. */
function setAside(file: string, held: string): void {
  const aside = `${file}.void.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return
    throw error
  }
  if (read(aside) !== held) linked(aside, file)
  rmSync(aside, { force: true })
}

function release(file: string, own: string): void {
  if (read(file) === own) rmSync(file, { force: true })
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return null
    throw error
  }
}

/** A file that says nothing of a process holds nothing: a crash of the machine may leave it empty. */
function parse(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return null
    const { pid, started } = value
    return Number.isInteger(pid) && typeof started === 'string' ? { pid: Number(pid), started } : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (isFileError(error, 'ESRCH')) return false
    // EPERM: it runs, and is another user's.
    if (!isFileError(error, 'EPERM')) throw error
  }
  return startOf(pid) === started
}

/** When a process started, as Linux says it: ticks since this boot, and the boot. Elsewhere '': the pid decides. */
function startOf(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`)
  const boot = readProc('/proc/sys/kernel/random/boot_id')
  // The name in brackets may hold spaces; behind it come the state and, as the 20th field, the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return 'dead, and not yet buried by its parent'
  return fields[19] === undefined ? '' : `${boot.trim()} ${fields[19]}`
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isFileError(error, 'ENOENT') || isFileError(error, 'ESRCH') || isFileError(error, 'EACCES')) return ''
    throw error
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
