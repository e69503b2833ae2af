/** The room of erasures as the others see it: one way in, and receipts. */
import type { SentBy, Store } from '../store/contract.ts'
import type { ErasedKind, ErasureRow } from '../store/erased.ts'
import type { Timing } from '../visitors/timing.ts'
import type { ErasingVisitors } from '../visitors/visitors.ts'
import type { Counts } from './steps.ts'

export interface Erasures {
  /** Hides whom it names, at once, and erases in the background; null where nobody is called so. */
  readonly begin: (kind: ErasedKind, name: string) => Promise<ErasureRow | null>
  /** What would go, or null where nobody is called so. */
  readonly survey: (kind: ErasedKind, name: string) => Promise<Counts | null>
  /** Whether a step may be under way: whoever else takes rows waits. */
  readonly isAtWork: () => boolean
  /** Resolves when nothing is left to erase. */
  readonly idle: () => Promise<void>
  /** Stops after the step under way; what is left is done after the next start. */
  readonly close: () => Promise<void>
}

/** A message of the stream, and when it came there. */
export interface SentMessage {
  readonly at: number
  readonly seq: number
  readonly messageId: string
}

/** The bus, as far as messages are deleted from it one by one. */
export interface Messages {
  /** Those that are somebody's; rejects where not all of it can be known now. */
  readonly sequencesOf: (whose: SentBy) => Promise<readonly SentMessage[]>
  /** Says how many it deleted; rejects where it cannot now. */
  readonly deleteMessages: (messages: readonly SentMessage[]) => Promise<number>
  /** Whether changes up to this position may still be on their way. */
  readonly isBehind: (position: number) => Promise<boolean>
}

export interface ErasureLog {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

export interface ErasureParts {
  readonly store: Store
  readonly visitors: ErasingVisitors
  readonly log: ErasureLog
  /** Epoch ms. */
  readonly now: () => number
  /** A UUID. */
  readonly newId: () => string
  /** Null where nothing is published. */
  readonly messages: () => Messages | null
  /** How long after a failure it tries again. */
  readonly retryMs?: number
  /** How it waits: for a simulation. */
  readonly timing?: Timing
}
