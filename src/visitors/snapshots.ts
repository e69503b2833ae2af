/** A snapshot as its row holds it: the settings by their number, the visitor's id left to the row. */
import { DEFAULT_SETTINGS, type Settings } from '../../machines/entries.ts'
import { MACHINE_VERSION, migrate, SnapshotDamaged } from '../../machines/versions.ts'
import { birth, keep, resume, type VisitorSnapshot } from '../../machines/visitor.ts'
import type { Store } from '../store/contract.ts'

/** All settings this node has ever run with, by number: what old snapshots were decided under. */
export interface SettingsBook {
  /** What this server decides under: one object, so that it can be compared by reference. */
  readonly today: Settings
  readonly of: (number: number) => Settings | undefined
  readonly numberOf: (settings: Settings) => number
  /** The book's own object that says the same as these; themselves where there is none. */
  readonly own: (settings: Settings) => Settings
}

/** Reads the book from the store, and adds today's settings where they are new. */
export async function openSettingsBook(store: Store, today: Settings): Promise<SettingsBook> {
  const pages = pagesOf(store)
  const known = pages.findIndex((settings) => isSame(settings, today))
  const book = known === -1 ? [...pages, today] : pages.map((page, index) => (index === known ? today : page))
  if (known === -1) await store.saveNote('settings', book)
  return bookOf(book, today)
}

/** The book as it stands, for who decides nothing. */
export function readSettingsBook(store: Store): SettingsBook {
  const pages = pagesOf(store)
  return bookOf(pages, pages.at(-1) ?? DEFAULT_SETTINGS)
}

function pagesOf(store: Store): readonly Settings[] {
  const stored = store.note('settings')
  return Array.isArray(stored) ? stored : []
}

function bookOf(pages: readonly Settings[], today: Settings): SettingsBook {
  return {
    today,
    of: (number) => pages[number],
    numberOf: (settings) => pages.indexOf(settings),
    own: (settings) => pages.find((page) => isSame(page, settings)) ?? settings,
  }
}

function isSame(one: Settings, other: Settings): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** What stands in `VisitorRow.snapshot`, and in `replayFrom` unless that is the birth: the snapshot, and the start under which it was written. */
export interface SnapshotRow {
  readonly boot: number
  readonly settings: number
  readonly visit: string
  readonly identity: string
  /** The context without its id and settings; `who` null = nobody from birth. */
  readonly context: Readonly<Record<string, unknown>>
}

/** What stands for a visitor's birth: the number of the settings it was born under says it all. */
export function toBirthRow(book: SettingsBook): number {
  return book.numberOf(book.today)
}

/** The snapshot as a row. */
export function toSnapshotRow(snapshot: VisitorSnapshot, book: SettingsBook, boot: number): SnapshotRow {
  const { context, visit, identity } = keep(snapshot)
  const { globalVisitID: _id, settings, ...rest } = context
  return { boot, settings: book.numberOf(settings), visit, identity, context: rest }
}

/**
 * The snapshot that a row holds, brought to today's machine version.
 * Throws `SnapshotTooNew` or `SnapshotDamaged`.
 */
export function fromSnapshotRow(
  row: { readonly globalVisitID: string; readonly machineVersion: number; readonly snapshot: unknown },
  book: SettingsBook,
): { readonly snapshot: VisitorSnapshot; readonly boot: number; readonly migrated: boolean } {
  if (typeof row.snapshot === 'number') return born(row.globalVisitID, book.of(row.snapshot))
  const { boot, kept } = opened(row, book)
  const snapshot = resume(migrate(row.machineVersion, kept))
  return { snapshot, boot, migrated: row.machineVersion !== MACHINE_VERSION }
}

function born(globalVisitID: string, settings: Settings | undefined) {
  if (settings === undefined) throw new SnapshotDamaged('a birth names settings that are not in the book')
  return { snapshot: birth({ globalVisitID, settings }), boot: 0, migrated: false }
}

/** The boundary where a stored value becomes a snapshot again; `migrate` checks its states and its context. */
function opened(
  { globalVisitID, snapshot }: { readonly globalVisitID: string; readonly snapshot: unknown },
  book: SettingsBook,
): { readonly boot: number; readonly kept: unknown } {
  if (typeof snapshot !== 'object' || snapshot === null || !('context' in snapshot)) {
    throw new SnapshotDamaged('a visitor row holds no snapshot')
  }
  const row = snapshot as Partial<SnapshotRow>
  const settings = book.of(row.settings ?? -1)
  if (settings === undefined) throw new SnapshotDamaged('a snapshot names settings that are not in the book')
  const kept = {
    visit: row.visit,
    identity: row.identity,
    context: { ...row.context, globalVisitID, settings },
  }
  return { boot: row.boot ?? 0, kept }
}
