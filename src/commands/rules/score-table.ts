/** Scores of rules as a table. */
import type { Score } from '../../rules/view.ts'
import { table } from './table.ts'

export interface ScoreLine extends Score {
  readonly name: string
  readonly version: number
  /** `paused`, `in fact`... */
  readonly says: string
}

const TITLES = ['rule', 'version', '', 'made', 'hits', 'misses', 'undecided', 'precision', '95 %']

export function scoreTable(lines: readonly ScoreLine[]): string {
  const rows = lines.map(({ name, version, says, made, hits, misses, undecided, precision, low, high }) => [
    ...[name, String(version), says],
    ...[made, hits, misses, undecided].map(String),
    precision === null ? '-' : precision.toFixed(3),
    precision === null ? '-' : `${low.toFixed(3)}..${high.toFixed(3)}`,
  ])
  return table(TITLES, rows, 3)
}
