/** Puts the tracker where the page's `_gt` queue is, once a page, and runs what was pushed before it came. */
import { makeFront } from './front.ts'
import type { CommandQueue } from './interface.ts'
import { isArray } from './own.ts'

declare global {
  interface Window {
    _gt?: CommandQueue & { isVestibule?: true }
  }
}

/**
 * The queue, with a tracker behind it. `home` is the server that the script came from; `nonce` that of its
 * tag: what a content security policy let in may bring parts along.
 */
export function install(home: string, nonce?: string): CommandQueue {
  const queue = window._gt || []
  window._gt = queue
  if (queue.isVestibule) return queue
  const run = makeFront(home, nonce)
  // The page may hold on to the array itself, so it is the array that learns to run commands.
  const early = isArray(queue) ? queue.splice(0) : []
  queue.push = (...commands) => {
    for (const command of commands) run(command)
    return 0
  }
  queue.isVestibule = true
  queue.push(...early)
  return queue
}
