/** The room of retention as the others see it: what is older than a limit goes, in the background, for good (Q12). */
import type { Store } from '../store/contract.ts'
import type { States } from '../visitors/state-after.ts'
import type { Timing } from '../visitors/timing.ts'
import type { ErasingVisitors } from '../visitors/visitors.ts'

export interface Retention {
  /** One round, now; it joins one that is under way. */
  readonly run: () => Promise<void>
  readonly stats: () => RetentionStats
  /** Stops after the step under way; the next round goes on from there. */
  readonly close: () => Promise<void>
}

export interface RetentionStats {
  /** Entries before this time are not kept; epoch ms, 0 = all are. */
  readonly keptSince: number
  /** Since the start. */
  readonly entries: number
  readonly visitors: number
  readonly identities: number
}

export interface RetentionLog {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

export interface RetentionParts {
  readonly store: Store
  readonly visitors: Pick<ErasingVisitors, 'inTurn' | 'changeRows'> & { readonly states: States }
  readonly log: RetentionLog
  /** Epoch ms. */
  readonly now: () => number
  /** How long everything is kept; 0 = for ever. */
  readonly keepMs: number
  /** How long visitors are kept who left at once and were nobody; 0 = as long as the others. */
  readonly shortKeepMs: number
  /** A visit may be opened again for so long after its last event (V10). */
  readonly visitIdleMs: number
  /** While an erasure is at work, nothing else takes rows. */
  readonly erasures: { readonly isAtWork: () => boolean }
  /** Changes up to this position are published, or nothing is. */
  readonly publishedTo: () => number
  /** Between two rounds. */
  readonly everyMs?: number
  /** How it waits: for a simulation. */
  readonly timing?: Timing
}
