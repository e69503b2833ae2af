/** How rules did: each assumption and each decision of one is booked with the entry that brought it. */
import type { Fact } from '../../machines/facts.ts'
import type { ScoreRow } from '../store/rows.ts'
import type { Putting } from './putting.ts'

type ScoredFact = Extract<Fact, { type: 'assumption.made' | 'assumption.decided' }>

/** One more made, hit or missed; a verdict that is taken back takes its hit or miss with it (I17). */
export function bookScore({ draft, applied }: Putting, fact: ScoredFact): void {
  const { rule, version } = fact
  const { position } = applied.entry
  const row = draft.score(rule, version) ?? { rule, version, position, made: 0, hits: 0, misses: 0 }
  draft.putScore({ ...booked(row, fact), position })
}

/** The score after the fact. */
export function booked<S extends Pick<ScoreRow, 'made' | 'hits' | 'misses'>>(score: S, fact: ScoredFact): S {
  if (fact.type === 'assumption.made') return { ...score, made: score.made + 1 }
  const one = fact.undone ? -1 : 1
  return fact.hit ? { ...score, hits: score.hits + one } : { ...score, misses: score.misses + one }
}
