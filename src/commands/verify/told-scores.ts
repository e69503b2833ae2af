/** How rules did, as all streams tell it together: what their scores must say. */
import type { Fact } from '../../../machines/facts.ts'
import { booked } from '../../visitors/scores.ts'
import type { Checks } from './findings.ts'
import type { Proof } from './proof.ts'

export interface ScoresTold {
  readonly take: (fact: Fact) => void
  /** A stream has lost its beginning, and what it told of rules there: nothing can be compared. */
  readonly lose: () => void
  readonly prove: (store: Proof['store'], checks: Checks) => void
}

const NONE = { made: 0, hits: 0, misses: 0 } as const
type Counts = { readonly [N in keyof typeof NONE]: number }

export function createScores(): ScoresTold {
  const told = new Map<string, Counts>()
  let isWhole = true
  return {
    take: (fact) => {
      if (fact.type !== 'assumption.made' && fact.type !== 'assumption.decided') return
      const key = `${fact.rule} ${fact.version}`
      told.set(key, booked<Counts>(told.get(key) ?? NONE, fact))
    },
    lose: () => {
      isWhole = false
    },
    prove: (store, checks) => {
      if (!isWhole) return
      const rows = store.scores()
      checks.same('scores of rules', rows.length, told.size)
      for (const { rule, version, made, hits, misses } of rows) {
        const counts = told.get(`${rule} ${version}`) ?? NONE
        checks.same('assumptions of a rule', made, counts.made)
        checks.same('hits of a rule', hits, counts.hits)
        checks.same('misses of a rule', misses, counts.misses)
      }
    },
  }
}
