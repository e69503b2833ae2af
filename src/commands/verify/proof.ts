/** What all parts of a proof share, and what they add up to. */
import type { Store } from '../../store/contract.ts'
import type { Retained } from '../../store/retained.ts'
import type { SettingsBook } from '../../visitors/snapshots.ts'
import type { Tell } from './findings.ts'
import type { ScoresTold } from './told-scores.ts'

export interface Proof {
  readonly store: Store
  readonly book: SettingsBook
  readonly tell: Tell
  /** Positions before it have no commit row any more. */
  readonly firstCommit: number
  /** Changes up to here may have been dropped, or some of them. */
  readonly changesDropped: number
  /** What retention may have taken. */
  readonly retained: Retained
  readonly scores: ScoresTold
  /** Other names of visits that streams told of so far, hashed. */
  readonly aliases: Set<string>
  /** The User-Agents that visits came with so far, by id. */
  readonly userAgents: Set<string>
}

/** How many there are of each, as the streams tell. */
export interface Tally {
  readonly visitors: number
  readonly entries: number
  readonly events: number
  /** EventIDs of entries that are not kept any more, remembered still. */
  readonly seenBefore: number
  /** Entries whose position has a commit row. */
  readonly committed: number
  /** Rows of its stream, where older commits are gone and cannot tell. */
  readonly chunks: number
  readonly visits: number
  /** Visits that came with a User-Agent. */
  readonly browsers: number
  readonly sessions: number
  readonly pages: number
  readonly links: number
  readonly contacts: number
  /** Changes of entries whose changes are all kept still. */
  readonly changes: number
  /** Names that lead to a visit, a session or a page. */
  readonly names: number
  readonly bases: number
  readonly armed: number
  readonly connected: number
  readonly open: number
}

export const NONE: Tally = {
  visitors: 0,
  entries: 0,
  events: 0,
  seenBefore: 0,
  committed: 0,
  chunks: 0,
  visits: 0,
  browsers: 0,
  sessions: 0,
  pages: 0,
  links: 0,
  contacts: 0,
  changes: 0,
  names: 0,
  bases: 0,
  armed: 0,
  connected: 0,
  open: 0,
}

/** Both together. */
export function add(one: Tally, other: Partial<Tally>): Tally {
  const names = Object.keys(one) as (keyof Tally)[]
  const sums = names.map((name) => [name, one[name] + (other[name] ?? 0)] as const)
  // The boundary where the sums by name become the fields of an object.
  return Object.fromEntries(sums) as unknown as Tally
}
