/** Rules that are paused because they were wrong too often, until they are lifted. */
import type { RowReads, Store } from '../store/contract.ts'
import type { RuleHead } from './contract.ts'
import { type Precision, precisionOf } from './precision.ts'

/** The row that stands for a rule that was paused once: by its name, for one version. */
export interface PauseRow {
  readonly version: number
  /** Null = it was lifted. */
  readonly paused: Paused | null
  /** What was decided before it was lifted last: it is judged by what came after. */
  readonly judgedFrom: { readonly hits: number; readonly misses: number }
}

export interface Paused {
  /** Position of the entry whose decision was one too many. */
  readonly position: number
  readonly at: number
  readonly reason: string
}

/** When a rule is judged, and what it must reach. */
export interface Floor {
  /** The interval of its precision must not begin below this, 0..1. */
  readonly precision: number
  /** Decisions after which it is judged. */
  readonly afterDecisions: number
}

export type PauseReads = Pick<Store, 'note'> & Pick<RowReads, 'score'>
type Named = Pick<RuleHead, 'name' | 'version'>

/** The pause of this version of the rule, or null. */
export function pausedOf(store: Pick<Store, 'note'>, { name, version }: Named): Paused | null {
  const row = pauseRow(store, name)
  return row?.version === version ? row.paused : null
}

/** The pause that its score asks for, or null: it does well enough, too little is decided, or it is paused already. */
export function judge(store: PauseReads, rule: Named, floor: Floor): Omit<Paused, 'at'> | null {
  const score = store.score(rule.name, rule.version)
  if (score === null || pausedOf(store, rule) !== null) return null
  const { judgedFrom } = standing(store, rule)
  // A verdict that was retracted takes a decision back, which may be one from before the lift.
  const since = {
    hits: Math.max(0, score.hits - judgedFrom.hits),
    misses: Math.max(0, score.misses - judgedFrom.misses),
  }
  const decided = since.hits + since.misses
  const precision = precisionOf(since)
  if (decided < floor.afterDecisions || precision.low >= floor.precision) return null
  return { position: score.position, reason: reasonOf(decided, precision, floor) }
}

/** Keeps a pause. */
export function pause(
  store: PauseReads & Pick<Store, 'saveNote'>,
  rule: Named,
  paused: Paused,
): Promise<void> {
  return store.saveNote(noteName(rule.name), { ...standing(store, rule), paused } satisfies PauseRow)
}

/** Lifts the pause of a rule: from now on it is judged by what is decided later. Null = it is not paused. */
export async function lift(
  store: PauseReads & Pick<Store, 'saveNote'>,
  name: string,
): Promise<Paused | null> {
  const row = pauseRow(store, name)
  if (row === null || row.paused === null) return null
  const { hits = 0, misses = 0 } = store.score(name, row.version) ?? {}
  const lifted: PauseRow = { version: row.version, paused: null, judgedFrom: { hits, misses } }
  await store.saveNote(noteName(name), lifted)
  return row.paused
}

function standing(store: Pick<Store, 'note'>, { name, version }: Named): PauseRow {
  const row = pauseRow(store, name)
  return row?.version === version ? row : { version, paused: null, judgedFrom: { hits: 0, misses: 0 } }
}

function reasonOf(decided: number, { precision, low }: Precision, floor: Floor): string {
  const share = (precision ?? 0).toFixed(3)
  return `after ${decided} decisions its precision is ${share}, at least ${low.toFixed(3)} by Wilson's interval; the floor is ${floor.precision}`
}

function pauseRow(store: Pick<Store, 'note'>, name: string): PauseRow | null {
  // The boundary where a note becomes the row that only this file writes.
  return (store.note(noteName(name)) as PauseRow | undefined) ?? null
}

function noteName(name: string): string {
  return `rule ${name}`
}
