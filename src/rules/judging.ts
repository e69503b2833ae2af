/** Pauses rules by themselves: each decision of an assumption may be one too many. */
import type { Stretch } from '../store/contract.ts'
import { factsOf } from '../visitors/entries.ts'
import type { Crew } from './crew.ts'
import { judge, pause } from './pauses.ts'
import type { RulesOptions } from './rules.ts'
import type { ThreadHead } from './thread-messages.ts'

export interface Judging {
  /** Judges the rules whose assumptions were decided. */
  readonly hear: (stretch: Stretch) => void
  /** Judges all of them: the floor may be another than when they were judged last. */
  readonly judgeAll: () => void
  /** Resolves when every pause is on disk. */
  readonly settled: () => Promise<void>
}

type JudgingOptions = Pick<RulesOptions, 'store' | 'now' | 'log' | 'floor'>

/** Nothing is judged yet. */
export function createJudging({ store, now, log, floor }: JudgingOptions, { heads }: Crew): Judging {
  const pausing = new Map<string, Promise<void>>()

  const judgeOne = (rule: ThreadHead): void => {
    const { name, version } = rule
    const due = pausing.has(name) ? null : judge(store, rule, floor)
    if (due === null) return
    const kept = pause(store, rule, { ...due, at: now() })
      .then(() =>
        log.warn({ rule: name, version, ...due }, 'a rule is paused; "vestibule rules lift" lifts it'),
      )
      .catch((err: unknown) =>
        log.warn({ err, rule: name }, 'a pause could not be kept; judged again at the next decision'),
      )
      .finally(() => pausing.delete(name))
    pausing.set(name, kept)
  }

  return {
    hear: ({ entries }) => {
      for (const fact of entries.flatMap(factsOf)) {
        if (fact.type !== 'assumption.decided') continue
        const rule = heads.find(({ name, version }) => name === fact.rule && version === fact.version)
        if (rule !== undefined) judgeOne(rule)
      }
    },
    judgeAll: () => heads.forEach(judgeOne),
    settled: async () => void (await Promise.all(pausing.values())),
  }
}
