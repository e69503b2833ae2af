// Rows for the store's tests: whole ones, with only what a test is about given.
import { randomUUID } from 'node:crypto'
import type { Draft, Store } from '../../src/store/contract.ts'
import type { StoredEvent, StoredOther, StoredWords, VisitorRow, VisitRow } from '../../src/store/rows.ts'

export const AT = 1_790_000_000_000

export function someWords(words: Partial<StoredWords> = {}): StoredWords {
  return {
    eventType: 'BUSINESS',
    eventName: 'ProductViewed',
    eventID: randomUUID(),
    visitID: 'b1946ac9-2d07-4f5a-8f2e-0a1b2c3d4e5f',
    pageID: '0123456789abcdef0123456789abcdef',
    timestamp: AT - 5,
    url: 'https://shop.example.com/products/123',
    data: { sku: 'A-123' },
    ...words,
  }
}

export function anEvent(event: Partial<StoredEvent> = {}): StoredEvent {
  return {
    kind: 'event',
    seq: 1,
    position: 1,
    at: AT,
    visit: 1,
    session: 0,
    page: 1,
    identity: 0,
    given: null,
    outcome: null,
    faulted: false,
    words: someWords(),
    occurredAt: AT - 3,
    via: 'socket',
    final: false,
    late: false,
    ...event,
  }
}

export function anOther(other: Partial<StoredOther> = {}): StoredOther {
  return {
    kind: 'presence.came',
    seq: 1,
    position: 1,
    at: AT,
    visit: 1,
    session: 0,
    page: 0,
    identity: 0,
    given: null,
    outcome: null,
    faulted: false,
    payload: {},
    ...other,
  }
}

export function aVisitor(row: Partial<VisitorRow> & { readonly number: number }): VisitorRow {
  return {
    globalVisitID: `visitor-${row.number}`,
    seq: 0,
    position: 0,
    at: AT,
    firstAt: AT,
    machineVersion: 1,
    snapshot: { state: 'browsing' },
    armedAt: 0,
    disarmed: [],
    keptFrom: 1,
    newest: 0,
    replayFrom: { seq: 0, machineVersion: 1, snapshot: null },
    connected: 0,
    ...row,
  }
}

export function aVisit(row: Pick<VisitRow, 'number' | 'ordinal'> & Partial<VisitRow>): VisitRow {
  return {
    ...{ visitId: `v-${row.number}-${row.ordinal}`, position: 1, startDate: AT, endDate: 0, reason: null },
    ...{ implicit: false, userAgentId: null, authenticated: 0, recognized: 0, ranges: [] },
    ...row,
  }
}

/** Lets a visitor say `count` things in a draft, behind what it and the node have said so far; returns its number. */
export function say(
  draft: Draft,
  {
    globalVisitID,
    count,
    from,
    row,
  }: {
    readonly globalVisitID: string
    readonly count: number
    /** The position before the first. */
    readonly from: number
    readonly row?: Partial<VisitorRow>
  },
): number {
  const number = draft.numberVisitor(globalVisitID)
  const before = draft.visitor(number)
  const previousSeq = before?.seq ?? 0
  const entries = Array.from({ length: count }, (_, index) =>
    anEvent({ seq: previousSeq + 1 + index, position: from + 1 + index }),
  )
  const base = before ?? aVisitor({ number, globalVisitID })
  draft.putVisitor(
    { ...base, seq: previousSeq + count, position: from + count, ...row },
    entries,
    previousSeq,
  )
  return number
}

/** The same in a commit of its own. */
export async function commitSaid(
  store: Store,
  globalVisitID: string,
  said: { readonly count?: number; readonly row?: Partial<VisitorRow> } = {},
): Promise<number> {
  const draft = store.createDraft()
  const number = say(draft, { globalVisitID, count: 1, from: store.lastPosition(), ...said })
  await store.commit(draft, { at: AT })
  return number
}
