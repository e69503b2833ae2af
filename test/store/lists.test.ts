// Lists by span, forward and back, against the plain arrays they must equal; deadlines, changes, tokens, notes.
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Span, Store } from '../../src/store/contract.ts'
import type {
  ChangeRow,
  ContactRow,
  IdentityRow,
  LinkRow,
  StoredEntry,
  VisitRow,
} from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { AT, anEvent, anOther, aVisitor, commitSaid, say, someWords } from './a-row.ts'

const seed = Number(process.env.TEST_SEED ?? randomInt(2 ** 31))
const test = suite('lists')
let folder = tempFolder()
let store: Store

test.before(() => console.log(`lists: TEST_SEED=${seed}`))
test.before.each(async () => {
  folder = tempFolder()
  store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
})
test.after.each(async () => {
  await store.close()
  folder.remove()
})

/** What a span takes of a list, told plainly. */
function taken<T>(all: readonly T[], span: Span, placeOf: (row: T) => number): T[] {
  const { from, to, limit, reverse = false } = span
  const [first = 0, last = Number.POSITIVE_INFINITY] = reverse ? [to, from] : [from, to]
  const inside = all.filter((row) => placeOf(row) >= first && placeOf(row) <= last)
  return (reverse ? inside.reverse() : inside).slice(0, Math.max(0, limit))
}

const place = fc.option(fc.nat({ max: 130 }), { nil: undefined })
const spans: fc.Arbitrary<Span> = fc
  .record({ from: place, to: place, limit: fc.nat({ max: 140 }), reverse: fc.boolean() })
  .map(({ from, to, ...rest }) => ({
    ...rest,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }))

function checkSpans<T>(
  all: readonly T[],
  read: (span: Span) => readonly T[],
  placeOf: (row: T) => number,
): void {
  fc.assert(
    fc.property(spans, (span) => {
      assert.equal(read(span), taken(all, span, placeOf))
    }),
    { seed, numRuns: 150 },
  )
}

test('[H3] the entries of a visitor, in part of a chunk or many, either way', async () => {
  const all: StoredEntry[] = []
  for (const count of [1, 3, 10, 1, 1, 40, 7, 20, 37]) {
    await commitSaid(store, 'other')
    const number = await commitSaid(store, 'v', { count })
    all.splice(0, all.length, ...store.entries(number, { limit: 1_000 }))
  }
  const number = store.visitorNumber('v')
  assert.equal(
    all.map(({ seq }) => seq),
    Array.from({ length: 120 }, (_, index) => index + 1),
  )
  checkSpans(
    all,
    (span) => store.entries(number, span),
    ({ seq }) => seq,
  )
})

test('[H3] visitors, visits, sessions and pages by their numbers, and nobody else among them', async () => {
  const draft = store.createDraft()
  for (let index = 0; index < 120; index += 1) {
    say(draft, { globalVisitID: `v-${index}`, count: 1, from: index })
  }
  const visits: VisitRow[] = []
  for (const number of [1, 2]) {
    for (let ordinal = 1; ordinal <= 120; ordinal += 1) {
      const dates = { startDate: AT, endDate: 0, position: ordinal, reason: null, ranges: [] }
      const visit = {
        ...dates,
        number,
        ordinal,
        visitId: `w-${ordinal}`,
        implicit: false,
        userAgentId: null,
        authenticated: 0,
        recognized: 0,
      }
      draft.putVisit(visit)
      if (number === 1) visits.push(visit)
      draft.putSession({ ...dates, number, visit: 7, ordinal, sessionId: `s-${ordinal}`, identity: 1 })
      draft.putPage({
        ...dates,
        number,
        visit: 7,
        ordinal,
        pageId: `p-${ordinal}`,
        browserPageID: 'b',
        session: 0,
        identity: 0,
        url: '/',
      })
    }
  }
  await store.commit(draft, { at: AT })
  const all = store.visitors({ limit: 1_000 })
  assert.is(all.length, 120)
  checkSpans(
    all,
    (span) => store.visitors(span),
    ({ number }) => number,
  )
  checkSpans(
    visits,
    (span) => store.visits(1, span),
    ({ ordinal }) => ordinal,
  )
  assert.equal(
    store.sessions(1, 7, { limit: 2, from: 119 }).map(({ sessionId }) => sessionId),
    ['s-119', 's-120'],
  )
  assert.equal(
    store.pages(2, 7, { limit: 2, reverse: true }).map(({ pageId }) => pageId),
    ['p-120', 'p-119'],
  )
  assert.equal(store.pages(2, 8, { limit: 2 }), [])
})

test('[H3] commits by position: the one that holds the first place wanted is among them', async () => {
  for (const count of [5, 1, 30, 2, 80]) await commitSaid(store, 'v', { count })
  const all = store.commits({ limit: 10 })
  assert.equal(
    all.map(({ position }) => position),
    [1, 6, 7, 37, 39],
  )
  assert.equal(all.at(-1)?.stretches, [{ number: 1, firstSeq: 39, count: 80, contents: 1 }])
  assert.equal(store.commits({ from: 8, limit: 2 }), all.slice(2, 4))
  assert.equal(store.commits({ from: 6, to: 36, limit: 9 }), all.slice(1, 3))
  assert.equal(store.commits({ from: 38, to: 8, limit: 9, reverse: true }), all.slice(2, 4).reverse())
  assert.equal(store.commits({ from: 119, limit: 9 }), [])
})

test('[H3] a commit says of each stretch what is in it', async () => {
  const draft = store.createDraft()
  const put = (globalVisitID: string, entries: readonly StoredEntry[]) => {
    const number = draft.numberVisitor(globalVisitID)
    const last = entries.at(-1)
    const previousSeq = draft.visitor(number)?.seq ?? 0
    draft.putVisitor(
      aVisitor({ number, globalVisitID, seq: last?.seq ?? 0, position: last?.position ?? 0 }),
      entries,
      previousSeq,
    )
  }
  const system = (eventName: string) => someWords({ eventType: 'SYSTEM', eventName })
  put('a', [anEvent({ position: 1 }), anOther({ position: 2, seq: 2 })])
  put('b', [anEvent({ position: 3, words: system('PageEntered') })])
  put('a', [anEvent({ position: 4, seq: 3, words: system('SignIn') })])
  put('c', [])
  await store.commit(draft, { at: AT })
  assert.equal(store.commits({ limit: 1 })[0]?.stretches, [
    { number: 1, firstSeq: 1, count: 2, contents: 1 | 8 },
    { number: 2, firstSeq: 1, count: 1, contents: 2 },
    { number: 1, firstSeq: 3, count: 1, contents: 2 | 4 },
  ])
  assert.equal(
    store.entries(1, { limit: 9 }).map(({ position }) => position),
    [1, 2, 4],
  )
})

test('[H3] identities by number, and links from either side, by position', async () => {
  const draft = store.createDraft()
  const links: LinkRow[] = []
  const identities: IdentityRow[] = []
  for (let index = 1; index <= 120; index += 1) {
    const identity = draft.numberIdentity(`pat-${index}@example.com`)
    const row = {
      identity,
      identityId: `pat-${index}@example.com`,
      position: index,
      firstSeen: AT,
      lastSeen: AT,
      profile: {},
      contactId: null,
      contact: null,
    }
    draft.putIdentity(row)
    identities.push(row)
    const link = {
      number: 3,
      visit: index,
      identity: 5,
      association: 'Recognized',
      position: index,
      ranges: [],
    }
    draft.putLink(link)
    links.push(link)
    draft.putLink({ ...link, identity: 6, association: null })
  }
  await store.commit(draft, { at: AT })
  checkSpans(
    links,
    (span) => store.linksOfIdentity(5, span),
    ({ position }) => position,
  )
  assert.equal(
    store.linksOfVisit(3, 7).map(({ identity }) => identity),
    [5, 6],
  )
  checkSpans(
    identities,
    (span) => store.identities(span),
    ({ identity }) => identity,
  )
})

test('[H3] contacts of all, of an identity and of a visitor, by position', async () => {
  const draft = store.createDraft()
  const contacts: ContactRow[] = []
  for (let index = 1; index <= 120; index += 1) {
    const contact = {
      position: index,
      n: 1,
      number: 3,
      seq: index,
      identity: 5,
      visit: 1,
      session: 1,
      scope: 'Authenticated',
      how: 'SignIn',
      at: AT,
      retractedAt: 0,
    }
    draft.putContact(contact)
    contacts.push(contact)
    draft.putContact({ ...contact, n: 2, number: 4, identity: 9 })
  }
  await store.commit(draft, { at: AT })
  checkSpans(
    contacts,
    (span) => store.contactsOfIdentity(5, span),
    ({ position }) => position,
  )
  checkSpans(
    contacts,
    (span) => store.contactsOfVisitor(3, span),
    ({ position }) => position,
  )
  assert.equal(
    store.contacts({ from: 120, limit: 9 }).map(({ n }) => n),
    [1, 2],
  )
})

test('[H3] all changes of one position come together even past the limit', async () => {
  const draft = store.createDraft()
  const change = (position: number, n: number): ChangeRow => ({
    position,
    n,
    number: 1,
    globalVisitID: 'v',
    seq: position,
    at: AT + position,
    kind: 'visit',
    name: 'opened',
    data: { n },
  })
  const all = [change(1, 1), change(2, 1), change(2, 2), change(2, 3), change(9, 1)]
  for (const row of all) draft.putChange(row)
  assert.equal(draft.changes, all)
  await store.commit(draft, { at: AT })
  assert.equal(store.changes({ limit: 1 }), all.slice(0, 1))
  assert.equal(store.changes({ limit: 2 }), all.slice(0, 4))
  assert.equal(store.changes({ from: 2, limit: 4 }), all.slice(1))
  assert.equal(store.changes({ limit: 2, reverse: true }), all.slice(1).reverse())

  assert.is(await store.dropChanges({ at: AT + 9, position: 1 }, 10), 1)
  assert.is(await store.dropChanges({ at: AT + 9, position: 100 }, 2), 2)
  assert.is(await store.dropChanges({ at: AT + 9, position: 100 }, 2), 1)
  assert.is(await store.dropChanges({ at: AT + 9, position: 100 }, 2), 0)
  assert.equal(store.changes({ limit: 9 }), all.slice(4))
})

test('[V5] the deadlines index says who is due, each visitor once, as its row says', async () => {
  const number = await commitSaid(store, 'a', { row: { armedAt: AT + 300, connected: 1 } })
  const other = await commitSaid(store, 'b', { row: { armedAt: AT + 200 } })
  assert.is(store.firstDue(), AT + 200)
  assert.equal(store.due(AT + 300, 9), [
    { number: other, at: AT + 200 },
    { number, at: AT + 300 },
  ])
  assert.equal(store.due(AT + 299, 9), [{ number: other, at: AT + 200 }])
  assert.equal(store.due(AT + 300, 1), [{ number: other, at: AT + 200 }])
  assert.equal(store.connected({ limit: 9 }), [number])
  await commitSaid(store, 'b', { row: { armedAt: AT + 400, connected: 2 } })
  await commitSaid(store, 'a', { row: { armedAt: 0, connected: 0 } })
  assert.equal(store.due(AT + 9_000, 9), [{ number: other, at: AT + 400 }])
  assert.equal(store.connected({ limit: 9 }), [other])
  await commitSaid(store, 'b', { row: { armedAt: 0 } })
  assert.is(store.firstDue(), 0)
})

test('[P6] tokens are forgotten only while their visitor has said nothing', async () => {
  const bind = async (globalVisitID: string, boundAt: number) => {
    const draft = store.createDraft()
    draft.putToken({ globalVisitID, hash: new Uint8Array(32).fill(boundAt % 256), boundAt })
    assert.is(draft.token(globalVisitID)?.boundAt, boundAt)
    await store.commit(draft, { at: AT })
  }
  await bind('silent', AT)
  await bind('speaks later', AT + 1)
  await bind('bound again', AT + 1)
  await bind('bound again', AT + 9)
  await commitSaid(store, 'spoke before')
  await bind('spoke before', AT + 2)
  await bind('young', AT + 9)
  await commitSaid(store, 'speaks later')
  assert.is(await store.dropUnusedTokens(AT + 9, 10), 1)
  assert.is(store.token('silent'), null)
  for (const kept of ['speaks later', 'bound again', 'spoke before', 'young']) assert.ok(store.token(kept))
  assert.equal(store.token('young')?.hash, new Uint8Array(32).fill((AT + 9) % 256))
  assert.is(await store.dropUnusedTokens(AT + 10, 1), 1)
  assert.is(await store.dropUnusedTokens(AT + 10, 10), 1)
})

test("[B3] the relay's places and small notes are kept", async () => {
  assert.equal([store.relayMark(), store.relayPlaces(), store.note('jetstream')], [0, [], undefined])
  await store.saveRelay(70, [
    { number: 2, position: 80, n: 1 },
    { number: 9, position: 81, n: 3 },
  ])
  await store.saveRelay(79, [{ number: 2, position: 0, n: 0 }])
  assert.equal([store.relayMark(), store.relayPlaces()], [79, [{ number: 9, position: 81, n: 3 }]])
  await store.saveNote('jetstream', { on: true, 'a key': [1, 'x', null] })
  assert.equal(store.note('jetstream'), { on: true, 'a key': [1, 'x', null] })
})

test('[B6] messages sent and changes given up are kept until they are forgotten', async () => {
  const sent = [1, 2, 3].map((seq) => ({
    seq,
    messageId: `m-${seq}`,
    at: AT + seq,
    identityIds: seq === 2 ? [] : ['pat'],
  }))
  await store.saveRelay(1, [], sent)
  const first = store.sentOf({ identityId: 'pat' }, { after: null, rows: 2 })
  assert.equal(first, { found: [{ seq: 1, messageId: 'm-1', at: AT + 1 }], next: { at: AT + 2, seq: 2 } })
  const rest = store.sentOf({ identityId: 'pat' }, { after: first.next, rows: 2 })
  assert.equal(rest, { found: [{ seq: 3, messageId: 'm-3', at: AT + 3 }], next: null })
  assert.equal(store.sentOf({ identityId: 'kim' }, { after: null, rows: 9 }), { found: [], next: null })
  assert.is(await store.dropSent(AT + 3, 9), 2)
  assert.is(store.sentOf({ identityId: 'pat' }, { after: null, rows: 9 }).found.length, 1)

  const dead = [1, 2].map((position) => ({
    change: {
      position,
      n: 1,
      number: 1,
      globalVisitID: 'v',
      seq: position,
      at: AT + position,
      kind: 'visit' as const,
      name: 'opened',
      data: { position },
    },
    reason: 'too large',
    at: AT + 9,
    told: position === 2,
  }))
  await store.putDead(dead)
  assert.equal(store.dead({ limit: 9 }), dead)
  assert.equal(store.dead({ from: 2, limit: 9 }), dead.slice(1))
  assert.is(await store.dropDead(AT + 2, 9), 1)
  assert.equal(store.dead({ limit: 9 }), dead.slice(1))
})

test.run()
