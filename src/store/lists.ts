// Lists from disk, part by part. Every read is whole before it returns: no iterator outlives it.
import type { Reader } from './bytes.ts'
import { decodeChunk } from './chunk.ts'
import type { RowReads, Span, Store } from './contract.ts'
import { addressRange, identityOfAddress, type KeyShape } from './keys.ts'
import {
  commitExtent,
  decodeBase,
  decodeChange,
  decodeCommit,
  decodeContact,
  decodeIdentity,
  decodeScore,
} from './node-rows.ts'
import { decodeLink, decodePage, decodeSession, decodeVisit } from './resource-rows.ts'
import type { ChangeRow, CommitRow, ContactRow, LinkRow, StoredEntry } from './rows.ts'
import { KEYS, OF_IDENTITY, OF_VISITOR, type Table, type Tables } from './tables.ts'
import { decodeVisitor } from './visitor-row.ts'

export type Lists = Pick<
  Store,
  | 'entries'
  | 'baseAtOrBefore'
  | 'visitors'
  | 'visits'
  | 'sessions'
  | 'pages'
  | 'identities'
  | 'linksOfVisit'
  | 'linksOfIdentity'
  | 'contacts'
  | 'contactsOfIdentity'
  | 'contactsOfVisitor'
  | 'identitiesAt'
  | 'scores'
  | 'commits'
  | 'changes'
  | 'due'
  | 'firstDue'
  | 'connected'
  | 'openVisits'
>

/** All of a short list. */
const ALL: Span = { limit: Number.POSITIVE_INFINITY }

export function createLists(tables: Tables, reader: Reader, rows: RowReads): Lists {
  const read = (value: Uint8Array): Reader => {
    reader.open(value)
    return reader
  }
  const contactsOf = (kind: number, id: number, span: Span): ContactRow[] =>
    keysOf(tables.contactsOf, KEYS.contactOf, { prefix: [kind, id], span }).flatMap((key) => {
      const [position, n] = [KEYS.contactOf.part(key, 2), KEYS.contactOf.part(key, 3)]
      const row = tables.contacts.getBinaryFast(KEYS.contact.of(position, n))
      return row === undefined ? [] : [decodeContact(read(row), position, n)]
    })

  return {
    entries: (number, span) =>
      (span.reverse ? entriesBefore : entriesAfter)(tables, reader, { number, span }),
    baseAtOrBefore(number, seq) {
      const span = { from: seq, limit: 1, reverse: true }
      const [row] = rowsOf(tables.bases, KEYS.base, { prefix: [number], span })
      return row === undefined ? null : decodeBase(read(row.value), number, KEYS.base.part(row.key, 1))
    },
    visitors: (span) =>
      rowsOf(tables.visitors, KEYS.visitor, { prefix: [], span }).map(({ key, value }) =>
        decodeVisitor(read(value), KEYS.visitor.part(key, 0)),
      ),
    visits: (number, span) =>
      rowsOf(tables.visits, KEYS.visit, { prefix: [number], span }).map(({ key, value }) =>
        decodeVisit(read(value), number, KEYS.visit.part(key, 1)),
      ),
    sessions: (number, visit, span) =>
      rowsOf(tables.sessions, KEYS.session, { prefix: [number, visit], span }).map(({ key, value }) =>
        decodeSession(read(value), { number, visit, ordinal: KEYS.session.part(key, 2) }),
      ),
    pages: (number, visit, span) =>
      rowsOf(tables.pages, KEYS.page, { prefix: [number, visit], span }).map(({ key, value }) =>
        decodePage(read(value), { number, visit, ordinal: KEYS.page.part(key, 2) }),
      ),
    identities: (span) =>
      rowsOf(tables.identities, KEYS.identity, { prefix: [], span }).map(({ key, value }) =>
        decodeIdentity(read(value), KEYS.identity.part(key, 0)),
      ),
    linksOfVisit: (number, visit, span = ALL) =>
      rowsOf(tables.links, KEYS.link, { prefix: [number, visit], span }).map(({ key, value }) =>
        decodeLink(read(value), { number, visit, identity: KEYS.link.part(key, 2) }),
      ),
    linksOfIdentity: (identity, span) =>
      keysOf(tables.linksOf, KEYS.linkOf, { prefix: [identity], span }).flatMap((key): LinkRow[] => {
        const row = rows.link(KEYS.linkOf.part(key, 2), KEYS.linkOf.part(key, 3), identity)
        return row === null ? [] : [row]
      }),
    contacts: (span) =>
      rowsOf(tables.contacts, KEYS.contact, { prefix: [], span }).map(({ key, value }) =>
        decodeContact(read(value), KEYS.contact.part(key, 0), KEYS.contact.part(key, 1)),
      ),
    contactsOfIdentity: (identity, span) => contactsOf(OF_IDENTITY, identity, span),
    contactsOfVisitor: (number, span) => contactsOf(OF_VISITOR, number, span),
    identitiesAt: (kind, value, limit) =>
      Array.from(tables.addresses.getKeys({ ...addressRange(kind, value), limit }), identityOfAddress),
    scores: () => Array.from(tables.scores.getRange({}), ({ value }) => decodeScore(read(value))),
    commits: (span) => commitsIn(tables, reader, span),
    changes: (span) => changesIn(tables, reader, span),
    due: (at, limit) =>
      keysOf(tables.deadlines, KEYS.deadline, { prefix: [], span: { to: at, limit } }).map((key) => ({
        number: KEYS.deadline.part(key, 1),
        at: KEYS.deadline.part(key, 0),
      })),
    firstDue() {
      const [key] = keysOf(tables.deadlines, KEYS.deadline, { prefix: [], span: { limit: 1 } })
      return key === undefined ? 0 : KEYS.deadline.part(key, 0)
    },
    connected: (span) =>
      keysOf(tables.connected, KEYS.visitor, { prefix: [], span }).map((key) => KEYS.visitor.part(key, 0)),
    openVisits: (span) =>
      keysOf(tables.openVisits, KEYS.visit, { prefix: [], span }).map((key) => ({
        number: KEYS.visit.part(key, 0),
        visit: KEYS.visit.part(key, 1),
      })),
  }
}

interface Part {
  /** What all keys of the list begin with; the span's places are the part of the key that follows. */
  readonly prefix: readonly number[]
  readonly span: Span
}

interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

function rowsOf(table: Table, shape: KeyShape, part: Part): Row[] {
  const range = rangeOf(shape, part)
  return range === null ? [] : Array.from(table.getRange(range))
}

function keysOf(table: Table, shape: KeyShape, part: Part): Uint8Array[] {
  const range = rangeOf(shape, part)
  return range === null ? [] : Array.from(table.getKeys(range))
}

/** The keys of a part of a list, both ends included; null where nothing can be in it. */
function rangeOf(shape: KeyShape, { prefix, span }: Part): Range | null {
  const { from, to, limit, reverse = false } = span
  if (limit <= 0) return null
  const [first, last] = reverse ? [to, from] : [from, to]
  const lowest = shape.bound([...prefix, ...(first === undefined ? [] : [first])], 0)
  const highest = shape.bound([...prefix, ...(last === undefined ? [] : [last])], 255)
  if (Buffer.compare(lowest, highest) > 0) return null
  const [start, end] = reverse ? [highest, lowest] : [lowest, highest]
  return { start, end, inclusiveEnd: true, reverse, limit }
}

interface Range {
  readonly start: Uint8Array
  readonly end: Uint8Array
  readonly inclusiveEnd: true
  readonly reverse: boolean
  readonly limit: number
}

interface OfVisitor {
  readonly number: number
  readonly span: Span
}

function entriesAfter(tables: Tables, reader: Reader, { number, span }: OfVisitor): StoredEntry[] {
  const { from = 0, to = Number.MAX_SAFE_INTEGER, limit } = span
  const found: StoredEntry[] = []
  if (limit <= 0 || from > to) return found
  // The chunk that holds `from` begins at or before it.
  const [holder] = keysOf(tables.stream, KEYS.stream, {
    prefix: [number],
    span: { from, limit: 1, reverse: true },
  })
  const start = holder ?? KEYS.stream.bound([number, from], 0)
  const end = KEYS.stream.bound([number, to], 255)
  for (const { key, value } of tables.stream.getRange({ start, end, inclusiveEnd: true })) {
    reader.open(value)
    const firstSeq = KEYS.stream.part(key, 1)
    const lastSeq = Math.min(to, Math.max(from, firstSeq) + limit - found.length - 1)
    for (const entry of decodeChunk(reader, firstSeq, lastSeq)) if (entry.seq >= from) found.push(entry)
    if (found.length >= limit) return found
  }
  return found
}

function entriesBefore(tables: Tables, reader: Reader, { number, span }: OfVisitor): StoredEntry[] {
  const { from = Number.MAX_SAFE_INTEGER, to = 0, limit } = span
  const found: StoredEntry[] = []
  if (limit <= 0 || from < to) return found
  const start = KEYS.stream.bound([number, from], 255)
  const end = KEYS.stream.bound([number], 0)
  for (const { key, value } of tables.stream.getRange({ start, end, inclusiveEnd: true, reverse: true })) {
    reader.open(value)
    for (const entry of decodeChunk(reader, KEYS.stream.part(key, 1), from).reverse()) {
      if (entry.seq < to) return found
      found.push(entry)
      if (found.length >= limit) return found
    }
  }
  return found
}

/** A commit holds the positions from its own on: the one that holds `from` is in the list. */
function commitsIn(tables: Tables, reader: Reader, span: Span): CommitRow[] {
  const lower = span.reverse ? span.to : span.from
  const widened =
    lower === undefined ? span : { ...span, [span.reverse ? 'to' : 'from']: holderOf(tables, reader, lower) }
  return rowsOf(tables.commits, KEYS.commit, { prefix: [], span: widened }).map(({ key, value }) => {
    reader.open(value)
    return decodeCommit(reader, KEYS.commit.part(key, 0))
  })
}

/** Where the commit that holds a position begins; the position itself where none holds it. */
function holderOf(tables: Tables, reader: Reader, position: number): number {
  const span = { from: position, limit: 1, reverse: true }
  const [row] = rowsOf(tables.commits, KEYS.commit, { prefix: [], span })
  if (row === undefined) return position
  reader.open(row.value)
  const first = KEYS.commit.part(row.key, 0)
  return first + commitExtent(reader).count > position ? first : position
}

function changesIn(tables: Tables, reader: Reader, span: Span): ChangeRow[] {
  const found: ChangeRow[] = []
  const range = rangeOf(KEYS.change, { prefix: [], span })
  if (range === null) return found
  for (const { key, value } of tables.changes.getRange({ ...range, limit: Number.POSITIVE_INFINITY })) {
    const position = KEYS.change.part(key, 0)
    if (found.length >= span.limit && found.at(-1)?.position !== position) return found
    reader.open(value)
    found.push(decodeChange(reader, position, KEYS.change.part(key, 1)))
  }
  return found
}
