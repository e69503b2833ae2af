/** How often a rule was right, and how sure we can be of that after so few decisions. */

export interface Precision {
  /** Hits of all that was decided; null where nothing was. */
  readonly precision: number | null
  /** Wilson's score interval at 95 %. */
  readonly low: number
  readonly high: number
}

/** The normal distribution's quantile for 95 %. */
const Z = 1.959963984540054

/** Wilson's interval stays within 0..1 and says something after few decisions too; after none it says 0..1. */
export function precisionOf({ hits, misses }: { readonly hits: number; readonly misses: number }): Precision {
  const decided = hits + misses
  if (decided === 0) return { precision: null, low: 0, high: 1 }
  const share = hits / decided
  const spread = Z ** 2 / decided
  const centre = share + spread / 2
  const margin = Z * Math.sqrt((share * (1 - share) + spread / 4) / decided)
  return {
    precision: share,
    low: Math.max(0, (centre - margin) / (1 + spread)),
    high: Math.min(1, (centre + margin) / (1 + spread)),
  }
}
