/** What every store must do, asked of LMDB and of the one in memory that the simulation runs on. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StaleCommit, StoreUnavailable } from '../../src/store/errors.ts'
import { dice } from '../helpers/dice.ts'
import { within } from '../helpers/within.ts'
import { AT, anEvent, aVisit, aVisitor, commitSaid, say } from '../store/a-row.ts'
import { rejection } from '../store/rejection.ts'
import { allReads } from './all-reads.ts'
import { STORES, type Stored } from './both-stores.ts'
import { fill } from './random-drafts.ts'

const contract = suite("the store's contract")

type Proof = (stored: Stored) => Promise<void>

/** The same of both. */
function both(title: string, proof: Proof): void {
  for (const { name, open } of STORES) {
    contract(`${title} (${name})`, async () => {
      const stored = await open()
      try {
        await proof(stored)
      } finally {
        await stored.end()
      }
    })
  }
}

both(
  '[Q1] what a commit resolved for is there after a start, with its places on the node',
  async (stored) => {
    const number = await commitSaid(stored.store, 'v', { count: 3 })
    const { boot } = stored.store
    const store = await stored.reopen()
    assert.is(store.boot, boot + 1)
    assert.is(store.lastPosition(), 3)
    assert.is(store.lastAt(), AT)
    assert.equal(
      store.entries(number, { limit: 9 }).map(({ seq, position }) => [seq, position]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    )
  },
)

both(
  '[Q8] a commit that fails at any put leaves nothing, is refused, and goes through later',
  async (stored) => {
    const { store } = stored
    await commitSaid(store, 'v')
    const before = allReads(store)
    for (let count = 1; count <= 4; count += 1) {
      stored.failAt(count)
      assert.instance(await rejection(commitSaid(store, 'w', { count: 2 })), StoreUnavailable)
      assert.equal(allReads(store), before)
      await within(5_000, 'the store recovers', store.recovered())
      assert.is(store.unavailable(), null)
    }
    await commitSaid(store, 'w', { count: 2 })
    assert.is(store.lastPosition(), 3)
  },
)

both('[E3] the fences: a seq or a position that is not the next is stale', async ({ store }) => {
  const number = await commitSaid(store, 'v')
  const stale = store.createDraft()
  const row = aVisitor({ number, globalVisitID: 'v', seq: 1, position: 2 })
  stale.putVisitor(row, [anEvent({ seq: 1, position: 2 })], 0)
  assert.instance(await rejection(store.commit(stale, { at: AT })), StaleCommit)
  const gap = store.createDraft()
  say(gap, { globalVisitID: 'v', count: 1, from: 5 })
  assert.instance(await rejection(store.commit(gap, { at: AT })), StaleCommit)
  assert.is(store.unavailable(), null)
  assert.is(store.lastPosition(), 1)
})

both('[E1] a draft sees its own rows and those in front of it, and what is on disk', async ({ store }) => {
  const front = store.createDraft()
  const number = say(front, { globalVisitID: 'v', count: 1, from: 0 })
  front.putName({ kind: 'visit', name: 'a visit', number, visit: 1, ordinal: 0 })
  const behind = store.createDraft(front)
  assert.is(behind.visitorNumber('v'), number)
  assert.is(behind.name('visit', 'a visit')?.number, number)
  assert.is(behind.numberVisitor('w'), number + 1)
  assert.is(store.visitorNumber('v'), 0)
  await store.commit(front, { at: AT })
  const other = store.createDraft()
  assert.is(other.numberVisitor('x'), number + 1)
  assert.is(behind.visitor(number)?.seq, 1)
})

both('[E1] a number without a row is allotted again', async (stored) => {
  const draft = stored.store.createDraft()
  draft.numberVisitor('nobody')
  draft.putToken({ globalVisitID: 'nobody', hash: new Uint8Array([1]), boundAt: AT })
  await stored.store.commit(draft, { at: AT })
  assert.is(stored.store.visitorNumber('nobody'), 0)
  const store = await stored.reopen()
  assert.is(store.createDraft().numberVisitor('somebody'), 1)
})

both('[P6] tokens of those who never said anything are forgotten, the others stay', async ({ store }) => {
  const draft = store.createDraft()
  for (const globalVisitID of ['silent', 'speaks']) {
    draft.putToken({ globalVisitID, hash: new Uint8Array([7]), boundAt: AT })
  }
  await store.commit(draft, { at: AT })
  await commitSaid(store, 'speaks')
  assert.is(await store.dropUnusedTokens(AT, 9), 0)
  assert.is(await store.dropUnusedTokens(AT + 1, 9), 1)
  assert.is(store.token('silent'), null)
  assert.equal([...(store.token('speaks')?.hash ?? [])], [7])
})

both('[B2] how far the relay has come, what it sent and what it gave up', async (stored) => {
  const { store } = stored
  await store.saveRelay(5, [{ number: 2, position: 9, n: 1 }], [sent(1), sent(2), sent(3)])
  await store.saveRelay(6, [{ number: 2, position: 0, n: 0 }])
  const draft = store.createDraft()
  for (const position of [1, 2, 2, 3]) draft.putChange(change(position, draft.changes.length + 1))
  await store.commit(draft, { at: AT })
  await store.putDead([{ change: change(7, 1), reason: 'refused', at: AT, told: false }])
  await store.putDead([{ change: change(7, 1), reason: 'refused', at: AT, told: true }])
  const again = await stored.reopen()
  assert.is(again.relayMark(), 6)
  assert.equal(again.relayPlaces(), [])
  const first = again.sentOf({ identityId: 'pat' }, { after: null, rows: 2 })
  assert.equal([first.found.map(({ seq }) => seq), first.next], [[1, 2], { at: AT + 2, seq: 2 }])
  assert.equal(again.sentOf({ identityId: 'pat' }, { after: first.next, rows: 2 }).next, null)
  assert.is(await again.dropSent(AT + 3, 9), 2)
  assert.equal(
    again.dead({ limit: 1 }).map(({ told }) => told),
    [true],
  )
  assert.is(await again.dropDead(AT + 1, 9), 1)
  assert.equal(
    again.changes({ from: 2, limit: 1 }).map(({ position }) => position),
    [2, 2],
  )
  assert.is(await again.dropChanges({ at: AT + 1, position: 2 }, 9), 3)
  assert.is(again.changes({ limit: 9 }).length, 1)
})

both(
  '[Q12] who is hidden is found no more, and no number comes again; a step overwrites and removes',
  async (stored) => {
    const number = await commitSaid(stored.store, 'v', { count: 2 })
    const draft = stored.store.createDraft()
    draft.hideVisitor(number, 'v')
    draft.putErased('device', 'v', AT)
    assert.is(draft.visitor(number), null)
    await stored.store.commit(draft, { at: AT })
    const [chunk] = stored.store.chunks(number, { from: 2, entries: 1 })
    assert.is(chunk?.seq, 1)
    const entries = chunk?.entries.map((entry) => ({ ...entry, erased: true as const })) ?? []
    await stored.store.erase({ chunks: [{ number, entries }], gone: { seen: { number, limit: 1 } } })
    const store = await stored.reopen()
    assert.equal(
      [store.visitorNumber('v'), store.visitor(number), store.erasedAt('device', 'v')],
      [0, null, AT],
    )
    assert.equal(
      store.entries(number, { limit: 9 }).map(({ erased }) => erased),
      [true, true],
    )
    assert.is(store.hasSeen(number), true)
    await store.erase({ gone: { chunks: [{ number, seq: 1 }], seen: { number, limit: 9 } } })
    assert.is(store.hasSeen(number), false)
    assert.equal(store.entries(number, { limit: 9 }), [])
    assert.is(store.createDraft().numberVisitor('w'), number + 1)
  },
)

both('[Q12] rows that go are found by no draft behind, unless they were put again', async ({ store }) => {
  const number = await commitSaid(store, 'v', { count: 2 })
  const draft = store.createDraft()
  const [first, second] = [aVisit({ number, ordinal: 1 }), aVisit({ number, ordinal: 2 })]
  draft.putVisit(first)
  draft.putVisit(second)
  await store.commit(draft, { at: AT })
  const front = store.createDraft()
  front.dropRows({ visits: [first, second], chunks: [{ number, seq: 1 }] })
  assert.is(front.visit(number, 1), null)
  front.putVisit({ ...second, position: 9 })
  const behind = store.createDraft(front)
  assert.is(behind.visit(number, 1), null)
  assert.is(behind.visit(number, 2)?.position, 9)
  assert.ok(store.visit(number, 1))
  await store.commit(front, { at: AT })
  assert.is(store.visit(number, 1), null)
  assert.is(store.visit(number, 2)?.position, 9)
  assert.equal(store.entries(number, { limit: 9 }), [])
})

both('[E9] a name fades when it is due and leads to no visit; one that does fades later', async (stored) => {
  const { store } = stored
  const number = await commitSaid(store, 'v')
  const draft = store.createDraft()
  draft.putVisit(aVisit({ number, ordinal: 1 }))
  for (const [name, visit] of [
    ['kept', 1],
    ['gone', 2],
  ] as const) {
    draft.putName({ kind: 'visit', name, number, visit, ordinal: 0 })
    draft.putFading({ due: AT, what: 'name', number, before: visit, name })
  }
  await store.commit(draft, { at: AT })
  const again = await stored.reopen()
  assert.equal(again.fading(AT, 9), [])
  const due = again.fading(AT + 1, 9)
  assert.equal(
    due.map(({ what, number: whose, before }) => [what, whose, before]).sort(),
    [1, 2].map((visit) => ['name', number, visit]),
  )
  await again.dropFading(due, AT + 50)
  assert.is(again.name('visit', 'gone'), null)
  assert.is(again.name('visit', 'kept')?.visit, 1)
  assert.equal(
    again.fading(AT + 51, 9).map(({ due: later }) => later),
    [AT + 50],
  )
})

both('[E1] eventIDs of entries before a seq are forgotten, part by part', async ({ store }) => {
  const number = await commitSaid(store, 'v', { count: 7 })
  await commitSaid(store, 'w', { count: 2 })
  assert.is(store.seenBefore(number, 6), 5)
  let parts = 0
  for (let place: string | null = ''; place !== null; parts += 1) {
    place = await store.dropSeen(number, { before: 6, place, limit: 3 })
  }
  assert.ok(parts >= 3, 'a few at a time')
  assert.is(store.seenBefore(number, 99), 2)
  assert.is(store.seenBefore(store.visitorNumber('w'), 99), 2)
})

both('[E4] commits before a position go, but the last stays: positions go on', async (stored) => {
  for (const id of ['a', 'b', 'c']) await commitSaid(stored.store, id, { count: 2 })
  assert.is(await stored.store.dropCommits(3, 9), 1)
  assert.is(await stored.store.dropCommits(99, 1), 1)
  assert.is(await stored.store.dropCommits(99, 9), 0)
  const store = await stored.reopen()
  assert.equal(
    store.commits({ limit: 9 }).map(({ position }) => position),
    [5],
  )
  assert.is(store.lastPosition(), 6)
})

both(
  '[Q12] who is named in a stream of which nothing is kept is forgotten, the others are not',
  async ({ store }) => {
    const number = await commitSaid(store, 'v')
    const draft = store.createDraft()
    for (const whose of [number, 77]) draft.putMention('pat', whose)
    await store.commit(draft, { at: AT })
    assert.is(await store.dropMentions({ place: '', limit: 9 }), null)
    assert.equal(store.mentionsOf('pat', 9), [number])
    const emptied = store.createDraft()
    const row = store.visitor(number)
    if (row !== null) emptied.putVisitor({ ...row, keptFrom: row.seq + 1 }, [], row.seq)
    await store.commit(emptied, { at: AT })
    await store.dropMentions({ place: '', limit: 9 })
    assert.equal(store.mentionsOf('pat', 9), [])
  },
)

both('[Q12] a person whom nobody knows goes, and the number is nobody else’s', async (stored) => {
  const draft = stored.store.createDraft()
  const identity = draft.numberIdentity('pat')
  const seen = { position: 1, firstSeen: AT, lastSeen: AT, profile: {}, contactId: null, contact: null }
  draft.putIdentity({ ...seen, identity, identityId: 'pat' })
  await stored.store.commit(draft, { at: AT })
  const gone = stored.store.createDraft()
  gone.dropIdentity(identity, 'pat')
  await stored.store.commit(gone, { at: AT })
  const store = await stored.reopen()
  assert.equal([store.identityNumber('pat'), store.identity(identity)], [0, null])
  assert.is(store.createDraft().numberIdentity('sam'), identity + 1)
})

both('[Q12] what is remembered of a message goes with it', async ({ store }) => {
  await store.saveRelay(1, [], [sent(1), sent(2)])
  const isTheirs = (messageId: string): boolean => messageId.startsWith('v.')
  const all = { after: null, rows: 9 }
  assert.is(store.sentOf({ identityId: null, isTheirs }, all).found.length, 2)
  await store.erase({ gone: { sent: [{ at: AT + 1, seq: 1 }] } })
  assert.equal(
    store.sentOf({ identityId: 'pat' }, all).found.map(({ seq }) => seq),
    [2],
  )
})

both('notes are kept by name, as they are', async (stored) => {
  await stored.store.saveNote('a note', { of: ['some', 1] })
  const store = await stored.reopen()
  assert.equal(store.note('a note'), { of: ['some', 1] })
  assert.is(store.note('another'), undefined)
})

const SEEDS = [1, 2, Date.now() % 2 ** 31]

for (const seed of SEEDS) {
  contract(`[Q8] both stores answer the same after the same commits, seed ${seed}`, async () => {
    const opened = await Promise.all(STORES.map(({ open }) => open()))
    try {
      for (let count = 1; count <= 25; count += 1) {
        const answers: unknown[] = []
        for (const stored of opened) {
          const throws = dice(seed * 1_000 + count)
          if (throws.chance(0.2)) stored.failAt(1)
          const draft = stored.store.createDraft()
          fill(throws, stored.store, { draft, count })
          await stored.store
            .commit(draft, { at: AT + count })
            .catch(() => within(5_000, 'the store recovers', stored.store.recovered()))
          stored.failAt(0)
          if (throws.chance(0.1)) await stored.reopen()
          answers.push(allReads(stored.store))
        }
        assert.equal(answers[1], answers[0], `after commit ${count}`)
      }
    } finally {
      for (const stored of opened) await stored.end()
    }
  })
}

function change(position: number, n: number) {
  const of = { number: 1, globalVisitID: 'v', seq: position, at: AT }
  return { position, n, ...of, kind: 'visit' as const, name: 'opened', data: {} }
}

function sent(seq: number) {
  return { seq, messageId: `v.${seq}.1`, at: AT + seq, identityIds: ['pat'] }
}

contract.run()
