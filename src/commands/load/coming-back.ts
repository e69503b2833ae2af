/** When a client comes back after a close, or that it does not: the range of the code is the policy. */
import { CLOSING, comesBack, TOO_MANY_WAIT_MS } from '../../../protocol/closing.ts'
import type { Random } from './random.ts'

/** The first wait is below this, in ms; each next one may be twice as long. */
const FIRST_WAIT_MS = 200
/** No wait with jitter is longer. */
export const WAIT_MAX_MS = 20_000

/** How long to wait before attempt number `attempt` (from 0) in a row, in ms; null = never. */
export function waitBeforeMs(code: number, attempt: number, random: Random): number | null {
  if (!comesBack(code)) return null
  const most = Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10))
  const jitter = random.next() * most
  return code === CLOSING.tooManyConnections.code ? TOO_MANY_WAIT_MS + jitter : jitter
}
