/** What follows when the socket closes: the range of the code is the policy. */

/** The longest wait between two tries. */
export const RECONNECT_MAX_MS = 20_000
/** The least wait after 4005, too many connections. */
export const CROWDED_MS = 60_000
const RECONNECT_FIRST_MS = 500
/** It does not come back. */
export const NEVER = Infinity

const TOO_MANY_CONNECTIONS = 4005
/** Not who it says it is: it starts again as somebody new, where it has not done so before. */
export const UNAUTHORIZED = 4503
export const FRAME_TOO_LARGE = 1009
export const BAD_FRAME = 4500
/**
 * The wait in ms until it comes back. `attempt` counts from 0 the tries since the last connection that held;
 * `random` is 0..1, for full jitter.
 */
export function afterClose(code: number, attempt: number, random: number): number {
  if (code >= 4500) return NEVER
  const leastMs = code === TOO_MANY_CONNECTIONS ? CROWDED_MS : 0
  return leastMs + random * Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** attempt)
}
