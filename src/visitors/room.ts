/** What the functions of this room share: the store, the settings, the start, the log. Made once. */
import type { Settings } from '../../machines/entries.ts'
import type { Store } from '../store/contract.ts'
import type { HiddenPerson } from './hiding.ts'
import type { SettingsBook } from './snapshots.ts'

export interface VisitorsLog {
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void
  readonly error: (fields: Readonly<Record<string, unknown>>, message: string) => void
}

export interface Room {
  readonly store: Store
  readonly settings: Settings
  readonly book: SettingsBook
  /** When this server started, by its own clock. */
  readonly startedAt: number
  readonly profileKeys: number
  /** Names of events that are changes too; `*` = all. */
  readonly publishEvents: ReadonlySet<string>
  /** People who are being erased, by their id. */
  readonly forgetting: Map<string, HiddenPerson>
  readonly log: VisitorsLog
}
