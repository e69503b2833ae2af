/** What the store in memory answers: single rows and lists, over the plain tables of its disk. */
import type { Span, Store } from '../../src/store/contract.ts'
import type {
  BaseRow,
  ChangeRow,
  CommitRow,
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
} from '../../src/store/rows.ts'
import type { TableName } from '../../src/store/tables.ts'
import { keyOf, type MemoryDisk, numbersIn, type Range, rangeOf } from './memory-disk.ts'

type SingleReads =
  | 'visitorNumber'
  | 'visitor'
  | 'visit'
  | 'session'
  | 'page'
  | 'name'
  | 'identityNumber'
  | 'identity'
  | 'link'
  | 'token'
  | 'seenSeq'
  | 'userAgent'
  | 'contactsOfEntry'
  | 'score'

type ListReads =
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
  | 'rowCount'
  | 'seenCount'
  | 'isArmed'

/** One of a table's rows; the tables are filled by `memory-store.ts` alone, which knows what they hold. */
function rowIn<Row>(disk: MemoryDisk, table: TableName, key: string): Row | null {
  return (disk.table(table).get(key) as Row | undefined) ?? null
}

/** Rows in a range. */
export function rowsIn<Row>(disk: MemoryDisk, table: TableName, range: Range): Row[] {
  const rows = disk.table(table)
  return rows.keys(range).map((key) => rows.get(key) as Row)
}

/** Single rows. */
export function memoryRows(disk: MemoryDisk): Pick<Store, SingleReads> {
  return {
    visitorNumber: (globalVisitID) => rowIn<number>(disk, 'visitorNumbers', keyOf(globalVisitID)) ?? 0,
    visitor: (number) => rowIn<VisitorRow>(disk, 'visitors', keyOf(number)),
    visit: (number, ordinal) => rowIn<VisitRow>(disk, 'visits', keyOf(number, ordinal)),
    session: (...key) => rowIn<SessionRow>(disk, 'sessions', keyOf(...key)),
    page: (...key) => rowIn<PageRow>(disk, 'pages', keyOf(...key)),
    name: (kind, name) => rowIn<NameRow>(disk, 'names', keyOf(kind, name)),
    identityNumber: (identityId) => rowIn<number>(disk, 'identityNumbers', keyOf(identityId)) ?? 0,
    identity: (identity) => rowIn<IdentityRow>(disk, 'identities', keyOf(identity)),
    link: (...key) => rowIn<LinkRow>(disk, 'links', keyOf(...key)),
    token: (globalVisitID) => rowIn<TokenRow>(disk, 'tokens', keyOf(globalVisitID)),
    seenSeq: (number, eventID) => rowIn<number>(disk, 'seen', keyOf(number, eventID)) ?? 0,
    userAgent: (userAgentId) => rowIn<string>(disk, 'userAgents', keyOf(userAgentId)),
    contactsOfEntry: (number, seq) =>
      rowsIn<ContactRow>(disk, 'contacts', rangeOf()).filter(
        (row) => row.number === number && row.seq === seq,
      ),
    score: (rule, version) => rowIn<ScoreRow>(disk, 'scores', keyOf(version, rule)),
  }
}

/** Lists. */
export function memoryLists(disk: MemoryDisk): Pick<Store, ListReads> {
  const list = <Row>(table: TableName, prefix: readonly number[], span: Span): Row[] =>
    rowsIn<Row>(disk, table, spanned(prefix, span))
  const keys = (table: TableName, prefix: readonly number[], span: Span) =>
    disk.table(table).keys(spanned(prefix, span)).map(numbersIn)
  const contactsOf = (kind: number, id: number, span: Span): ContactRow[] =>
    keys('contactsOf', [kind, id], span).flatMap(([, , position = 0, n = 0]) => {
      const row = rowIn<ContactRow>(disk, 'contacts', keyOf(position, n))
      return row === null ? [] : [row]
    })

  return {
    entries: (number, span) => entriesIn(disk, number, span),
    baseAtOrBefore: (number, seq) =>
      list<BaseRow>('bases', [number], { from: seq, limit: 1, reverse: true })[0] ?? null,
    visitors: (span) => list('visitors', [], span),
    visits: (number, span) => list('visits', [number], span),
    sessions: (number, visit, span) => list('sessions', [number, visit], span),
    pages: (number, visit, span) => list('pages', [number, visit], span),
    identities: (span) => list('identities', [], span),
    linksOfVisit: (number, visit, span) =>
      span === undefined
        ? rowsIn<LinkRow>(disk, 'links', rangeOf(number, visit))
        : list<LinkRow>('links', [number, visit], span),
    linksOfIdentity: (identity, span) =>
      keys('linksOf', [identity], span).flatMap(([, , number = 0, visit = 0]) => {
        const row = rowIn<LinkRow>(disk, 'links', keyOf(number, visit, identity))
        return row === null ? [] : [row]
      }),
    contacts: (span) => list('contacts', [], span),
    contactsOfIdentity: (identity, span) => contactsOf(0, identity, span),
    contactsOfVisitor: (number, span) => contactsOf(1, number, span),
    identitiesAt: (kind, value, limit) =>
      disk
        .table('addresses')
        .keys({ ...rangeOf(kind, value), limit })
        .map((key) => Number(key.split('\u0001')[2])),
    scores: () => rowsIn<ScoreRow>(disk, 'scores', rangeOf()),
    commits: (span) => commitsIn(disk, span),
    changes: (span) => wholePositions(rowsIn<ChangeRow>(disk, 'changes', spanned([], unlimited(span))), span),
    due: (at, limit) =>
      keys('deadlines', [], { to: at, limit }).map(([due = 0, number = 0]) => ({ number, at: due })),
    firstDue: () => keys('deadlines', [], { limit: 1 })[0]?.[0] ?? 0,
    connected: (span) => keys('connected', [], span).map(([number = 0]) => number),
    openVisits: (span) => keys('openVisits', [], span).map(([number = 0, visit = 0]) => ({ number, visit })),
    seenCount: () => disk.table('seen').size(),
    rowCount: (table) => disk.table(table as TableName).size(),
    isArmed: (number, at) => disk.table('deadlines').has(keyOf(at, number)),
  }
}

/** The keys of a part of a list, both ends included. */
export function spanned(
  prefix: readonly number[],
  { from, to, limit, reverse = false }: Span,
): Range & { readonly limit: number } {
  const [first, last] = reverse ? [to, from] : [from, to]
  const all = rangeOf(...prefix)
  const start = first === undefined ? all.start : keyOf(...prefix, whole(first))
  const end = last === undefined ? all.end : `${keyOf(...prefix, whole(last))}\u0001\uffff`
  return { start, end: start > end ? start : end, reverse, limit: start > end ? 0 : Math.max(0, limit) }
}

const whole = (place: number): number => Math.min(Math.max(0, Math.floor(place)), Number.MAX_SAFE_INTEGER)

export function unlimited(span: Span): Span {
  return { ...span, limit: span.limit <= 0 ? 0 : Number.POSITIVE_INFINITY }
}

/** At most `limit` rows, and the rest of the last one's position. */
export function wholePositions<Row extends { readonly position: number }>(
  rows: Row[],
  { limit }: Span,
): Row[] {
  const last = rows[limit - 1]?.position
  return last === undefined ? rows : rows.filter((row, index) => index < limit || row.position === last)
}

function entriesIn(disk: MemoryDisk, number: number, span: Span): StoredEntry[] {
  const { from, to, limit, reverse = false } = span
  const [first = 0, last = Number.MAX_SAFE_INTEGER] = reverse ? [to, from] : [from, to]
  // The chunk that holds the first begins at or before it.
  const [holder] = disk.table('stream').keys(spanned([number], { from: first, limit: 1, reverse: true }))
  const all = spanned([number], { to: last, limit: Number.POSITIVE_INFINITY })
  const found = rowsIn<readonly StoredEntry[]>(disk, 'stream', { ...all, start: holder ?? all.start })
    .flat()
    .filter(({ seq }) => seq >= first && seq <= last)
  return (reverse ? found.reverse() : found).slice(0, Math.max(0, limit))
}

/** The commit that holds the lowest position wanted is in the list. */
function commitsIn(disk: MemoryDisk, span: Span): CommitRow[] {
  const { from, to, limit, reverse = false } = span
  const [first = 0, last = Number.MAX_SAFE_INTEGER] = reverse ? [to, from] : [from, to]
  const found = rowsIn<CommitRow>(disk, 'commits', rangeOf()).filter(
    (row) => row.position <= last && row.position + sizeOf(row) > first,
  )
  return (reverse ? found.reverse() : found).slice(0, Math.max(0, limit))
}

export function sizeOf({ stretches }: CommitRow): number {
  return stretches.reduce((sum, { count }) => sum + count, 0)
}
