/** What who reads sees of a person who is being erased: as if all of it were overwritten already (Q12). */
import type { Store } from '../store/contract.ts'
import type { ErasureRow } from '../store/erased.ts'
import { type ChangeRow, isStoredEvent, type PageRow, type StoredEntry } from '../store/rows.ts'
import type { Forgetting } from './forgetting.ts'
import {
  blank,
  changeWithout,
  type Erased,
  emptied,
  names,
  pseudonymised,
  tellingOfAnother,
} from './redaction.ts'

export interface Hidden extends Erased {
  /** When they were hidden, epoch ms: what is said of the same id later is about somebody new. */
  readonly hiddenAt: number
}

/** As whoever erases them, and visitors, need to know them. */
export interface HiddenPerson extends Forgetting, Hidden {}

/** Who is being erased, by id, as the folder tells: for who looks at it beside its server. */
export function hiddenIn(store: Pick<Store, 'erasures'>): ReadonlyMap<string, Hidden> {
  const people = new Map<string, Hidden>()
  for (const erasure of store.erasures()) {
    const person = hiddenBy(erasure)
    if (person !== null) people.set(person.identityId, person)
  }
  return people
}

/** Whom an erasure that is under way hides; null = it is done, or of a device. */
export function hiddenBy({ kind, subject, begunAt: hiddenAt }: ErasureRow): HiddenPerson | null {
  if (kind !== 'person' || subject === null) return null
  const { name: identityId, pseudonym, position } = subject
  return { identityId, pseudonym, position, hiddenAt }
}

type Reads = Pick<Store, 'identity' | 'entries' | 'page' | 'pages' | 'changes'>

/** A store whose reads leave them out. Who is hidden is asked at each read: mostly nobody is. */
export function hidingStore<S extends Reads>(store: S, hidden: ReadonlyMap<string, Hidden>): S {
  const hiddenSince = (at: number): readonly Hidden[] =>
    [...hidden.values()].filter(({ hiddenAt }) => at <= hiddenAt)
  // Their row went first.
  const isHidden = (identity: number): boolean => identity !== 0 && store.identity(identity) === null

  const entryOf = (entry: StoredEntry): StoredEntry => {
    const people = hiddenSince(entry.at)
    if (people.length === 0) return entry
    return people.reduce(isHidden(entry.identity) ? withoutOwn : withoutNamed, entry)
  }
  const pageOf = (page: PageRow): PageRow => (isHidden(page.identity) ? blank(page) : page)
  const changeOf = (change: ChangeRow): ChangeRow =>
    hiddenSince(change.at).reduce((row, person) => changeWithout(person, row) ?? row, change)

  return {
    ...store,
    entries: (number, span) => {
      const entries = store.entries(number, span)
      return hidden.size === 0 ? entries : entries.map(entryOf)
    },
    page: (number, visit, ordinal) => {
      const page = store.page(number, visit, ordinal)
      return page === null || hidden.size === 0 ? page : pageOf(page)
    },
    pages: (number, visit, span) => {
      const pages = store.pages(number, visit, span)
      return hidden.size === 0 ? pages : pages.map(pageOf)
    },
    changes: (span) => {
      const changes = store.changes(span)
      return hidden.size === 0 ? changes : changes.map(changeOf)
    },
  }
}

function withoutOwn(entry: StoredEntry, person: Hidden): StoredEntry {
  const tellsOfAnother = !isStoredEvent(entry) && entry.kind === 'person.erased'
  return tellsOfAnother ? tellingOfAnother(person, entry) : emptied(person, entry)
}

function withoutNamed(entry: StoredEntry, person: Hidden): StoredEntry {
  return names(person, entry) ? pseudonymised(person, entry) : entry
}
