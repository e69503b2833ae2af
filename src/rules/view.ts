/** Rules in force and their scores, as `GET /rules` and the command line show them. */
import type { RowReads, Store } from '../store/contract.ts'
import type { ScoreRow } from '../store/rows.ts'
import type { Need } from './contract.ts'
import type { Crew } from './crew.ts'
import { type Paused, pausedOf } from './pauses.ts'
import { type Precision, precisionOf } from './precision.ts'
import type { ThreadHead } from './thread-messages.ts'

export interface Score extends Precision {
  readonly made: number
  readonly hits: number
  readonly misses: number
  readonly undecided: number
}

/** One rule and version. */
export interface RuleStanding extends Score {
  readonly name: string
  /** 0 = an external engine's that gives none. */
  readonly version: number
  /**
   * `running`; `paused` by its score; `off` because it failed; `elsewhere`: not run here, but scored (an external
   * engine's, or one that is no longer configured).
   */
  readonly state: 'running' | 'paused' | 'off' | 'elsewhere'
  /** Why it is paused or off. */
  readonly reason: string | null
  readonly paused: Paused | null
  /** `shipped`, or the module it is from; null = elsewhere. */
  readonly from: string | null
  readonly on: readonly string[]
  readonly needs: readonly Need[]
}

type ViewReads = Pick<Store, 'note' | 'scores'> & Pick<RowReads, 'score'>

/** The rules that run here, then all others that were ever scored, by name and version. */
export function rulesInForce(
  store: ViewReads,
  { heads, offOf }: Pick<Crew, 'heads' | 'offOf'>,
): readonly RuleStanding[] {
  const here = heads.map((head) => standingHere(store, head, offOf(head.name)))
  const isHere = ({ rule, version }: ScoreRow) =>
    heads.some((head) => head.name === rule && head.version === version)
  const others = store.scores().filter((row) => !isHere(row))
  others.sort((a, b) => (a.rule === b.rule ? a.version - b.version : a.rule < b.rule ? -1 : 1))
  return [...here, ...others.map((row) => standingElsewhere(store, row))]
}

/** A score with what follows from it. */
export function scoreOf({ made, hits, misses }: Pick<ScoreRow, 'made' | 'hits' | 'misses'>): Score {
  return { made, hits, misses, undecided: made - hits - misses, ...precisionOf({ hits, misses }) }
}

function standingHere(
  store: ViewReads,
  { name, version, from, on, needs }: ThreadHead,
  off: string | null,
): RuleStanding {
  const paused = pausedOf(store, { name, version })
  const state = off !== null ? 'off' : paused !== null ? 'paused' : 'running'
  const score = scoreOf(store.score(name, version) ?? NO_SCORE)
  return { name, version, state, reason: off ?? paused?.reason ?? null, paused, from, on, needs, ...score }
}

function standingElsewhere(store: ViewReads, row: ScoreRow): RuleStanding {
  const { rule: name, version } = row
  const paused = pausedOf(store, { name, version })
  const whence = { reason: paused?.reason ?? null, paused, from: null, on: [], needs: [] }
  return { name, version, state: paused === null ? 'elsewhere' : 'paused', ...whence, ...scoreOf(row) }
}

const NO_SCORE = { made: 0, hits: 0, misses: 0 } as const
