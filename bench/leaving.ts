/** What a bench has open when it ends before its time: put away at the exit, so that nothing is left behind. */
import { rmSync } from 'node:fs'

const open = new Set<() => void>()

/** Calls this at the exit, whatever ends the process but a SIGKILL; not any more after the function it returns was called. */
export function atExit(putAway: () => void): () => void {
  if (open.size === 0) process.once('exit', putAllAway)
  open.add(putAway)
  return () => {
    open.delete(putAway)
    if (open.size === 0) process.off('exit', putAllAway)
  }
}

/** The last first: a process before the folder it writes in. One that fails keeps none from the others. */
function putAllAway(): void {
  for (const putAway of [...open].reverse()) {
    try {
      putAway()
    } catch (cause) {
      process.stderr.write(`left behind: ${String(cause)}\n`)
    }
  }
}

/** Removes a folder, also while a process that was killed still ends in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}
