/** What is known when the rows of an entry are put: the entry after its step, and where its rows go. */
import type { VisitorContext } from '../../machines/context.ts'
import type { Entry } from '../../machines/entries.ts'
import type { Fact } from '../../machines/facts.ts'
import type { Draft } from '../store/contract.ts'
import type { Awake } from './awake.ts'
import type { NewEvent } from './contract.ts'

/** One entry after its step. */
export interface Applied {
  readonly entry: Entry
  readonly facts: readonly Fact[]
  readonly before: VisitorContext
  readonly after: VisitorContext
  readonly faulted: boolean
  readonly userAgent: NewEvent['userAgent']
}

/** What the puts of one entry need. */
export interface Putting {
  readonly awake: Awake
  readonly draft: Draft
  readonly applied: Applied
  readonly profileKeys: number
  /** Names of events that are changes too; `*` = all. */
  readonly publishEvents: ReadonlySet<string>
}
