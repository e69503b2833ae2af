/** Everything that a store answers, as one value: two stores of the same rows answer the same. */
import type { Store } from '../../src/store/contract.ts'
import { visitNameHash } from '../../src/store/fading.ts'
import { AT } from '../store/a-row.ts'

const ALL = { limit: 1_000 }

/** Parts of a list, from either end. */
const SPANS = [
  ALL,
  { limit: 0 },
  { limit: 3 },
  { limit: 3, reverse: true },
  { from: 4, to: 11, limit: 100 },
  { from: 11, to: 4, limit: 5, reverse: true },
  { from: 9, to: 2, limit: 100 },
]

/** All its answers. */
export function allReads(store: Store): unknown {
  return {
    node: nodeReads(store),
    visitors: store.visitors(ALL).map(({ number }) => visitorReads(store, number)),
  }
}

function nodeReads(store: Store): unknown {
  const tables = [
    ...['visitors', 'stream', 'names', 'linksOf', 'contactsOf', 'freshTokens', 'commits'],
    ...['userAgents', 'userAgentUses'],
  ]
  const lists = [
    store.visitors,
    store.identities,
    store.contacts,
    store.commits,
    store.connected,
    store.openVisits,
  ]
  return [
    ...[store.lastPosition(), store.lastAt(), store.firstDue(), store.scores(), store.dead(ALL)],
    ...lists.map((list) => SPANS.map((span) => list(span))),
    // Their limit is one of positions: they have no order but that of their places.
    ...SPANS.map((span) => store.changes(span)),
    store.due(AT + 9_000, 3),
    store.due(AT * 2, 100),
    store.seenCount(),
    store.commits({ from: store.lastPosition(), limit: 1 }),
    ...tables.map((table) => [table, store.rowCount(table)]),
    ...(['email', 'phone'] as const).flatMap((kind) =>
      ['a0', 'a1'].map((value) => store.identitiesAt(kind, value, 9)),
    ),
    ...['v-0', 'v-5', 'nobody'].map((id) => [store.visitorNumber(id), store.token(id)]),
    ...['pat', 'sam', 'nobody'].map((id) => store.identity(store.identityNumber(id))),
    ...[1, 2, 3].map((identity) => SPANS.map((span) => store.linksOfIdentity(identity, span))),
    ...[1, 2, 3].map((identity) => SPANS.map((span) => store.contactsOfIdentity(identity, span))),
    ...Array.from({ length: 30 }, (_, name) => store.name('visit', `name-${name}`)),
    ...[store.score('r', 0), store.score('r', 7), store.note('kept')],
    ...[store.relayMark(), store.relayPlaces(), store.erasures(), store.erasure('x-1')],
    ...['pat', 'sam', 'v-0'].map((id) => [store.erasedAt('person', id), store.erasedAt('device', id)]),
    ...['ua-0', 'ua-1', 'ua-2'].map((id) => store.userAgent(id)),
    ...['pat', 'sam'].map((id) => store.mentionsOf(id, 2)),
    ...[store.fading(AT + 9, 99), store.fading(Number.MAX_SAFE_INTEGER, 3)],
    ...Array.from({ length: 30 }, (_, name) => store.nameOf(visitNameHash(`name-${name}`))).map(
      (row) => row && [row.number, row.visit],
    ),
  ]
}

function visitorReads(store: Store, number: number): unknown {
  const entries = store.entries(number, ALL)
  return [
    ...SPANS.map((span) => store.entries(number, span)),
    ...SPANS.map((span) => store.visits(number, span)),
    ...SPANS.map((span) => store.contactsOfVisitor(number, span)),
    ...[1, 2, 3].map((visit) => [
      ...[store.visit(number, visit), store.linksOfVisit(number, visit), store.link(number, visit, 1)],
      ...SPANS.map((span) => store.linksOfVisit(number, visit, span)),
      ...SPANS.map((span) => [store.sessions(number, visit, span), store.pages(number, visit, span)]),
      ...[store.session(number, visit, 1), store.page(number, visit, 2)],
    ]),
    ...entries.map(({ seq }) => store.contactsOfEntry(number, seq)),
    ...entries.map((entry) =>
      'words' in entry ? store.seenSeq(number, String(Object(entry.words).eventID)) : 0,
    ),
    ...[1, 3, 9].map((from) => store.chunks(number, { from, entries: 4 })),
    ...[store.erasedSpans(number), store.hasSeen(number)],
    ...[0, 3, 99].map((seq) => store.seenBefore(number, seq)),
    store.baseAtOrBefore(number, 5),
    store.baseAtOrBefore(number, 1_000),
    store.isArmed(number, store.visitor(number)?.armedAt ?? 0),
  ]
}
