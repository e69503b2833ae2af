/** Writes rows as the committer would: entries with seq and position, and the ranges that hold them. */
import type { Store } from '../../src/store/contract.ts'
import type {
  ContactRow,
  IdentityRow,
  LinkRow,
  PageRow,
  Ranges,
  SessionRow,
  StoredEntry,
  StoredEvent,
  VisitRow,
} from '../../src/store/rows.ts'

/** Rows that the scribe can still change. */
type Open<Row> = { -readonly [Key in keyof Row]: Row[Key] }
interface Ranged {
  ranges: Ranges
}

export interface Said {
  readonly eventName?: string
  readonly eventType?: 'SYSTEM' | 'BUSINESS'
  readonly eventID?: string
  readonly url?: string
  readonly category?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly browserPageID?: string
  readonly late?: boolean
}

export interface Where {
  readonly visit?: Open<VisitRow>
  readonly session?: Open<SessionRow>
  readonly page?: Open<PageRow>
  readonly link?: Open<LinkRow>
}

export type Scribe = ReturnType<typeof createScribe>

export function createScribe(store: Store) {
  const seqs = new Map<number, { seq: number; written: number; firstAt: number; name: string }>()
  const entries = new Map<number, StoredEntry[]>()
  let draft = store.createDraft()
  let position = store.lastPosition()
  let clock = Math.max(1_700_000_000_000, store.lastAt())
  let ids = 0
  const dirty: (() => void)[] = []
  const keep = (put: () => void): void => {
    dirty.push(put)
  }

  function numberOf(globalVisitID: string): number {
    const number = draft.numberVisitor(globalVisitID)
    if (!seqs.has(number)) seqs.set(number, { seq: 0, written: 0, firstAt: clock, name: globalVisitID })
    return number
  }

  function addEntry(
    number: number,
    make: (stamp: { seq: number; position: number; at: number }) => StoredEntry,
  ) {
    const visitor = seqs.get(number)
    if (visitor === undefined) throw new Error(`visitor ${number} was not made`)
    visitor.seq++
    position++
    const entry = make({ seq: visitor.seq, position, at: clock })
    const added = entries.get(number)
    if (added === undefined) entries.set(number, [entry])
    else added.push(entry)
    return entry
  }

  const scribe = {
    numberOf,
    /** Time goes on; the same `at` is used until then. */
    wait: (ms: number): void => {
      clock += ms
    },
    now: () => clock,
    lastPosition: () => position,

    visit(globalVisitID: string, visitId: string, more: Partial<VisitRow> = {}): Open<VisitRow> {
      const number = numberOf(globalVisitID)
      const ordinal = more.ordinal ?? ++ids
      const row: Open<VisitRow> = {
        number,
        ordinal,
        visitId,
        position: position + 1,
        startDate: clock,
        endDate: 0,
        reason: null,
        implicit: false,
        userAgentId: null,
        authenticated: 0,
        recognized: 0,
        ranges: [],
        ...more,
      }
      draft.putName({ kind: 'visit', name: visitId, number, visit: ordinal, ordinal: 0 })
      keep(() => draft.putVisit(row))
      return row
    },
    alias(visit: VisitRow, name: string): void {
      draft.putName({ kind: 'visit', name, number: visit.number, visit: visit.ordinal, ordinal: 0 })
    },
    identity(identityId: string, more: Partial<IdentityRow> = {}): Open<IdentityRow> {
      const row: Open<IdentityRow> = {
        identity: draft.numberIdentity(identityId),
        identityId,
        position: position + 1,
        firstSeen: clock,
        lastSeen: clock,
        profile: {},
        contactId: null,
        contact: null,
        ...more,
      }
      keep(() => draft.putIdentity(row))
      return row
    },
    link(visit: VisitRow, identity: IdentityRow, association: string | null): Open<LinkRow> {
      const row: Open<LinkRow> = {
        number: visit.number,
        visit: visit.ordinal,
        identity: identity.identity,
        association,
        position: position + 1,
        ranges: [],
      }
      keep(() => draft.putLink(row))
      return row
    },
    session(visit: VisitRow, identity: IdentityRow, more: Partial<SessionRow> = {}): Open<SessionRow> {
      const ordinal = ++ids
      const row: Open<SessionRow> = {
        number: visit.number,
        visit: visit.ordinal,
        ordinal,
        sessionId: serverId(visit.number, ordinal, 's'),
        identity: identity.identity,
        position: position + 1,
        startDate: clock,
        endDate: 0,
        reason: null,
        ranges: [],
        ...more,
      }
      draft.putName({ kind: 'session', name: row.sessionId, number: row.number, visit: row.visit, ordinal })
      keep(() => draft.putSession(row))
      return row
    },
    page(visit: VisitRow, where: Where, more: Partial<PageRow> = {}): Open<PageRow> {
      const ordinal = ++ids
      const row: Open<PageRow> = {
        number: visit.number,
        visit: visit.ordinal,
        ordinal,
        pageId: serverId(visit.number, ordinal, 'p'),
        browserPageID: `tab-${ordinal}`,
        session: where.session?.ordinal ?? 0,
        identity: where.link?.identity ?? 0,
        position: position + 1,
        startDate: clock,
        endDate: 0,
        url: 'https://shop.example/',
        ranges: [],
        ...more,
      }
      draft.putName({ kind: 'page', name: row.pageId, number: row.number, visit: row.visit, ordinal })
      keep(() => draft.putPage(row))
      return row
    },
    contact(visit: VisitRow, identity: IdentityRow, more: Partial<ContactRow> = {}): void {
      draft.putContact({
        position,
        n: 1,
        number: visit.number,
        seq: seqs.get(visit.number)?.seq ?? 0,
        identity: identity.identity,
        visit: visit.ordinal,
        session: 0,
        scope: 'Authenticated',
        how: 'SignIn',
        at: clock,
        retractedAt: 0,
        ...more,
      })
    },
    event(number: number, where: Where = {}, said: Said = {}): StoredEvent {
      const { visit, session, page, link } = where
      const entry = addEntry(number, (stamp) => ({
        ...stamp,
        kind: 'event',
        visit: visit?.ordinal ?? 0,
        session: session?.ordinal ?? 0,
        page: page?.ordinal ?? 0,
        identity: link?.identity ?? 0,
        given: null,
        outcome: null,
        faulted: false,
        words: {
          eventType: said.eventType ?? 'BUSINESS',
          eventName: said.eventName ?? 'Looked',
          eventID: said.eventID ?? `e-${number}-${stamp.seq}`,
          visitID: visit?.visitId ?? 'nowhere',
          pageID: said.browserPageID ?? page?.browserPageID ?? 'tab',
          timestamp: clock - 300,
          url: said.url ?? 'https://shop.example/',
          ...(said.category === undefined ? {} : { category: said.category }),
          data: said.data ?? {},
        },
        occurredAt: clock,
        via: 'socket',
        final: false,
        late: said.late ?? false,
      }))
      for (const row of [visit, session, page, link]) if (row !== undefined) extend(row, entry.seq)
      // The boundary of the union: made as an event just above.
      return entry as StoredEvent
    },
    other(number: number, kind: string, payload: Readonly<Record<string, unknown>>): StoredEntry {
      return addEntry(number, (stamp) => ({
        ...stamp,
        kind,
        visit: 0,
        session: 0,
        page: 0,
        identity: 0,
        given: null,
        outcome: null,
        faulted: false,
        payload,
      }))
    },
    userAgent: (id: string, text: string): void => draft.putUserAgent(id, text),
    async commit(): Promise<void> {
      for (const put of dirty) put()
      for (const [number, added] of [...entries].sort(([, a], [, b]) => positionOf(a) - positionOf(b))) {
        const visitor = seqs.get(number)
        const last = added.at(-1)
        if (visitor === undefined || last === undefined) continue
        draft.putVisitor(
          {
            number,
            globalVisitID: visitor.name,
            seq: visitor.seq,
            position: last.position,
            at: last.at,
            firstAt: visitor.firstAt,
            machineVersion: 1,
            snapshot: {},
            armedAt: 0,
            disarmed: [],
            keptFrom: 1,
            replayFrom: { seq: 0, machineVersion: 1, snapshot: {} },
            connected: 0,
          },
          added,
          visitor.written,
        )
        visitor.written = visitor.seq
      }
      await store.commit(draft, { at: clock })
      entries.clear()
      draft = store.createDraft()
    },
  }
  return scribe
}

function positionOf(entries: readonly StoredEntry[]): number {
  return entries[0]?.position ?? 0
}

/** Stretches to the entry: the last one goes on if it ended just before. */
function extend(row: Ranged, seq: number): void {
  const last = row.ranges.at(-1)
  const rest = row.ranges.slice(0, -1)
  row.ranges =
    last !== undefined && last[1] === seq - 1 ? [...rest, [last[0], seq]] : [...row.ranges, [seq, seq]]
}

function serverId(number: number, ordinal: number, kind: 's' | 'p'): string {
  const tail = (number * 1_000_000 + ordinal).toString(16).padStart(12, '0')
  return `${kind === 's' ? 'aaaaaaaa' : 'bbbbbbbb'}-0000-5000-8000-${tail}`
}
