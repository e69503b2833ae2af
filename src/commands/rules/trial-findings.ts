/** What a trial found: scores of the tried rules beside those in fact, and visits in which they differ. */
import { createHash, randomBytes } from 'node:crypto'
import type { Assumed } from '../../rules/trial/decisions.ts'
import type { TrialOptions, VisitCompared } from '../../rules/trial/trial.ts'
import { scoreOf } from '../../rules/view.ts'
import { scoreTable } from './score-table.ts'

export interface FindingsOptions {
  /** Visits shown of each kind of difference. */
  readonly samples: number
  /** Identities by their ids, else by a short hash. */
  readonly showIds: boolean
}

export interface Findings extends Pick<TrialOptions, 'assumed' | 'compared'> {
  readonly text: () => string
}

const KINDS = {
  same: 'the same person, in the trial and in fact',
  other: 'another person in the trial than in fact',
  onlyTried: 'somebody in the trial, nobody in fact',
  onlyWas: 'nobody in the trial, somebody in fact',
} as const
type Kind = keyof typeof KINDS

interface Counted {
  readonly name: string
  readonly version: number
  readonly says: string
  made: number
  hits: number
  misses: number
}

/** Nothing found yet. */
export function createFindings({ samples, showIds }: FindingsOptions): Findings {
  const scores = new Map<string, Counted>()
  const found: Record<Kind, { count: number; readonly shown: VisitCompared[] }> = {
    same: { count: 0, shown: [] },
    other: { count: 0, shown: [] },
    onlyTried: { count: 0, shown: [] },
    onlyWas: { count: 0, shown: [] },
  }
  const salt = randomBytes(16)
  const shown = (identityId: string): string => (showIds ? identityId : hashed(identityId, salt))

  return {
    assumed: ({ rule, version, hit }, where) => {
      const key = `${where} ${version} ${rule}`
      const says = where === 'tried' ? 'tried' : 'in fact'
      const score = scores.get(key) ?? { name: rule, version, says, made: 0, hits: 0, misses: 0 }
      score.made += 1
      if (hit === true) score.hits += 1
      if (hit === false) score.misses += 1
      scores.set(key, score)
    },
    compared: (visit) => {
      const of = found[kindOf(visit)]
      of.count += 1
      if (of.shown.length < samples) of.shown.push(visit)
    },
    text: () => {
      if (scores.size === 0) return 'nobody would have been assumed, and nobody was\n'
      const lines = [...scores.values()].sort((one, other) => (one.says < other.says ? 1 : -1))
      const kinds = (Object.keys(KINDS) as Kind[]).map((kind) => {
        const { count, shown: visits } = found[kind]
        const sampled = kind === 'same' ? [] : visits.map((visit) => sampleLine(visit, shown))
        return [`${count} visits: ${KINDS[kind]}`, ...sampled].join('\n')
      })
      return `${scoreTable(lines.map((line) => ({ ...line, ...scoreOf(line) })))}\n${kinds.join('\n')}\n`
    },
  }
}

function kindOf({ tried, was }: VisitCompared): Kind {
  if (tried === null) return 'onlyWas'
  if (was === null) return 'onlyTried'
  return tried.identityId === was.identityId ? 'same' : 'other'
}

function sampleLine(
  { number, visit, tried, was }: VisitCompared,
  shown: (identityId: string) => string,
): string {
  const at = new Date(tried?.at ?? was?.at ?? 0).toISOString()
  const side = (assumed: Assumed | null): string => {
    if (assumed === null) return 'nobody'
    const { rule, version, identityId, confidence, hit } = assumed
    const outcome = hit === null ? 'undecided' : hit ? 'hit' : 'miss'
    return `${shown(identityId)} by ${rule} ${version} (${confidence}, ${outcome})`
  }
  return `  visitor ${number}, visit ${visit}, ${at}: tried ${side(tried)}; in fact ${side(was)}`
}

/** Enough to tell people of one report apart; the salt is another each time, so that nobody is found by it. */
function hashed(identityId: string, salt: Uint8Array): string {
  return `#${createHash('sha256').update(salt).update(identityId).digest('hex').slice(0, 8)}`
}
