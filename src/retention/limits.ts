/** Where the node's positions begin that are young enough to be kept. */
import type { Store } from '../store/contract.ts'

export const DAY_MS = 24 * 60 * 60_000
/** E1, E9: hashes of ids stay for so long behind what went. */
export const HASHES_KEEP_MS = 30 * DAY_MS

/** The first position whose commit is not older than `at`; behind the last where all are. */
export function firstSince(store: Pick<Store, 'commits' | 'lastPosition'>, at: number): number {
  const [first] = store.commits({ limit: 1 })
  let low = first?.position ?? 1
  let high = store.lastPosition() + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [commit] = store.commits({ from: middle, limit: 1 })
    if (commit === undefined || commit.at >= at) high = middle
    else low = commit.position + commit.stretches.reduce((sum, { count }) => sum + count, 0)
  }
  return low
}
