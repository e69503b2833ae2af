/** What of the gateway's work is counted: once a batch, a close or a stated identity, never once an event. */
import type { Ack } from '../../protocol/messages.ts'

export interface Meter {
  /** A batch was answered, so many ms after it was taken. */
  acknowledged(ack: Ack, ms: number): void
  /** A socket is closed, by whomever. */
  closed(code: number): void
  /** An identity was stated without a valid proof. */
  unproven(): void
}

/** Counts nothing. */
export const NO_METER: Meter = { acknowledged() {}, closed() {}, unproven() {} }
