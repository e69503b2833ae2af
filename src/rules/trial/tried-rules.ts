/** Rules on trial: asked in this process, one after another; one that fails is asked no more. */
import { type CheckedAnswer, checkAnswer, sayAnswer, type ToIdentityId } from '../answer.ts'
import type { Given, RuleHead } from '../contract.ts'
import { findsNothing } from '../lookups.ts'
import type { LoadedRule } from '../modules.ts'
import { isAskedOn } from '../questions.ts'

export interface TriedRules {
  readonly occasions: ReadonlySet<string>
  /** The surest answer of all rules that are asked on this occasion; null = none of them has one. */
  readonly ask: (given: Given) => TriedAnswer | null
  readonly counts: () => { readonly asked: number; readonly slowestMs: number }
  /** Rules that failed, and why. */
  readonly failed: () => ReadonlyMap<string, string>
}

export interface TriedAnswer extends CheckedAnswer {
  readonly rule: string
  readonly version: number
}

export function tryRules(loaded: readonly LoadedRule[], toIdentityId: ToIdentityId): TriedRules {
  const rules = loaded.map(({ rule }) => rule)
  const failed = new Map<string, string>()
  let asked = 0
  let slowestMs = 0

  const askOne = (rule: LoadedRule['rule'], given: Given): CheckedAnswer | null => {
    asked += 1
    const begunAt = performance.now()
    try {
      const said = sayAnswer(rule.assume(given))
      if (said === null) return null
      const answer = said.is === 'text' ? checkAnswer(said.text, toIdentityId) : said.why
      if (typeof answer !== 'string') return answer
      failed.set(rule.name, answer)
    } catch (error) {
      failed.set(rule.name, `it threw: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      slowestMs = Math.max(slowestMs, performance.now() - begunAt)
    }
    return null
  }

  return {
    occasions: new Set(rules.flatMap(({ on }) => on)),
    ask: (given) => {
      let surest: TriedAnswer | null = null
      for (const rule of rules) {
        const isAsked = isAskedOn(rule, given) && !findsNothing(given, rule.needs) && !failed.has(rule.name)
        const answer = isAsked ? askOne(rule, given) : null
        // I12: who is rejected here is not assumed.
        if (answer === null || given.visitor.rejected.includes(answer.identityId)) continue
        if (surest === null || answer.confidence > surest.confidence) surest = { ...answer, ...named(rule) }
      }
      return surest
    },
    counts: () => ({ asked, slowestMs }),
    failed: () => failed,
  }
}

function named({ name: rule, version }: RuleHead): { readonly rule: string; readonly version: number } {
  return { rule, version }
}
