/** The two ways a client can be wrong: its message is none (the socket closes), or one event is not (the rest is kept). */
import type { RejectionCode } from './messages.ts'

/** A frame that is not a message of the table (P4): the socket is closed with `code`, a POST answers 400. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code = 4500
}

/** One event that is not valid; `checkEvent` turns it into a rejection, so it never leaves this folder. */
export class EventFault extends Error {
  override readonly name = 'EventFault'
  readonly code: RejectionCode

  constructor(code: RejectionCode, message: string) {
    super(message)
    this.code = code
  }
}
