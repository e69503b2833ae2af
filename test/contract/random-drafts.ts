/** Random rows, put into a store by drafts as the visitors' room makes them: enough of everything for every list. */
import type { Draft, Store } from '../../src/store/contract.ts'
import { orderOf } from '../../src/store/order.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import type { Dice } from '../helpers/dice.ts'
import { AT, anEvent, anOther, aVisitor, someWords } from '../store/a-row.ts'

const VISITORS = 4
const PEOPLE = ['pat', 'sam', 'kim']

/** Fills a draft with some visitors' entries and rows; `count` numbers the commit. */
export function fill(dice: Dice, store: Store, { draft, count }: { draft: Draft; count: number }): void {
  if (dice.chance(0.1)) return hide(dice, draft, count)
  if (dice.chance(0.15)) return age(dice, store, { draft, count })
  let position = store.lastPosition()
  const at = AT + count * 1_000
  const speakers = 1 + dice.below(3)
  for (let speaker = 0; speaker < speakers; speaker += 1) {
    const globalVisitID = `v-${dice.below(VISITORS)}`
    const number = draft.numberVisitor(globalVisitID)
    const before = draft.visitor(number)
    const seqBefore = before?.seq ?? 0
    const entries = Array.from({ length: 1 + dice.below(4) }, (_, index): StoredEntry => {
      position += 1
      const stamp = { seq: seqBefore + index + 1, position, at, visit: 1 + dice.below(3) }
      const words = someWords({
        eventID: dice.chance(0.3)
          ? `e-${count}-${speaker}-${index}`
          : timedId(at - dice.below(3) * 1_500 + index, count * 10 + speaker),
        eventName: dice.one(['A', 'SignIn']),
      })
      return dice.chance(0.7) ? anEvent({ ...stamp, words }) : anOther(stamp)
    })
    const seq = seqBefore + entries.length
    const orders = entries.map((entry) => (isStoredEvent(entry) ? orderOf(entry.words.eventID) : 0))
    const newest = Math.max(before?.newest ?? 0, ...orders)
    const armedAt = dice.one([0, at + dice.below(5_000)])
    const connected = dice.below(3)
    draft.putVisitor(
      aVisitor({ ...before, number, globalVisitID, seq, position, at, armedAt, connected, newest }),
      entries,
      seqBefore,
    )
    if (dice.chance(0.3)) draft.putBase({ number, seq, machineVersion: 1, snapshot: { seq } })
    putPlaces(dice, draft, { number, seq, position, at })
    putPeople(dice, draft, { number, seq, position, at })
  }
  if (dice.chance(0.3)) {
    const globalVisitID = `v-${dice.below(VISITORS + 3)}`
    draft.putToken({ globalVisitID, hash: new Uint8Array([count % 256, 1]), boundAt: at })
  }
}

/** A UUIDv7 of this time. */
function timedId(ms: number, rest: number): string {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(rest).padStart(12, '0')}`
}

/** What is too old goes, and hashes of it stay for a while. */
function age(dice: Dice, store: Store, { draft, count }: { draft: Draft; count: number }): void {
  const [number, visit] = [1 + dice.below(3), 1 + dice.below(3)]
  const all = { limit: 9 }
  const [chunk] = store.chunks(number, { from: 1, entries: 1 })
  const base = store.baseAtOrBefore(number, 9_999)
  const contacts = store.contactsOfVisitor(number, { limit: 2 })
  const pages = store.pages(number, visit, all)
  const row = draft.visit(number, visit)
  draft.dropRows({
    ...{ visits: row === null ? [] : [row], sessions: store.sessions(number, visit, all), pages, contacts },
    names: pages.map(({ pageId: name }) => ({ kind: 'page', name })),
    links: store.linksOfVisit(number, visit),
    chunks: chunk === undefined ? [] : [{ number, seq: chunk.seq }],
    bases: base === null ? [] : [{ number, seq: base.seq }],
    ...(dice.chance(0.3) ? { spans: number, token: `v-${dice.below(VISITORS)}` } : {}),
  })
  // Put again behind that: it stays.
  if (row !== null && dice.chance(0.3)) draft.putVisit({ ...row, position: count })
  const name = `name-${dice.below(30)}`
  draft.putFading({ due: AT + count, what: 'name', number, before: visit, name })
  draft.putFading({ due: AT + dice.below(99), what: 'stream', number, before: 1 + dice.below(9), name: '' })
  const person = store.identities({ limit: 1 })[0]
  if (person !== undefined && dice.chance(0.3)) draft.dropIdentity(person.identity, person.identityId)
}

/** Somebody is erased. */
function hide(dice: Dice, draft: Draft, count: number): void {
  const [identityId, globalVisitID] = [dice.one(PEOPLE), `v-${dice.below(VISITORS)}`]
  const [identity, number] = [draft.identityNumber(identityId), draft.visitorNumber(globalVisitID)]
  const begun = { id: `x-${count}`, begunAt: AT + count, finishedAt: 0, counts: {}, unreached: [] }
  const pseudonym = `nobody-${count}`
  if (dice.chance(0.5) && identity !== 0) {
    draft.hideIdentity(identity, identityId, pseudonym)
    draft.putErased('person', identityId, AT + count)
    const subject = { name: identityId, number: identity, pseudonym, position: count }
    draft.putErasure({ ...begun, kind: 'person', subject })
  } else if (number !== 0) {
    draft.hideVisitor(number, globalVisitID)
    draft.putErased('device', globalVisitID, AT + count)
    draft.putErasure({ ...begun, kind: 'device', subject: null })
  }
  draft.putMention(identityId, 1 + dice.below(3))
  draft.putErasedSpans(1 + dice.below(3), [{ visit: 1, from: AT, to: AT + count }])
}

interface Place {
  readonly number: number
  readonly seq: number
  readonly position: number
  readonly at: number
}

function putPlaces(dice: Dice, draft: Draft, { number, seq, position, at }: Place): void {
  const [visit, ordinal] = [1 + dice.below(3), 1 + dice.below(3)]
  const dates = { startDate: at, endDate: dice.one([0, at + 5]), ranges: [[seq, 0]] as const }
  const closed = { reason: dice.one([null, 'closed']), position }
  const name = `name-${dice.below(30)}`
  // A visit comes with one, for good.
  const userAgentId = visit === 3 ? null : `ua-${(number + visit) % 3}`
  draft.putVisit({
    ...{ number, ordinal: visit, visitId: name, implicit: dice.chance(0.5), userAgentId },
    ...{ ...dates, ...closed, authenticated: 0, recognized: dice.below(3) },
  })
  draft.putName({ kind: 'visit', name, number, visit, ordinal: 0 })
  if (userAgentId !== null) draft.putUserAgent(userAgentId, 'Browser/1.0')
  const identity = dice.below(3)
  draft.putSession({ number, visit, ordinal, sessionId: `s-${name}`, identity, ...dates, ...closed })
  draft.putPage({
    ...{ number, visit, ordinal, pageId: `p-${name}`, browserPageID: 'p', session: 0, identity, position },
    ...{ ...dates, url: 'https://shop.example/' },
  })
  const change = { position, number, globalVisitID: `v-${number}`, seq, at, kind: 'visit' as const }
  for (let n = 1; n <= dice.below(4); n += 1) draft.putChange({ ...change, n, name: 'opened', data: { n } })
}

function putPeople(dice: Dice, draft: Draft, { number, seq, position, at }: Place): void {
  const identityId = dice.one(PEOPLE)
  const identity = draft.numberIdentity(identityId)
  draft.putIdentity({
    ...{ identity, identityId, position, firstSeen: at, lastSeen: at, contactId: null, contact: null },
    profile: { city: { value: seq, globalVisitID: 'v', position, proven: dice.chance(0.5) } },
  })
  const visit = 1 + dice.below(3)
  const before = draft.link(number, visit, identity)
  draft.putLink({
    ...{ number, visit, identity, position: before?.position ?? position, ranges: [[seq, 0]] },
    association: dice.one([null, 'Recognized', 'Authenticated']),
  })
  draft.putContact({
    ...{ position, n: 1, number, seq, identity, visit, session: 0, at, retractedAt: dice.one([0, at]) },
    ...{ scope: 'Recognized', how: 'UserInfo' },
  })
  const address = { kind: dice.one(['email', 'phone'] as const), value: `a${dice.below(3)}`, identity }
  if (dice.chance(0.7)) draft.putAddress(address)
  else draft.removeAddress(address)
  if (dice.chance(0.4))
    draft.putScore({ rule: 'r', version: dice.below(2), position, made: seq, hits: 0, misses: 0 })
}
