/** All that is kept of one person, as plain objects one after another: what they may ask for (Q12). */
import type { Store } from '../store/contract.ts'
import { type IdentityRow, isStoredEvent, type LinkRow, type StoredEntry } from '../store/rows.ts'

export type PersonReads = Pick<
  Store,
  | 'identity'
  | 'linksOfIdentity'
  | 'contactsOfIdentity'
  | 'visit'
  | 'visitor'
  | 'sessions'
  | 'pages'
  | 'entries'
>

/** Rows read at a time. */
const STRIDE = 500

/**
 * The person, then everything visit by visit, then how they were linked; null after each read, for others to work. It
 * ends where the person is erased meanwhile.
 */
export function* personLines(store: PersonReads, row: IdentityRow): Generator<object | null> {
  const { identity, identityId, firstSeen, lastSeen, profile, contactId, contact } = row
  yield { kind: 'person', identityId, firstSeen, lastSeen, profile, contactId, contact }
  const links = inStrides(
    (from) => store.linksOfIdentity(identity, { from, limit: STRIDE }),
    ({ position }) => position,
  )
  for (const link of links) {
    if (store.identity(identity) === null) return
    if (link === null) yield null
    else yield* visitLines(store, link)
  }
  const contacts = inStrides(
    (from) => store.contactsOfIdentity(identity, { from, limit: STRIDE }),
    ({ position }) => position,
  )
  for (const contactRow of contacts) {
    if (contactRow === null) yield null
    else {
      const { at, how, scope, retractedAt } = contactRow
      yield { kind: 'contact', at, how, scope, retractedAt }
    }
  }
}

function* visitLines(store: PersonReads, link: LinkRow): Generator<object | null> {
  const { number, visit: ordinal, identity, association } = link
  const visit = store.visit(number, ordinal)
  const globalVisitID = store.visitor(number)?.globalVisitID
  if (visit === null || globalVisitID === undefined) return
  const { visitId, startDate, endDate } = visit
  yield { kind: 'visit', globalVisitID, visitId, startDate, endDate, association }
  const byOrdinal = (row: { readonly ordinal: number }): number => row.ordinal
  for (const session of inStrides(
    (from) => store.sessions(number, ordinal, { from, limit: STRIDE }),
    byOrdinal,
  )) {
    if (session === null) yield null
    else if (session.identity === identity) {
      const { sessionId, startDate: signedInAt, endDate: signedOutAt, reason } = session
      yield { kind: 'session', visitId, sessionId, startDate: signedInAt, endDate: signedOutAt, reason }
    }
  }
  for (const page of inStrides((from) => store.pages(number, ordinal, { from, limit: STRIDE }), byOrdinal)) {
    if (page === null) yield null
    else if (page.identity === identity) {
      const { pageId, browserPageID, startDate: enteredAt, endDate: leftAt } = page
      const { url, title, category, referrer } = page
      const told = { pageId, browserPageID, startDate: enteredAt, endDate: leftAt }
      yield { kind: 'page', visitId, ...told, url, title, category, referrer }
    }
  }
  for (const entry of entriesOf(store, link)) {
    yield entry === null ? null : { kind: 'entry', visitId, ...entryLine(entry) }
  }
}

function* entriesOf(
  store: PersonReads,
  { number, visit, identity, ranges }: LinkRow,
): Generator<StoredEntry | null> {
  for (const [first, last] of ranges) {
    const to = last === 0 ? Number.MAX_SAFE_INTEGER : last
    const entries = inStrides(
      (from) => store.entries(number, { from, to, limit: STRIDE }),
      ({ seq }) => seq,
      first,
    )
    for (const entry of entries) {
      if (entry === null || (entry.visit === visit && entry.identity === identity)) yield entry
    }
  }
}

function entryLine(entry: StoredEntry): object {
  const { seq, at } = entry
  if (!isStoredEvent(entry)) return { seq, at, type: entry.kind, payload: entry.payload }
  return { seq, at, type: 'event', occurredAt: entry.occurredAt, ...entry.words }
}

/** A list to its end, with null after each read. */
function* inStrides<R>(
  read: (from: number) => readonly R[],
  place: (row: R) => number,
  first = 0,
): Generator<R | null> {
  for (let from = first; ; ) {
    const rows = read(from)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < STRIDE) return
    yield null
    from = place(last) + 1
  }
}
