/** Q12: what is older than the limit goes for good, and what is left is whole. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DAY_MS } from '../../src/retention/limits.ts'
import { wordsIn } from '../erasure/a-house.ts'
import { came, event, HOUR, MINUTE } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { type House, openHouse } from './a-house.ts'
import { glances, leaves, on, visits, wordsOf } from './a-life.ts'

const retention = suite('retention')

/** The clock stands so long behind a moment. */
function standAt(house: House, at: number, days: number, ms = 0): void {
  const { hands } = house.room
  house.room.passes(at + days * DAY_MS + ms - hands.wall)
}

async function wordsLeft(house: House, words: readonly string[]): Promise<readonly string[]> {
  await house.retention.close()
  await house.erasures.close()
  await house.room.close()
  const found = await wordsIn(house.room.path, words)
  await house.restart()
  return found
}

retention(
  '[Q12] what is at the limit stays, what is a millisecond past it goes, and verify agrees',
  async () => {
    const house = await openHouse({ keepDays: 10 })
    const { room } = house
    const ended = await visits(room, 'g1', 'old')
    const number = room.store.visitorNumber('g1')
    room.passes(5 * DAY_MS)
    await visits(room, 'g1', 'new')
    standAt(house, ended, 10)
    await house.retention.run()
    assert.equal(
      room.store.visits(number, { limit: 9 }).map(({ visitId }) => visitId),
      ['old-visit', 'new-visit'],
    )
    const [kept] = room.store.entries(number, { limit: 1 })
    assert.is(kept?.at, ended)
    assert.equal(findingsIn(room.store), [])
    room.passes(1)
    await house.retention.run()
    assert.equal(
      room.store.visits(number, { limit: 9 }).map(({ visitId }) => visitId),
      ['new-visit'],
    )
    assert.is(room.store.entries(number, { limit: 1 })[0]?.seq, room.store.visitor(number)?.keptFrom)
    assert.equal(findingsIn(room.store), [])
    await house.end()
  },
)

retention('[Q12] no live row holds a word that is older than the limit, whoever said it', async () => {
  const house = await openHouse({ keepDays: 10, publishEvents: ['*'] })
  const { room } = house
  await visits(room, 'g1', 'old')
  await visits(room, 'g2', 'lone')
  await room.record('g1', { type: 'reject', identityId: 'rejected-once', agentId: 'agent-once', ifSeq: null })
  room.passes(8 * DAY_MS)
  await visits(room, 'g1', 'new')
  await house.ages(3)
  assert.equal(findingsIn(room.store), [])
  const old = [...wordsOf('old'), ...wordsOf('lone'), 'rejected-once', 'agent-once']
  assert.equal(await wordsLeft(house, old), [])
  const young = await wordsLeft(house, wordsOf('new'))
  for (const word of wordsOf('new'))
    assert.ok(
      young.some((found) => found.endsWith(word)),
      word,
    )
  assert.is(room.visitors.view('g1')?.rejected.length, 0)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[Q12] a visit that goes on is kept whole until it ends', async () => {
  const house = await openHouse({
    keepDays: 1,
    settings: { visitMaxMs: 9 * DAY_MS, visitIdleMs: 9 * DAY_MS },
  })
  const { room } = house
  await room.record('g1', event('VisitStarted'), came(), on('PageEntered', 'long-page'))
  room.passes(2 * DAY_MS)
  await room.record('g1', on('Viewed', 'long-page'))
  await house.retention.run()
  const number = room.store.visitorNumber('g1')
  assert.is(room.store.visitor(number)?.keptFrom, 1)
  await leaves(room, 'g1', 'v1')
  // For a while a late event may open it again; then all of it is old.
  await house.ages(20)
  assert.is(room.store.visits(number, { limit: 9 }).length, 0)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[V10] a visit that may be opened again is kept, and opened again', async () => {
  const house = await openHouse({ keepDays: 1 })
  const { room } = house
  await visits(room, 'g1', 'old')
  room.passes(2 * DAY_MS)
  // Something that is no visit keeps the visitor young.
  await room.record('g1', { type: 'release', leaseId: 9 })
  await house.retention.run()
  await room.record('g1', on('Viewed', 'x', { visit: 'old-visit', agoMs: 2 * DAY_MS }))
  assert.is(room.visitors.view('g1')?.visit?.visitId, 'old-visit')
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[E1] [P6] [E9] of a visitor that is gone only hashes stay, and hold for thirty days', async () => {
  const house = await openHouse({ keepDays: 5 })
  const { room } = house
  const hash = new Uint8Array(32).fill(7)
  await room.visitors.admit('g1', hash)
  const said = on('Viewed', 'x', { visit: 'old-visit', eventID: 'said-once' })
  await room.record('g1', said)
  await visits(room, 'g1', 'old')
  const number = room.store.visitorNumber('g1')
  await house.ages(6)
  assert.is(room.store.visitor(number)?.keptFrom, (room.store.visitor(number)?.seq ?? 0) + 1)
  assert.equal(room.store.entries(number, { limit: 1 }), [])
  assert.is(room.store.identityNumber('old@example.com'), 0)
  assert.equal(findingsIn(room.store), [])
  await house.ages(29)
  assert.is((await room.one('g1', said)).is, 'duplicate')
  assert.equal(await room.visitors.admit('g1', new Uint8Array(32).fill(8)), { is: 'unauthorized' })
  const foreign = await room.one('g2', on('Viewed', 'x', { visit: 'old-visit' }))
  assert.is(foreign.is === 'rejected' && foreign.code, 'wrong_visitor')
  assert.is((await room.visitors.admit('g1', hash)).is, 'admitted')
  assert.equal(findingsIn(room.store), [])
  await house.ages(2)
  assert.is(room.store.visitorNumber('g1'), 0)
  assert.is(room.store.token('g1'), null)
  assert.is(room.store.rowCount('names'), 0)
  assert.is(room.store.seenCount(), 0)
  assert.is(room.store.rowCount('fading'), 0)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention(
  '[E9] a visitID is nobody else’s for thirty days behind the visit, however long that was',
  async () => {
    const settings = { visitIdleMs: 30 * DAY_MS, visitMaxMs: 40 * DAY_MS }
    const house = await openHouse({ keepDays: 60, settings })
    const { room } = house
    const visit = 'long'
    await room.record('g1', event('VisitStarted', { visit }), came(visit))
    await house.ages(20)
    await room.record('g1', event('Viewed', { visit }))
    await leaves(room, 'g1', visit)
    const foreign = async (): Promise<string> => {
      const outcome = await room.one('g2', event('Viewed', { visit }))
      return outcome.is === 'rejected' ? outcome.code : outcome.is
    }
    const number = room.store.visitorNumber('g1')
    await house.ages(41)
    assert.is(room.store.visitor(number)?.keptFrom, 3, 'its beginning is gone, and it is not')
    assert.ok(room.store.visit(number, 1) !== null)
    await house.ages(20)
    assert.is(room.store.visit(number, 1), null)
    await house.ages(29)
    assert.is(await foreign(), 'wrong_visitor')
    await house.ages(2)
    assert.is(await foreign(), 'kept')
    assert.equal(findingsIn(room.store), [])
    await house.end()
  },
)

retention('[Q12] whoever comes back later is a fresh visitor, under a number that nobody had', async () => {
  const house = await openHouse({ keepDays: 5 })
  const { room } = house
  await visits(room, 'g1', 'old')
  const number = room.store.visitorNumber('g1')
  await house.ages(6)
  await house.ages(31)
  await house.restart()
  const said = await room.one('g1', on('Viewed', 'x', { visit: 'old-visit' }))
  assert.is(said.is === 'kept' && said.seq, 1)
  assert.is(room.store.visitorNumber('g1'), number + 1)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[Q12] whoever comes back before that goes on, and stays', async () => {
  const house = await openHouse({ keepDays: 5 })
  const { room } = house
  await visits(room, 'g1', 'old')
  const number = room.store.visitorNumber('g1')
  const { seq = 0 } = room.store.visitor(number) ?? {}
  await house.ages(6)
  await visits(room, 'g1', 'old')
  assert.ok((room.store.visitor(number)?.seq ?? 0) > seq)
  assert.is(room.visitors.view('g1')?.number, number)
  assert.equal(findingsIn(room.store), [])
  await house.ages(4)
  await room.record('g1', event('VisitStarted', { visit: 'third' }))
  await house.ages(27)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[Q12] a person whom a visit knows still loses what was said before the limit', async () => {
  const house = await openHouse({ keepDays: 10 })
  const { room } = house
  await visits(room, 'g1', 'old')
  room.passes(9 * DAY_MS)
  const data = { identityId: 'old@example.com', city: 'Bonn' }
  await room.record('g2', event('SignIn', { visit: 'w', identityId: 'old@example.com', data }))
  await house.ages(2)
  const person = room.store.identity(room.store.identityNumber('old@example.com'))
  assert.equal(Object.keys(person?.profile ?? {}), ['city'])
  assert.equal(room.store.identitiesAt('email', 'old@example.com', 9), [])
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[Q12] who was nobody and left at once goes earlier, at the limit and one past it', async () => {
  const house = await openHouse({ keepDays: 100, shortKeepDays: 3 })
  const { room } = house
  const ended = await glances(room, 'g1', 'glance')
  const stays = async (globalVisitID: string, visit: string, name: string): Promise<void> => {
    await room.record(globalVisitID, event('VisitStarted', { visit }), came(visit))
    await room.record(globalVisitID, on('PageEntered', 'a', { visit }), on(name, 'b', { visit, page: 'p2' }))
    await leaves(room, globalVisitID, visit)
  }
  await stays('g2', 'w2', 'PageEntered')
  await stays('g3', 'w3', 'Bought')
  await visits(room, 'g4', 'known')
  const kept = (id: string): boolean =>
    room.store.entries(room.store.visitorNumber(id), { limit: 1 }).length > 0
  standAt(house, ended, 3)
  await house.retention.run()
  assert.is(kept('g1'), true)
  room.passes(1)
  await house.retention.run()
  assert.is(kept('g1'), false)
  room.passes(HOUR)
  await house.retention.run()
  assert.equal(['g2', 'g3', 'g4'].map(kept), [true, true, true])
  assert.equal(findingsIn(room.store), [])
  assert.is(room.store.commits({ limit: 1 })[0]?.position, 1)
  await house.end()
})

retention('[Q12] without a limit nothing goes', async () => {
  const house = await openHouse()
  const { room } = house
  await visits(room, 'g1', 'old')
  await house.ages(3_650)
  assert.is(room.store.visitor(room.store.visitorNumber('g1'))?.keptFrom, 1)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention('[E4] where everything is gone, positions and time go on from where they were', async () => {
  const house = await openHouse({ keepDays: 1 })
  const { room } = house
  await visits(room, 'g1', 'old')
  const [position, at] = [room.store.lastPosition(), room.store.lastAt()]
  await house.ages(2)
  await house.ages(31)
  assert.is(room.store.visitors({ limit: 9 }).length, 0)
  await house.restart()
  assert.is(room.store.lastPosition(), position)
  assert.is(room.store.lastAt(), at)
  room.passes(MINUTE)
  await visits(room, 'g1', 'new')
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

retention(
  '[Q12] the text of a User-Agent goes with the last visit that came with it, by age or by an erasure',
  async () => {
    const house = await openHouse({ keepDays: 10 })
    const { room } = house
    const [shared, lone, erased] = ['1', '2', '3'].map((id) => ({
      id: `${id.repeat(8)}-e2bb-5255-8caf-4136c566a962`,
      text: `Browser/${id}`,
    }))
    const starts = async (globalVisitID: string, userAgent = shared): Promise<void> => {
      const visit = `${globalVisitID}-visit`
      const started = event('VisitStarted', { visit, ...(userAgent && { userAgent }) })
      await room.record(globalVisitID, started, came(visit))
      await leaves(room, globalVisitID, visit)
    }
    const kept = () => [shared, lone, erased].map((browser) => room.store.userAgent(browser?.id ?? ''))
    await starts('old', shared)
    await starts('gone', lone)
    room.passes(8 * DAY_MS)
    await starts('new', shared)
    await starts('device', erased)
    assert.equal(kept(), ['Browser/1', 'Browser/2', 'Browser/3'])
    await house.ages(3)
    assert.equal(kept(), ['Browser/1', null, 'Browser/3'])
    assert.equal(findingsIn(room.store), [])
    await house.erasures.begin('device', 'device')
    await house.erasures.idle()
    assert.equal(kept(), ['Browser/1', null, null])
    assert.equal(findingsIn(room.store), [])
    await house.ages(10)
    assert.equal(kept(), [null, null, null])
    assert.is(room.store.rowCount('userAgentUses'), 0)
    // Whoever comes with it again has it again.
    await starts('next', lone)
    assert.equal(kept(), [null, 'Browser/2', null])
    assert.equal(findingsIn(room.store), [])
    await house.end()
  },
)

retention.run()
