// Drafts: what is put is read at once, through the draft in front, from disk; hostile names stay apart.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RowReads, Store } from '../../src/store/contract.ts'
import type { ContactRow } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { AT, anEvent, aVisitor, someWords } from './a-row.ts'
import { rejection } from './rejection.ts'

const test = suite('draft')
let folder = tempFolder()
let store: Store
test.before.each(async () => {
  folder = tempFolder()
  store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
})
test.after.each(async () => {
  await store.close()
  folder.remove()
})

const dates = { position: 1, startDate: AT, endDate: 0, ranges: [[1, 0]] as const }
const ending = { ...dates, reason: null }
const visitor = aVisitor({ number: 1, globalVisitID: 'v-1', seq: 1, position: 1 })
const event = anEvent({ words: someWords({ eventID: 'e-1' }) })
const visit = {
  ...ending,
  number: 1,
  ordinal: 1,
  visitId: 'w-1',
  implicit: false,
  userAgentId: 'ua',
  authenticated: 0,
  recognized: 0,
}
const session = { ...ending, number: 1, visit: 1, ordinal: 1, sessionId: 's-1', identity: 1 }
const page = {
  ...dates,
  number: 1,
  visit: 1,
  ordinal: 1,
  pageId: 'p-1',
  browserPageID: 'b',
  session: 1,
  identity: 1,
  url: '/',
}
const name = { kind: 'visit', name: 'w-1', number: 1, visit: 1, ordinal: 0 } as const
const identity = {
  identity: 1,
  identityId: 'pat',
  position: 1,
  firstSeen: AT,
  lastSeen: AT,
  profile: {},
  contactId: null,
  contact: null,
}
const link = { number: 1, visit: 1, identity: 1, association: 'Authenticated', position: 1, ranges: [] }
const contact: ContactRow = {
  position: 1,
  n: 1,
  number: 1,
  seq: 1,
  identity: 1,
  visit: 1,
  session: 1,
  scope: 'Authenticated',
  how: 'SignIn',
  at: AT,
  retractedAt: 0,
}
const token = { globalVisitID: 'v-1', hash: new Uint8Array(32).fill(7), boundAt: AT }

/** Every single-row read of what the test put. */
function readAll(reads: RowReads): readonly unknown[] {
  return [
    reads.visitorNumber('v-1'),
    reads.visitor(1),
    reads.visit(1, 1),
    reads.session(1, 1, 1),
    reads.page(1, 1, 1),
    reads.name('visit', 'w-1'),
    reads.identityNumber('pat'),
    reads.identity(1),
    reads.link(1, 1, 1),
    reads.token('v-1'),
    reads.seenSeq(1, 'e-1'),
    reads.userAgent('ua'),
    reads.contactsOfEntry(1, 1),
  ]
}

const NONE = [0, null, null, null, null, null, 0, null, null, null, 0, null, []]
const ALL = [1, visitor, visit, session, page, name, 1, identity, link, token, 1, 'Mozilla', [contact]]

test('[E4] a draft that was kept and let go of its rows reads them from disk, and so does the one behind it', async () => {
  const front = store.createDraft()
  front.putVisitor({ ...visitor, number: front.numberVisitor('v-1') }, [event], 0)
  front.putVisit(visit)
  const behind = store.createDraft(front)
  await store.commit(front, { at: AT })
  front.release()
  assert.ok(front.isEmpty)
  for (const reads of [front, behind]) assert.equal([reads.visit(1, 1), reads.seenSeq(1, 'e-1')], [visit, 1])
  assert.is(behind.numberVisitor('v-2'), 2)
})

test('[E4] each row is read from its draft, through the one in front, and from disk', async () => {
  const front = store.createDraft()
  assert.ok(front.isEmpty)
  assert.equal(readAll(front), NONE)
  front.numberVisitor('v-1')
  front.numberIdentity('pat')
  front.putVisitor(visitor, [event], 0)
  front.putVisit(visit)
  front.putSession(session)
  front.putPage(page)
  front.putName(name)
  front.putIdentity(identity)
  front.putLink(link)
  front.putContact(contact)
  front.putToken(token)
  front.putUserAgent('ua', 'Mozilla')
  assert.not(front.isEmpty)
  const behind = store.createDraft(front)
  assert.equal(readAll(front), ALL)
  assert.equal(readAll(behind), ALL)
  assert.equal(readAll(store), NONE)
  await store.commit(front, { at: AT })
  assert.equal(readAll(store), ALL)
  assert.equal(readAll(behind), ALL)

  // What the one behind says hides what is below it.
  behind.putVisit({ ...visit, endDate: AT + 1 })
  behind.putContact({ ...contact, retractedAt: AT + 1 })
  assert.is(behind.visit(1, 1)?.endDate, AT + 1)
  assert.equal(behind.contactsOfEntry(1, 1), [{ ...contact, retractedAt: AT + 1 }])
  await store.commit(behind, { at: AT })
  assert.is(store.visit(1, 1)?.endDate, AT + 1)
  assert.equal(store.contactsOfVisitor(1, { limit: 9 }), [{ ...contact, retractedAt: AT + 1 }])
})

test('[E4] the batch behind is applied and kept while the one in front is written', async () => {
  const front = store.createDraft()
  front.putVisitor({ ...visitor, number: front.numberVisitor('v-1') }, [event], 0)
  const written = store.commit(front, { at: AT })
  const behind = store.createDraft(front)
  assert.equal([behind.numberVisitor('v-1'), behind.numberVisitor('v-2')], [1, 2])
  behind.putVisitor({ ...visitor, seq: 2, position: 2 }, [anEvent({ seq: 2, position: 2 })], 1)
  const second = { ...visitor, number: 2, globalVisitID: 'v-2', position: 3 }
  behind.putVisitor(second, [anEvent({ position: 3 })], 0)
  await Promise.all([written, store.commit(behind, { at: AT + 1 })])
  assert.equal([store.lastPosition(), store.lastAt(), store.visitorNumber('v-2')], [3, AT + 1, 2])
})

test('[E4] drafts filled side by side number nobody twice', async () => {
  const tokens = store.createDraft()
  tokens.putToken(token)
  const late = store.createDraft()
  const draft = store.createDraft()
  draft.putVisitor({ ...visitor, number: draft.numberVisitor('v-1') }, [event], 0)
  await Promise.all([store.commit(draft, { at: AT }), store.commit(tokens, { at: AT })])
  assert.is(store.createDraft().numberVisitor('v-2'), 2)
  assert.is(late.numberVisitor('v-2'), 2)
})

test('[E3] entries that do not follow one another are refused, whoever put them', async () => {
  const skipped = store.createDraft()
  skipped.putVisitor({ ...visitor, number: skipped.numberVisitor('v-1'), seq: 2 }, [anEvent({ seq: 2 })], 0)
  assert.match(String(await rejection(store.commit(skipped, { at: AT }))), 'do not follow one another by seq')
  const far = store.createDraft()
  const number = far.numberVisitor('v-1')
  far.putVisitor({ ...visitor, number, seq: 2 }, [anEvent(), anEvent({ seq: 2, position: 3 })], 0)
  assert.match(
    String(await rejection(store.commit(far, { at: AT }))),
    'do not follow one another by position',
  )
  assert.is(store.unavailable(), null)
})

test('[E8] ids that look alike, are long or strange are different ids', async () => {
  const ids = [
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(256),
    'x'.repeat(257),
    '[object Object]',
    'Pat',
    'pat',
    'pät',
    'pa\u0308t',
    '日本',
    '0'.repeat(32),
    'a'.repeat(32),
    'A'.repeat(32),
    `${'a'.repeat(8)}-aaaa-aaaa-aaaa-${'a'.repeat(12)}`,
    '__proto__',
    'constructor',
  ]
  const draft = store.createDraft()
  ids.forEach((id, index) => {
    const number = draft.numberVisitor(id)
    assert.is(number, index + 1)
    draft.putVisitor(
      { ...visitor, number, globalVisitID: id, position: number },
      [anEvent({ position: number })],
      0,
    )
    draft.putIdentity({
      ...identity,
      identity: draft.numberIdentity(id),
      identityId: id,
      profile: { [id]: { value: id, globalVisitID: id, position: 1, proven: true } },
    })
    draft.putName({ ...name, name: id, visit: index })
    draft.putName({ ...name, kind: 'page', name: id, visit: index })
    draft.putUserAgent(id, id)
  })
  await store.commit(draft, { at: AT })
  ids.forEach((id, index) => {
    assert.is(store.visitor(store.visitorNumber(id))?.globalVisitID, id)
    const found = store.identity(store.identityNumber(id))
    assert.is(found?.identityId, id)
    assert.equal(Object.entries(found?.profile ?? {})[0]?.[0], id)
    assert.is(store.name('visit', id)?.visit, index)
    assert.is(store.name('page', id)?.visit, index)
    assert.is(store.name('session', id), null)
    assert.is(store.userAgent(id), id)
  })
})

test('[E1] a visitor is numbered in vain where it said nothing: the number is kept by nobody', async () => {
  const draft = store.createDraft()
  draft.numberVisitor('only asked')
  draft.numberIdentity('only asked')
  draft.putUserAgent('ua', 'Mozilla')
  await store.commit(draft, { at: AT })
  assert.equal([store.visitorNumber('only asked'), store.identityNumber('only asked')], [0, 0])
})

test('[E3] every thousandth state is found again at or before an entry', async () => {
  const draft = store.createDraft()
  for (const seq of [1_000, 2_000]) draft.putBase({ number: 7, seq, machineVersion: 1, snapshot: { seq } })
  await store.commit(draft, { at: AT })
  assert.is(store.baseAtOrBefore(7, 999), null)
  assert.equal(store.baseAtOrBefore(7, 1_999)?.snapshot, { seq: 1_000 })
  assert.equal(store.baseAtOrBefore(7, 2_000), {
    number: 7,
    seq: 2_000,
    machineVersion: 1,
    snapshot: { seq: 2_000 },
  })
  assert.is(store.baseAtOrBefore(8, 3_000), null)
})

test.run()
