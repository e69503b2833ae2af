// The rows of one commit while they are gathered; readable at once, also through a draft made behind this one.
import type { Draft, RowReads, Stretch } from './contract.ts'
import type { ErasingPuts } from './erased.ts'
import { emptyHiding, type HidingRows, hidingPuts } from './hiding.ts'
import { addressPath, namePath, path, scorePath } from './paths.ts'
import type {
  AddressRow,
  BaseRow,
  ChangeRow,
  ContactRow,
  IdentityRow,
  LinkRow,
  NameRow,
  PageRow,
  ScoreRow,
  SessionRow,
  StoredEntry,
  TokenRow,
  VisitorRow,
  VisitRow,
} from './rows.ts'
import { isStoredEvent } from './rows.ts'

/**
 * Where a draft holds its rows, on itself: what a WeakMap gives outlives young collections, which would copy the rows of
 * commits that are long done. Some 8 % of all events/s.
 */
const ROWS = Symbol('rows')

interface GatheredDraft extends Draft {
  readonly [ROWS]: DraftRows
}

/** The rows of a draft that was made here; undefined of any other. */
export function rowsOfDraft(draft: Draft): DraftRows | undefined {
  return isGatheredDraft(draft) ? draft[ROWS] : undefined
}

function isGatheredDraft(draft: Draft): draft is GatheredDraft {
  return ROWS in draft
}

export interface DraftVisitor {
  readonly row: VisitorRow
  /** What the disk must say: the seq before the first of these entries. */
  readonly previousSeq: number
  readonly entries: readonly StoredEntry[]
  /** It is erased: its row goes. */
  readonly isGone?: boolean
}

/** What the commit writes. */
export interface DraftRows extends HidingRows {
  readonly visitorNumbers: Map<string, number>
  readonly identityNumbers: Map<string, number>
  readonly visitors: Map<number, DraftVisitor>
  /** The eventIDs of a visitor's entries, gathered when one is first asked for. */
  readonly seen: Map<number, ReadonlyMap<string, number>>
  /** One chunk each. */
  stretches: Stretch[]
  bases: BaseRow[]
  /** Null, of these and the rows below = it goes. */
  readonly visits: Map<string, VisitRow | null>
  readonly sessions: Map<string, SessionRow | null>
  readonly pages: Map<string, PageRow | null>
  readonly names: Map<string, NameRow | null>
  readonly identities: Map<number, IdentityRow | null>
  readonly links: Map<string, LinkRow | null>
  readonly contacts: Map<string, ContactRow | null>
  changes: ChangeRow[]
  readonly tokens: Map<string, TokenRow>
  readonly userAgents: Map<string, string>
  readonly addresses: Map<string, DraftAddress>
  readonly scores: Map<string, ScoreRow>
  /** The numbers that are allotted next. */
  readonly next: Numbers
  /** What is read where this draft has nothing: the draft in front, and the disk once that one is written. */
  below: RowReads
  /** The store that it was made by. */
  readonly owner: object
}

/** An address that somebody has now, or has no longer. */
export interface DraftAddress {
  readonly row: AddressRow
  readonly isGone: boolean
}

export interface Numbers {
  visitor: number
  identity: number
}

/**
 * Rows of the draft in front are seen until they are on disk. `free` tells which numbers nobody in front, or on disk,
 * has: it is asked each time, because others may be kept while this draft is filled.
 */
export function createDraft(below: RowReads, free: () => Readonly<Numbers>, owner: object): GatheredDraft {
  const rows: DraftRows = { ...emptyRows(below, free()), owner }
  const draft: GatheredDraft = {
    [ROWS]: rows,
    ...readsOf(rows),
    ...putsOf(rows),
    ...hidingPuts(rows),
    numberVisitor(globalVisitID) {
      const known = draft.visitorNumber(globalVisitID)
      if (known > 0) return known
      const number = Math.max(rows.next.visitor, free().visitor)
      rows.next.visitor = number + 1
      rows.visitorNumbers.set(globalVisitID, number)
      return number
    },
    numberIdentity(identityId) {
      const known = draft.identityNumber(identityId)
      if (known > 0) return known
      const number = Math.max(rows.next.identity, free().identity)
      rows.next.identity = number + 1
      rows.identityNumbers.set(identityId, number)
      return number
    },
    get changes() {
      return rows.changes
    },
    get stretches() {
      return rows.stretches
    },
    release: () => release(rows),
    get isEmpty() {
      return Object.values(rows).every((part) => !isGathered(part))
    },
  }
  return draft
}

/** The higher of either's. */
export function highest(a: Readonly<Numbers>, b: Readonly<Numbers>): Numbers {
  return { visitor: Math.max(a.visitor, b.visitor), identity: Math.max(a.identity, b.identity) }
}

function emptyRows(below: RowReads, next: Readonly<Numbers>): Omit<DraftRows, 'owner'> {
  return {
    visitorNumbers: new Map(),
    identityNumbers: new Map(),
    visitors: new Map(),
    seen: new Map(),
    stretches: [],
    bases: [],
    visits: new Map(),
    sessions: new Map(),
    pages: new Map(),
    names: new Map(),
    identities: new Map(),
    links: new Map(),
    contacts: new Map(),
    changes: [],
    tokens: new Map(),
    userAgents: new Map(),
    addresses: new Map(),
    scores: new Map(),
    ...emptyHiding(),
    next: { ...next },
    below,
  }
}

/** Rows of one commit are many, and those of the last ones would survive young collections: a quarter of what did. */
function release(rows: DraftRows): void {
  for (const part of Object.values(rows)) if (part instanceof Map) part.clear()
  // Others, for whoever was told of these keeps them.
  rows.stretches = []
  rows.changes = []
  rows.bases = []
}

function isGathered(part: unknown): boolean {
  return (part instanceof Map && part.size > 0) || (Array.isArray(part) && part.length > 0)
}

function readsOf(rows: DraftRows): RowReads {
  return {
    visitorNumber: (globalVisitID) =>
      rows.visitorNumbers.get(globalVisitID) ?? rows.below.visitorNumber(globalVisitID),
    visitor(number) {
      const put = rows.visitors.get(number)
      if (put === undefined) return rows.below.visitor(number)
      return put.isGone === true ? null : put.row
    },
    visit(number, ordinal) {
      const put = rows.visits.get(path(number, ordinal))
      return put === undefined ? rows.below.visit(number, ordinal) : put
    },
    session(number, visit, ordinal) {
      const put = rows.sessions.get(path(number, visit, ordinal))
      return put === undefined ? rows.below.session(number, visit, ordinal) : put
    },
    page(number, visit, ordinal) {
      const put = rows.pages.get(path(number, visit, ordinal))
      return put === undefined ? rows.below.page(number, visit, ordinal) : put
    },
    name(kind, name) {
      const put = rows.names.get(namePath(kind, name))
      return put === undefined ? rows.below.name(kind, name) : put
    },
    identityNumber: (identityId) =>
      rows.identityNumbers.get(identityId) ?? rows.below.identityNumber(identityId),
    identity(identity) {
      const put = rows.identities.get(identity)
      return put === undefined ? rows.below.identity(identity) : put
    },
    link(number, visit, identity) {
      const put = rows.links.get(path(number, visit, identity))
      return put === undefined ? rows.below.link(number, visit, identity) : put
    },
    token: (globalVisitID) => rows.tokens.get(globalVisitID) ?? rows.below.token(globalVisitID),
    seenSeq: (number, eventID) => seqIn(rows, number, eventID) || rows.below.seenSeq(number, eventID),
    userAgent: (userAgentId) => rows.userAgents.get(userAgentId) ?? rows.below.userAgent(userAgentId),
    contactsOfEntry: (number, seq) => contactsOfEntry(rows, number, seq),
    erasedAt: (kind, id) => rows.erased.get(`${kind} ${id}`)?.at ?? rows.below.erasedAt(kind, id),
    erasedSpans: (number) => rows.erasedSpans.get(number) ?? rows.below.erasedSpans(number),
    score: (rule, version) => rows.scores.get(scorePath(rule, version)) ?? rows.below.score(rule, version),
  }
}

function putsOf(
  rows: DraftRows,
): Omit<
  Draft,
  | keyof RowReads
  | keyof ErasingPuts
  | 'numberVisitor'
  | 'numberIdentity'
  | 'changes'
  | 'stretches'
  | 'isEmpty'
  | 'release'
> {
  return {
    putVisitor: (row, entries, previousSeq) => putVisitor(rows, { row, entries, previousSeq }),
    putBase: (row) => void rows.bases.push(row),
    putVisit: (row) => void rows.visits.set(path(row.number, row.ordinal), row),
    putSession: (row) => void rows.sessions.set(path(row.number, row.visit, row.ordinal), row),
    putPage: (row) => void rows.pages.set(path(row.number, row.visit, row.ordinal), row),
    putName: (row) => void rows.names.set(namePath(row.kind, row.name), row),
    putIdentity: (row) => void rows.identities.set(row.identity, row),
    putLink: (row) => void rows.links.set(path(row.number, row.visit, row.identity), row),
    putContact: (row) => void rows.contacts.set(path(row.position, row.n), row),
    putChange: (row) => void rows.changes.push(row),
    putToken: (row) => void rows.tokens.set(row.globalVisitID, row),
    putUserAgent: (userAgentId, text) => void rows.userAgents.set(userAgentId, text),
    putAddress: (row) => void rows.addresses.set(addressPath(row), { row, isGone: false }),
    removeAddress: (row) => void rows.addresses.set(addressPath(row), { row, isGone: true }),
    putScore: (row) => void rows.scores.set(scorePath(row.rule, row.version), row),
  }
}

/** The same visitor again: the fence of the first time holds, the entries add up. */
function putVisitor(rows: DraftRows, put: DraftVisitor): void {
  const number = put.row.number
  const before = rows.visitors.get(number)
  const { row, entries } = put
  rows.visitors.set(
    number,
    before === undefined
      ? put
      : { row, previousSeq: before.previousSeq, entries: [...before.entries, ...entries] },
  )
  if (entries.length === 0) return
  rows.seen.delete(number)
  const last = rows.stretches.at(-1)
  // Nobody spoke in between: the stretch goes on, and so does its chunk.
  if (last?.number === number) {
    rows.stretches[rows.stretches.length - 1] = { number, entries: [...last.entries, ...entries] }
  } else rows.stretches.push({ number, entries })
}

/** E1 within the draft. */
function seqIn(rows: DraftRows, number: number, eventID: string): number {
  const visitor = rows.visitors.get(number)
  if (visitor === undefined) return 0
  const seen = rows.seen.get(number) ?? seenIn(visitor.entries)
  rows.seen.set(number, seen)
  return seen.get(eventID) ?? 0
}

function seenIn(entries: readonly StoredEntry[]): ReadonlyMap<string, number> {
  const seen = new Map<string, number>()
  for (const entry of entries) if (isStoredEvent(entry)) seen.set(entry.words.eventID, entry.seq)
  return seen
}

function contactsOfEntry(rows: DraftRows, number: number, seq: number): readonly ContactRow[] {
  const below = rows.below.contactsOfEntry(number, seq)
  if (rows.contacts.size === 0) return below
  const found = new Map(below.map((row) => [path(row.position, row.n), row]))
  for (const [place, row] of rows.contacts) {
    if (row === null) found.delete(place)
    else if (row.number === number && row.seq === seq) found.set(place, row)
  }
  return [...found.values()]
}
