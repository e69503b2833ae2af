/** E1: what a visitor said is known again, however many stand in a row, and in whatever order they came. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Store } from '../../src/store/contract.ts'
import { orderOf } from '../../src/store/order.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { AT, anEvent, aVisitor, someWords } from './a-row.ts'

const seen = suite('what was said before')

const RUN_MAX = 128

/** A UUIDv7 of this time and place within it; `rest` tells it apart. */
function timed(ms: number, rest = 0): string {
  const time = (AT + ms).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(rest).padStart(12, '0')}`
}

/** One commit of a visitor's events with these ids. */
async function say(store: Store, globalVisitID: string, eventIDs: readonly string[]): Promise<number> {
  const draft = store.createDraft()
  const number = draft.numberVisitor(globalVisitID)
  const before = draft.visitor(number)
  const [seq, from] = [before?.seq ?? 0, store.lastPosition()]
  const entries = eventIDs.map((eventID, index) =>
    anEvent({ seq: seq + 1 + index, position: from + 1 + index, words: someWords({ eventID }) }),
  )
  const newest = Math.max(before?.newest ?? 0, ...eventIDs.map(orderOf))
  const [last] = entries.slice(-1)
  const row = { number, globalVisitID, seq: last?.seq ?? seq, position: last?.position ?? from, newest }
  draft.putVisitor(aVisitor(row), entries, seq)
  await store.commit(draft, { at: AT })
  return number
}

async function withStore(prove: (store: Store) => Promise<void>): Promise<void> {
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  try {
    await prove(store)
  } finally {
    await store.close()
    folder.remove()
  }
}

function provesAllKnown(store: Store, number: number): void {
  const entries = store.entries(number, { limit: 10_000 })
  for (const entry of entries) {
    if (isStoredEvent(entry)) assert.is(store.seenSeq(number, entry.words.eventID), entry.seq)
  }
  assert.is(store.seenBefore(number, Number.MAX_SAFE_INTEGER), entries.length)
}

seen('[E1] ids in the order of their time share a row, up to a limit; others stand alone', () =>
  withStore(async (store) => {
    const ids = Array.from({ length: RUN_MAX }, (_, index) => timed(index))
    const number = await say(store, 'v', ids)
    assert.equal([store.rowCount('seenRuns'), store.rowCount('seen')], [1, 0])
    await say(
      store,
      'v',
      [...ids, 'x'].map((_, index) => timed(1_000 + index)),
    )
    assert.is(store.rowCount('seenRuns'), 3, 'one past the limit is a row of its own')
    await say(store, 'v', ['e-1', timed(500), timed(2_000), timed(2_000, 1)])
    assert.equal([store.rowCount('seenRuns'), store.rowCount('seen')], [4, 3])
    provesAllKnown(store, number)
    for (const other of [timed(0, 9), timed(499), timed(1_500), timed(9_999), 'e-2']) {
      assert.is(store.seenSeq(number, other), 0, other)
    }
    assert.is(store.seenSeq(number + 1, timed(0)), 0, 'of nobody else')
  }),
)

seen('[E1] one that comes late between two rows, and who speaks twice in a commit, are known', () =>
  withStore(async (store) => {
    const number = await say(store, 'v', [timed(10), timed(30)])
    await say(store, 'w', [timed(15)])
    await say(store, 'v', [timed(20), timed(40), timed(35), timed(50)])
    provesAllKnown(store, number)
    const draft = store.createDraft()
    let position = store.lastPosition()
    for (const [globalVisitID, id] of [
      ['v', timed(60)],
      ['w', timed(61)],
      ['v', timed(55)],
      ['v', timed(70)],
    ] as const) {
      const of = draft.numberVisitor(globalVisitID)
      const before = draft.visitor(of)
      const seq = (before?.seq ?? 0) + 1
      position += 1
      const newest = Math.max(before?.newest ?? 0, orderOf(id))
      const entry = anEvent({ seq, position, words: someWords({ eventID: id }) })
      draft.putVisitor(aVisitor({ number: of, globalVisitID, seq, position, newest }), [entry], seq - 1)
    }
    await store.commit(draft, { at: AT })
    provesAllKnown(store, number)
    provesAllKnown(store, store.visitorNumber('w'))
  }),
)

seen('[E1] [Q12] of a row only what stands before a seq is forgotten', () =>
  withStore(async (store) => {
    const number = await say(store, 'v', [timed(1), timed(2), timed(3), 'e-1', timed(4)])
    for (let place: string | null = ''; place !== null; ) {
      place = await store.dropSeen(number, { before: 3, place, limit: 1 })
    }
    const known = [timed(1), timed(2), timed(3), 'e-1', timed(4)].map((id) => store.seenSeq(number, id))
    assert.equal(known, [0, 0, 3, 4, 5])
    assert.is(store.seenCount(), 3)
    while (store.hasSeen(number)) await store.erase({ gone: { seen: { number, limit: 1 } } })
    assert.is(store.seenCount(), 0)
  }),
)

seen.run()
