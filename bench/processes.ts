/** What processes cost, read from /proc: for those who cannot be asked, and for who must not be disturbed. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of a clock tick of /proc: 100 of them are a second on every Linux. */
const TICK_MS = 10

interface Stat {
  readonly parent: number
  /** User and system, also of the children that have ended. */
  readonly cpuMs: number
}

/** CPU ms so far of a process and all that it started, also of those that have ended. */
export function cpuMsOfTree(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (statOf(pid)?.cpuMs ?? 0), 0)
}

/** Anonymous resident bytes of a process and all that it started: without files that are mapped. */
export function anonymousBytesOfTree(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + anonymousBytesOf(pid), 0)
}

/** Anonymous resident bytes of one process; 0 where it has ended. */
export function anonymousBytesOf(pid: number): number {
  const [, kilobytes = 0] = /RssAnon:\s+(\d+) kB/.exec(read(pid, 'status') ?? '') ?? []
  return Number(kilobytes) * 1_024
}

function treeOf(root: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
    if (stat !== null) parents.set(Number(name), stat.parent)
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
      if (at === root) return true
    }
    return false
  }
  return [...parents.keys()].filter(isBelow)
}

/** Null where it has ended. */
function statOf(pid: number): Stat | null {
  const text = read(pid, 'stat')
  if (text === null) return null
  // The name stands in parentheses, and may hold any of them.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), cpuMs: ticks * TICK_MS }
}

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}
