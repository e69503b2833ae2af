/** Why a socket is closed, and what its client does then. 4000-4499 come back, 4500-4999 do not. */

/** What a client does after a close: the row's own words are in the README. */
export type AfterClose = 'reconnects' | 'halves' | 'waits' | 'startsAnew' | 'stops'

export interface Closing {
  readonly code: number
  readonly reason: string
  readonly client: AfterClose
}

/** Every close of ours, by name; 1009 is the WebSocket library's own. */
export const CLOSING = {
  goingAway: { code: 1001, reason: 'going away', client: 'reconnects' },
  frameTooLarge: { code: 1009, reason: 'frame too large', client: 'halves' },
  storageUnavailable: { code: 4001, reason: 'storage unavailable', client: 'reconnects' },
  slowConsumer: { code: 4002, reason: 'slow consumer', client: 'reconnects' },
  overRate: { code: 4003, reason: 'over the rate', client: 'reconnects' },
  noPong: { code: 4004, reason: 'no pong', client: 'reconnects' },
  tooManyConnections: { code: 4005, reason: 'too many connections', client: 'waits' },
  helloTimeout: { code: 4006, reason: 'hello time-out', client: 'reconnects' },
  badFrame: { code: 4500, reason: 'bad frame', client: 'stops' },
  helloFirst: { code: 4501, reason: 'hello first', client: 'stops' },
  unauthorized: { code: 4503, reason: 'unauthorized', client: 'startsAnew' },
  originNotAllowed: { code: 4505, reason: 'origin not allowed', client: 'stops' },
} as const satisfies Readonly<Record<string, Closing>>

export type CloseName = keyof typeof CLOSING

/** After 4005 a client waits at least this long, in ms. */
export const TOO_MANY_WAIT_MS = 60_000

/** Whether a client reconnects after this close code, known or not: the range is the policy. */
export function comesBack(code: number): boolean {
  return code < 4500 || code > 4999
}
