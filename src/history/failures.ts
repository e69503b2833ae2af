/** Wrong keys are counted by address and answered ever more slowly; a right key never waits. */

/** Wrong keys of one address that are answered at once. */
const FREE = 3
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** An address is forgotten after this long without a wrong key. */
const QUIET_MS = 60_000
const ADDRESSES_MAX = 10_000
/** Answers held back at once; past it a wrong key is told to come back later. */
const WAITING_MAX = 256

export interface Failures {
  /**
   * Notes a wrong key and resolves when it may be answered; `false` where too many are already held back: the
   * answer is 429 then.
   */
  slow(address: string): Promise<boolean>
}

export interface FailureClock {
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
}

export function createFailures({ now, wait }: FailureClock): Failures {
  const byAddress = new Map<string, { readonly count: number; readonly at: number }>()
  let waiting = 0

  function note(address: string): number {
    const at = now()
    const before = byAddress.get(address)
    const count = before === undefined || at - before.at > QUIET_MS ? 1 : before.count + 1
    // Put in anew, so that the map is in order of the last wrong key and the oldest goes first.
    byAddress.delete(address)
    byAddress.set(address, { count, at })
    if (byAddress.size > ADDRESSES_MAX) {
      for (const oldest of byAddress.keys()) {
        byAddress.delete(oldest)
        break
      }
    }
    return count
  }

  return {
    slow: async (address) => {
      const count = note(address)
      if (count <= FREE) return true
      if (waiting >= WAITING_MAX) return false
      waiting++
      try {
        await wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(count - FREE - 1, 16)))
        return true
      } finally {
        waiting--
      }
    },
  }
}
