/** What `/metrics` tells of retention. */
import type { Metrics } from './metrics.ts'

export interface RetentionCounts {
  /** Epoch ms, 0 = all is kept. */
  readonly keptSince: number
  /** These since the start. */
  readonly entries: number
  readonly visitors: number
  readonly identities: number
}

export function watchRetention({ watch }: Pick<Metrics, 'watch'>, counts: () => RetentionCounts): void {
  watch('vestibule_retention_kept_since_seconds', 'what is older is gone; 0 = all is kept', () => {
    return counts().keptSince / 1_000
  })
  watch('vestibule_retention_entries', 'entries that were too old', () => counts().entries)
  watch('vestibule_retention_visitors', 'visitors of whom nothing is kept', () => counts().visitors)
  watch('vestibule_retention_identities', 'people whom no visit knew any more', () => counts().identities)
}
