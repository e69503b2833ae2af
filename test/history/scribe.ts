/** Writes rows as the committer would: entries with seq and position, and the ranges that hold them. */
import type { Store } from '../../src/store/contract.ts'
import {
  type ContactRow,
  type IdentityRow,
  isStoredEvent,
  type LinkRow,
  type PageRow,
  type Ranges,
  type SessionRow,
  type StoredEntry,
  type StoredEvent,
  type VisitorRow,
  type VisitRow,
} from '../../src/store/rows.ts'

/** Rows that the scribe can still change. */
type Open<Row> = { -readonly [Key in keyof Row]: Row[Key] }
interface Ranged {
  ranges: Ranges
}

export interface Said {
  readonly eventName?: string
  readonly eventType?: 'SYSTEM' | 'BUSINESS'
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
  const ledger = openLedger(store)
  return {
    ...timeIn(ledger),
    ...visitsIn(ledger),
    ...placesIn(ledger),
    ...peopleIn(ledger),
    ...saidIn(ledger),
  }
}

type Ledger = ReturnType<typeof openLedger>
type StampOf = (stamp: {
  readonly seq: number
  readonly position: number
  readonly at: number
}) => StoredEntry

/** What was written since the last commit, and where the streams stand. */
function openLedger(store: Store) {
  const streams = new Map<number, { seq: number; written: number; firstAt: number; globalVisitID: string }>()
  const entries = new Map<number, StoredEntry[]>()
  const puts: (() => void)[] = []
  const ledger = {
    draft: store.createDraft(),
    position: store.lastPosition(),
    clock: Math.max(1_700_000_000_000, store.lastAt()),
    ids: 0,
    /** Puts the row at each commit that finds it changed, as it is then. */
    keep: <Row>(row: Row, put: (row: Row) => void): void => {
      let before = ''
      puts.push(() => {
        const now = JSON.stringify(row)
        if (now !== before) put(row)
        before = now
      })
    },
    numberOf: (globalVisitID: string): number => {
      const number = ledger.draft.numberVisitor(globalVisitID)
      if (!streams.has(number)) {
        streams.set(number, { seq: 0, written: 0, firstAt: ledger.clock, globalVisitID })
      }
      return number
    },
    seqOf: (number: number): number => streams.get(number)?.seq ?? 0,
    add: (number: number, make: StampOf): StoredEntry => {
      const stream = streams.get(number)
      if (stream === undefined) throw new Error(`visitor ${number} was not made`)
      stream.seq++
      ledger.position++
      const entry = make({ seq: stream.seq, position: ledger.position, at: ledger.clock })
      const added = entries.get(number)
      if (added === undefined) entries.set(number, [entry])
      else added.push(entry)
      return entry
    },
    commit: async (): Promise<void> => {
      for (const put of puts) put()
      for (const [number, added] of [...entries].sort(([, a], [, b]) => positionOf(a) - positionOf(b))) {
        const stream = streams.get(number)
        const last = added.at(-1)
        if (stream === undefined || last === undefined) continue
        const { globalVisitID, firstAt, written } = stream
        const row = visitorRow({ number, globalVisitID, firstAt }, last)
        ledger.draft.putVisitor(row, added, written)
        stream.written = stream.seq
      }
      await store.commit(ledger.draft, { at: ledger.clock })
      entries.clear()
      ledger.draft = store.createDraft()
    },
  }
  return ledger
}

function visitorRow(
  fixed: Pick<VisitorRow, 'number' | 'globalVisitID' | 'firstAt'>,
  { seq, position, at }: StoredEntry,
): VisitorRow {
  return {
    ...fixed,
    seq,
    position,
    at,
    machineVersion: 1,
    snapshot: {},
    armedAt: 0,
    disarmed: [],
    keptFrom: 1,
    newest: 0,
    replayFrom: { seq: 0, machineVersion: 1, snapshot: {} },
    connected: 0,
  }
}

function timeIn(ledger: Ledger) {
  return {
    /** Time goes on; the same `at` is used until then. */
    wait: (ms: number): void => {
      ledger.clock += ms
    },
    now: () => ledger.clock,
    commit: ledger.commit,
    userAgent: (id: string, text: string): void => ledger.draft.putUserAgent(id, text),
  }
}

function visitsIn(ledger: Ledger) {
  const nameVisit = ({ number, ordinal }: VisitRow, name: string): void =>
    ledger.draft.putName({ kind: 'visit', name, number, visit: ordinal, ordinal: 0 })
  return {
    visit(globalVisitID: string, visitId: string, more: Partial<VisitRow> = {}): Open<VisitRow> {
      const row: Open<VisitRow> = {
        number: ledger.numberOf(globalVisitID),
        ordinal: ++ledger.ids,
        visitId,
        position: ledger.position + 1,
        startDate: ledger.clock,
        endDate: 0,
        reason: null,
        implicit: false,
        userAgentId: null,
        authenticated: 0,
        recognized: 0,
        ranges: [],
        ...more,
      }
      nameVisit(row, visitId)
      ledger.keep(row, (kept) => ledger.draft.putVisit(kept))
      return row
    },
    alias: nameVisit,
  }
}

function placesIn(ledger: Ledger) {
  const placeIn = ({ number, ordinal: visit }: VisitRow) => ({
    number,
    visit,
    ordinal: ++ledger.ids,
    position: ledger.position + 1,
    startDate: ledger.clock,
    endDate: 0,
    ranges: [],
  })
  return {
    session(visit: VisitRow, identity: IdentityRow, more: Partial<SessionRow> = {}): Open<SessionRow> {
      const place = placeIn(visit)
      const sessionId = serverId(place, 's')
      const row: Open<SessionRow> = {
        ...place,
        sessionId,
        identity: identity.identity,
        reason: null,
        ...more,
      }
      ledger.draft.putName({ kind: 'session', name: sessionId, ...namedBy(place) })
      ledger.keep(row, (kept) => ledger.draft.putSession(kept))
      return row
    },
    page(visit: VisitRow, where: Where, more: Partial<PageRow> = {}): Open<PageRow> {
      const place = placeIn(visit)
      const pageId = serverId(place, 'p')
      const row: Open<PageRow> = {
        ...place,
        pageId,
        browserPageID: `tab-${place.ordinal}`,
        session: where.session?.ordinal ?? 0,
        identity: where.link?.identity ?? 0,
        url: 'https://shop.example/',
        ...more,
      }
      ledger.draft.putName({ kind: 'page', name: pageId, ...namedBy(place) })
      ledger.keep(row, (kept) => ledger.draft.putPage(kept))
      return row
    },
  }
}

function peopleIn(ledger: Ledger) {
  return {
    identity(identityId: string, more: Partial<IdentityRow> = {}): Open<IdentityRow> {
      const row: Open<IdentityRow> = {
        identity: ledger.draft.numberIdentity(identityId),
        identityId,
        position: ledger.position + 1,
        firstSeen: ledger.clock,
        lastSeen: ledger.clock,
        profile: {},
        contactId: null,
        contact: null,
        ...more,
      }
      ledger.keep(row, (kept) => ledger.draft.putIdentity(kept))
      return row
    },
    link(visit: VisitRow, identity: IdentityRow, association: string | null): Open<LinkRow> {
      const row: Open<LinkRow> = {
        number: visit.number,
        visit: visit.ordinal,
        identity: identity.identity,
        association,
        position: ledger.position + 1,
        ranges: [],
      }
      ledger.keep(row, (kept) => ledger.draft.putLink(kept))
      return row
    },
    contact: (visit: VisitRow, identity: IdentityRow, more: Partial<ContactRow> = {}): void =>
      ledger.draft.putContact({
        position: ledger.position,
        n: 1,
        number: visit.number,
        seq: ledger.seqOf(visit.number),
        identity: identity.identity,
        visit: visit.ordinal,
        session: 0,
        scope: 'Authenticated',
        how: 'SignIn',
        at: ledger.clock,
        retractedAt: 0,
        ...more,
      }),
  }
}

const ONLY_RECORDED = { given: null, outcome: null, faulted: false } as const

function saidIn(ledger: Ledger) {
  return {
    event(number: number, where: Where = {}, said: Said = {}): StoredEvent {
      const { visit, session, page, link } = where
      const entry = ledger.add(number, (stamp) => ({
        ...stamp,
        ...ONLY_RECORDED,
        kind: 'event',
        visit: visit?.ordinal ?? 0,
        session: session?.ordinal ?? 0,
        page: page?.ordinal ?? 0,
        identity: link?.identity ?? 0,
        words: {
          eventType: said.eventType ?? 'BUSINESS',
          eventName: said.eventName ?? 'Looked',
          eventID: `e-${number}-${stamp.seq}`,
          visitID: visit?.visitId ?? 'nowhere',
          pageID: said.browserPageID ?? page?.browserPageID ?? 'tab',
          timestamp: stamp.at - 300,
          url: said.url ?? 'https://shop.example/',
          ...(said.category === undefined ? {} : { category: said.category }),
          data: said.data ?? {},
        },
        occurredAt: stamp.at,
        via: 'socket',
        final: false,
        late: said.late ?? false,
      }))
      for (const row of [visit, session, page, link]) if (row !== undefined) extend(row, entry.seq)
      if (!isStoredEvent(entry)) throw new Error('an event was written')
      return entry
    },
    other: (number: number, kind: string, payload: Readonly<Record<string, unknown>>): StoredEntry =>
      ledger.add(number, (stamp) => ({
        ...stamp,
        ...ONLY_RECORDED,
        kind,
        visit: 0,
        session: 0,
        page: 0,
        identity: 0,
        payload,
      })),
  }
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

interface Named {
  readonly number: number
  readonly visit: number
  readonly ordinal: number
}

function namedBy({ number, visit, ordinal }: Named): Named {
  return { number, visit, ordinal }
}

function serverId({ number, ordinal }: Named, kind: 's' | 'p'): string {
  const tail = (number * 1_000_000 + ordinal).toString(16).padStart(12, '0')
  return `${kind === 's' ? 'aaaaaaaa' : 'bbbbbbbb'}-0000-5000-8000-${tail}`
}
