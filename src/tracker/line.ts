/** A line to the server; its ends do not tell whether it is a WebSocket or requests (P1, P2). */
import type { Hello, SentMessage, ServerMessage } from '../../protocol/messages.ts'
import type { Guard } from './guard.ts'

export interface Line {
  send(message: SentMessage): void
  /** Nothing is heard of it any more. */
  close(): void
}

/** A tuple, because it passes between files that are minified apart, and perhaps of two versions. */
export type LineOptions = readonly [
  url: string,
  guard: Guard,
  hello: () => Hello,
  onMessage: (message: ServerMessage) => void,
  onLost: (code: number) => void,
  /** A part that loads late may find a page's own `JSON`. */
  toText: (value: unknown) => string,
]
