/** What was committed after a position, a stretch at a time; streams at the same place share what was read. */
import type { Store } from '../store/contract.ts'
import type { ChangeRow, CommitRow, CommitStretch } from '../store/rows.ts'

export interface Window {
  /** When the first commit in it was made, epoch ms: all after it is kept if that one is. */
  readonly at: number
  /** The last position in it. */
  readonly until: number
  readonly changes: readonly ChangeRow[]
  readonly stretches: readonly CommitStretch[]
}

/** The window after a position, or null where nothing came after it. */
export type ReadWindow = (after: number) => Window | null

/** Commits of a window at most, and entries at which it has enough. */
const WINDOW_COMMITS = 64
const WINDOW_ENTRIES = 2_000

export function createWindows(store: Pick<Store, 'commits' | 'changes' | 'lastPosition'>): ReadWindow {
  let last: { readonly after: number; readonly end: number; readonly window: Window | null } | null = null
  const forget = (): void => {
    last = null
  }
  return (after) => {
    const end = store.lastPosition()
    if (last?.after !== after || last.end !== end) {
      // For those that are woken together: what an erasure hides or takes away is not told from memory (Q12).
      if (last === null) setImmediate(forget)
      last = { after, end, window: read(store, after, end) }
    }
    return last.window
  }
}

/** Up to `end`: what is committed behind it can be read already, and may not be on disk yet. */
function read(store: Pick<Store, 'commits' | 'changes'>, after: number, end: number): Window | null {
  if (after >= end) return null
  const commits = enough(store.commits({ from: after + 1, to: end, limit: WINDOW_COMMITS }))
  const [first, last] = [commits[0], commits.at(-1)]
  if (first === undefined || last === undefined) return null
  const until = last.position + entriesIn(last) - 1
  if (until <= after) return null
  const changes = store.changes({ from: after + 1, to: until, limit: Number.POSITIVE_INFINITY })
  return { at: first.at, until, changes, stretches: commits.flatMap(({ stretches }) => stretches) }
}

function enough(commits: readonly CommitRow[]): readonly CommitRow[] {
  let entries = 0
  const end = commits.findIndex((commit) => {
    entries += entriesIn(commit)
    return entries >= WINDOW_ENTRIES
  })
  return end === -1 ? commits : commits.slice(0, end + 1)
}

function entriesIn({ stretches }: CommitRow): number {
  return stretches.reduce((sum, { count }) => sum + count, 0)
}
