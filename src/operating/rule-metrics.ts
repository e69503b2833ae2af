/** What `/metrics` tells of the rules. */
import type { Metrics } from './metrics.ts'

export interface RuleCounts {
  readonly rulesAsked: number
  readonly rulesAnswered: number
  readonly rulesWaiting: number
  readonly rulesDropped: number
  readonly rulesLost: number
  readonly rulesOff: number
  readonly rulesPaused: number
}

export function watchRules({ watch }: Pick<Metrics, 'watch'>, counts: () => RuleCounts): void {
  watch('vestibule_rules_asked', 'times a rule was asked since the start', () => counts().rulesAsked)
  watch('vestibule_rules_answered', 'times it had an answer', () => counts().rulesAnswered)
  watch('vestibule_rules_waiting', 'questions that wait for rules', () => counts().rulesWaiting)
  watch('vestibule_rules_dropped', 'questions that did not fit', () => counts().rulesDropped)
  watch('vestibule_rules_lost', 'answers that could not be kept', () => counts().rulesLost)
  watch('vestibule_rules_off', 'rules switched off because they failed', () => counts().rulesOff)
  watch('vestibule_rules_paused', 'rules paused by their score', () => counts().rulesPaused)
}
