/** How often one key may ask: so much a second, and some more at once. */

export interface Rates {
  /** Takes one request of this key's; false where it has asked too often. */
  take(name: string): boolean
}

export interface RateLimits {
  /** 0 = no limit. */
  readonly perSecond: number
  readonly burst: number
  /** Epoch ms. */
  readonly now: () => number
}

/** Names that are remembered: a token may name anybody. */
const NAMES_MAX = 10_000

/** A bucket a name, full at first, that fills by itself. */
export function createRates({ perSecond, burst, now }: RateLimits): Rates {
  const buckets = new Map<string, { readonly left: number; readonly at: number }>()
  return {
    take: (name) => {
      if (perSecond === 0) return true
      const at = now()
      const before = buckets.get(name) ?? { left: burst, at }
      const left = Math.min(burst, before.left + ((at - before.at) * perSecond) / 1_000)
      const isLeft = left >= 1
      // Put in anew, so that the one that asked last goes last.
      buckets.delete(name)
      buckets.set(name, { left: isLeft ? left - 1 : left, at })
      if (buckets.size > NAMES_MAX) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest)
          break
        }
      }
      return isLeft
    },
  }
}
