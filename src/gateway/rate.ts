/** The bucket of a rate limit, kept as one number: when it will be full again. */

export interface Rate {
  readonly perSecond: number
  /** What fits into a full bucket. */
  readonly burst: number
}

/** Sums of fractions of a ms may miss a bound by less than this. */
const SLACK_MS = 1e-6

/**
 * How many ms until `count` fit into the bucket; 0 = now. More than a burst waits for a full bucket, so that it is
 * not kept out for ever.
 */
export function waitMs(fullAt: number, now: number, count: number, rate: Rate): number {
  const emptyMs = Math.max(0, fullAt - now)
  const roomMs = (Math.max(0, rate.burst - count) * 1_000) / rate.perSecond
  const missing = emptyMs - roomMs
  return missing <= SLACK_MS ? 0 : missing
}

/** When the bucket will be full again after `count` were taken. */
export function fullAfterTaking(fullAt: number, now: number, count: number, rate: Rate): number {
  return Math.max(fullAt, now) + (count * 1_000) / rate.perSecond
}
