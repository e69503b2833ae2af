/** What is said of visits that have ended, or that nobody knew (V8, V10, V12, V13). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DAY, HOUR, MINUTE, MORNING, only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const ended = suite('an ended visit')

/** Anna signed in, read a page and left: v1 lasted from MORNING to MORNING + 10 min, and ended closed. */
function closed(): Story {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.signsIn('anna')
  story.says('PageEntered', { page: 'p1' })
  story.passes(10 * MINUTE)
  story.says('AddToCart')
  story.goes()
  story.passes(30 * SECOND)
  assert.is(story.states.visit, 'away')
  return story
}

/** What of a visitor must not change when an event is late. */
const standing = ({ states, context }: Story) => {
  const { visit, who, latest, rejected, counts } = context
  return { states, visit, who, latest, rejected, counts }
}

for (const name of ['AddToCart', 'PageEntered', 'PageExited', 'SignIn', 'SignOut', 'UserInfo']) {
  ended(
    `[V8] ${name} that occurred at or before the visit's end is recorded in it, late, and changes nothing`,
    () => {
      const story = closed()
      const before = standing(story)
      const facts = story.says(name, { agoMs: 30 * SECOND, identityId: 'bert', page: 'p1' })
      assert.equal(facts, [{ type: 'event.placed', ordinal: 1, late: true }])
      assert.equal(standing(story), before)
      story.says('VisitStarted', { visit: 'v2' })
      const open = standing(story)
      story.says(name, { agoMs: 5 * MINUTE, identityId: 'bert', page: 'p1' })
      assert.equal(standing(story), open)
      assert.equal(story.book.events.at(-1), { eventID: 'e10', visit: 1, late: true })
    },
  )
}

ended('[V10] an event after the end, with a visit open, is one of the open visit', () => {
  const story = closed()
  story.says('VisitStarted', { visit: 'v2' })
  story.says('SignIn', { visit: 'v1', identityId: 'bert' })
  assert.is(story.who.identityId, 'bert')
  assert.equal(story.book.events.at(-1), { eventID: 'e9', visit: 2, late: false })
  assert.is(story.book.visits.length, 2)
})

ended('[V10] the end was wrong: the latest visit, closed not long ago, is reopened as it was', () => {
  const story = closed()
  const before = story.context.latest
  const facts = story.says('AddToCart')
  assert.equal(
    facts.map(({ type }) => type),
    ['visit.reopened', 'page.reopened', 'session.reopened', 'link.changed', 'identity.changed'],
  )
  assert.equal(story.states, { visit: 'browsing', identity: 'authenticated' })
  assert.is(story.visit?.session, before?.visit.session)
  assert.equal(story.visit?.pages, before?.visit.pages)
  assert.is(story.visit?.startedAt, MORNING)
  assert.is(story.visit?.maxAt, MORNING + DAY)
  assert.is(story.visit?.idleAt, story.now + 30 * MINUTE)
  assert.is(story.visit?.leaveAt, null)
  assert.is(story.book.visits[0]?.endedAt, 0)
  assert.is(story.book.links.get('1/anna'), 'Authenticated')
  assert.is(story.book.contacts.length, 1, 'no contact row')
})

ended('[V10] a reopening is one identity change, with its cause', () => {
  const story = closed()
  const [change, ...more] = only(story.says('AddToCart'), 'identity.changed')
  assert.equal(more, [])
  assert.equal(change?.cause, { kind: 'reopened', eventID: 'e8', eventName: 'AddToCart' })
  assert.is(change?.state, 'authenticated')
  assert.is(change?.identityId, 'anna')
  assert.is(change?.sessionId, 'session-3')
  assert.equal(change?.previous, { state: 'anonymous', identityId: null })
})

ended('[V10] a SignIn that reopens decides after the reopening', () => {
  const story = closed()
  const changes = only(story.signsIn('bert'), 'identity.changed')
  assert.equal(
    changes.map(({ state, identityId }) => [state, identityId]),
    [
      ['authenticated', 'anna'],
      ['authenticated', 'bert'],
    ],
  )
})

ended('[V10] where nobody was known the reopening changes no identity', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  assert.equal(
    story.says('AddToCart').map(({ type }) => type),
    ['visit.reopened'],
  )
})

ended('[V10] a session that was signed out of stays ended, and so do leases', () => {
  const story = startStory()
  story.signsIn('anna')
  story.says('SignOut')
  story.engages('engine', { ttlMs: 10 * MINUTE })
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  story.says('AddToCart')
  assert.equal(story.states, { visit: 'browsing', identity: 'recognized' })
  assert.is(story.visit?.session, null)
  assert.equal(story.context.leases, [])
  assert.ok((story.book.sessions[0]?.endedAt ?? 0) > 0)
})

ended('[V10] a visit is reopened more than once', () => {
  const story = closed()
  for (let times = 1; times <= 3; times += 1) {
    story.says('AddToCart')
    assert.is(story.states.identity, 'authenticated')
    story.says('AddToCart', { final: true })
    story.passes(30 * SECOND)
    assert.is(story.states.visit, 'away')
  }
  assert.is(story.book.visits.length, 1)
})

ended('[V10] less than visitIdleMs since the last activity, no more', () => {
  const soon = closed()
  soon.passes(29 * MINUTE + 30 * SECOND - 1)
  assert.equal(only(soon.says('AddToCart'), 'visit.reopened').length, 1)
  const late = closed()
  late.passes(29 * MINUTE + 30 * SECOND)
  const facts = late.says('AddToCart')
  assert.is(only(facts, 'visit.opened')[0]?.visitId, 'derived-8')
  assert.is(only(facts, 'visit.opened')[0]?.implicit, true)
  assert.is(late.states.identity, 'anonymous')
})

ended('[V10] what ended otherwise is not reopened: a visit with an id of the server is opened', () => {
  const expired = startStory()
  expired.signsIn('anna')
  expired.passes(31 * MINUTE)
  assert.is(only(expired.says('AddToCart', { agoMs: 5 * MINUTE }), 'visit.opened')[0]?.visitId, 'derived-3')
  assert.is(expired.states.identity, 'anonymous')

  const superseded = closed()
  superseded.says('VisitStarted', { visit: 'v2' })
  superseded.says('ConsentWithdrawn', { visit: 'v2' })
  superseded.passes(SECOND)
  assert.is(only(superseded.says('AddToCart', { visit: 'v2' }), 'visit.opened').length, 1)
})

ended('[V10] only the latest visit is reopened', () => {
  const story = closed()
  story.says('VisitStarted', { visit: 'v2', final: true })
  story.passes(30 * SECOND)
  assert.is(only(story.says('AddToCart', { visit: 'v1' }), 'visit.opened')[0]?.visitId, 'derived-10')
})

ended('[V10] a late visit in between is not the latest one', () => {
  const story = closed()
  story.says('VisitStarted', { visit: 'v0', agoMs: DAY })
  assert.is(only(story.says('AddToCart', { visit: 'v1' }), 'visit.reopened').length, 1)
})

ended('[V10] a verdict or an erasure since says that the end was no mistake', () => {
  const judged = closed()
  judged.rejects('anna')
  assert.is(only(judged.says('AddToCart'), 'visit.opened').length, 1)
  const erased = closed()
  erased.erases('somebody', 'x1')
  assert.is(only(erased.says('AddToCart'), 'visit.opened').length, 1)
})

ended('[V10] a retraction since does too: what it took back does not return with the visit', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.confirms('anna')
  const confirmed = story.seq
  story.says('AddToCart', { final: true })
  story.passes(30 * SECOND)
  story.retracts(confirmed)
  story.says('AddToCart')
  assert.is(story.states.identity, 'anonymous')
})

ended('[V12] an event of long ago of an unknown visit is a late visit, opened and ended at once', () => {
  const story = startStory()
  const facts = story.says('VisitStarted', { visit: 'v0', agoMs: 30 * MINUTE + 1 })
  assert.equal(
    facts.map(({ type }) => type),
    ['visit.opened', 'visit.ended', 'event.placed'],
  )
  assert.is(only(facts, 'visit.opened')[0]?.late, true)
  const [visit] = story.book.visits
  assert.is(visit?.reason, 'late')
  assert.is(visit?.startedAt, MORNING - 30 * MINUTE - 1)
  assert.is(visit?.endedAt, visit?.startedAt)
  assert.is(story.states.visit, 'away')
})

ended('[V12] exactly visitIdleMs ago is not long ago', () => {
  const story = startStory()
  story.says('VisitStarted', { agoMs: 30 * MINUTE })
  assert.is(story.states.visit, 'browsing')
})

ended('[V12] what occurred before the open visit is a late visit too, however short ago', () => {
  const story = startStory()
  story.says('VisitStarted', { agoMs: MINUTE })
  const before = standing(story)
  story.signsIn('anna', { visit: 'v0', agoMs: MINUTE + 1 })
  assert.is(story.book.visits[1]?.reason, 'late')
  assert.equal(story.visit, before.visit)
  assert.is(story.states.identity, 'anonymous')
  story.says('AddToCart', { visit: 'v3', agoMs: MINUTE })
  assert.is(story.book.visits.length, 2, 'what occurred at its start is of the open visit')
})

ended('[V12] all events of a late visit are recorded in it and move its end, without session or page', () => {
  const story = startStory()
  story.says('VisitStarted', { visit: 'v0', agoMs: 3 * HOUR })
  story.says('PageEntered', { visit: 'v0', agoMs: 3 * HOUR - MINUTE })
  story.signsIn('anna', { visit: 'v0', agoMs: 3 * HOUR - 2 * MINUTE })
  story.says('AddToCart', { visit: 'v0', agoMs: 3 * HOUR - MINUTE })
  const [visit] = story.book.visits
  assert.is(story.book.visits.length, 1)
  assert.is(visit?.endedAt, MORNING - 3 * HOUR + 2 * MINUTE)
  assert.is(
    story.book.events.every(({ late, visit: ordinal }) => late && ordinal === 1),
    true,
  )
  assert.equal(story.book.pages, [])
  assert.equal(story.book.sessions, [])
  assert.is(story.who.state, 'anonymous')
})

ended('[V12] also what was said on leaving a page: its end is the latest of all its events', () => {
  const story = startStory()
  story.says('VisitStarted', { visit: 'v0', agoMs: 3 * HOUR })
  story.says('PageExited', { visit: 'v0', agoMs: 2 * HOUR })
  assert.is(story.book.visits[0]?.endedAt, MORNING - 2 * HOUR)
  story.says('AddToCart', { visit: 'v0', agoMs: HOUR, final: true })
  assert.is(story.book.visits[0]?.endedAt, MORNING - HOUR)
})

ended('[V12] a late visit is never reopened: what happens now in its name is a visit of its own', () => {
  const story = startStory()
  story.says('VisitStarted', { visit: 'v0', agoMs: HOUR })
  const facts = story.says('AddToCart', { visit: 'v0' })
  assert.is(only(facts, 'visit.opened')[0]?.visitId, 'derived-2')
  assert.is(story.states.visit, 'browsing')
  story.says('AddToCart', { visit: 'v0', agoMs: 40 * MINUTE })
  assert.is(story.book.visits.length, 2)
  assert.equal(story.book.events.at(-1), { eventID: 'e3', visit: 1, late: true })
})

ended('[V13] PageExited and final events are recorded in the ended visit they name, late, whenever', () => {
  const story = closed()
  const before = standing(story)
  story.says('PageExited', { page: 'p1' })
  story.says('AddToCart', { final: true })
  story.signsIn('bert', { final: true })
  assert.equal(standing(story), before)
  assert.equal(
    story.book.events.slice(-3).map(({ visit, late }) => [visit, late]),
    [
      [1, true],
      [1, true],
      [1, true],
    ],
  )
  story.says('VisitStarted', { visit: 'v2' })
  story.says('PageExited', { visit: 'v1', page: 'p1' })
  assert.equal(story.book.events.at(-1), { eventID: 'e12', visit: 1, late: true })
})

ended('[V13] of an unknown visit they are recorded in the open one, and supersede nothing', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.passes(SECOND)
  story.says('VisitStarted', { visit: 'v2', final: true })
  story.says('PageExited', { visit: 'v3' })
  assert.equal(story.book.visits[0]?.names, ['v2', 'v3'])
  assert.is(story.book.visits.length, 1)
  assert.is(story.states.visit, 'browsing')
})

ended(
  '[V13] of an unknown visit, with none open, they are recorded in the latest, and the name means it',
  () => {
    const story = closed()
    const before = standing(story)
    const facts = story.says('PageExited', { visit: 'v7' })
    assert.equal(facts, [
      { type: 'event.placed', ordinal: 1, late: true },
      { type: 'visit.aliased', ordinal: 1, name: 'v7' },
    ])
    story.says('AddToCart', { visit: 'v7', final: true })
    assert.equal(standing(story), before)
    assert.equal(only(story.says('AddToCart', { visit: 'v7' }), 'visit.reopened').length, 1)
  },
)

ended(
  '[V13] a page left before its socket was up: its VisitStarted opens the visit, which is leaving',
  () => {
    for (const story of [startStory(), closed()]) {
      const visits = story.book.visits.length
      story.says('VisitStarted', { visit: 'v2', final: true, agoMs: 3 * SECOND })
      story.says('PageEntered', { visit: 'v2', final: true, agoMs: 3 * SECOND })
      story.says('PageExited', { visit: 'v2', final: true, agoMs: SECOND })
      assert.is(story.states.visit, 'leaving')
      assert.is(story.visit?.departedAt, story.now - SECOND)
      assert.equal(story.visit?.pages, [])
      story.passes(30 * SECOND)
      assert.is(story.book.visits.length, visits + 1)
      assert.is(story.book.visits.at(-1)?.reason, 'closed')
      assert.is(story.book.visits.at(-1)?.endedAt, story.now - 31 * SECOND)
    }
  },
)

ended('[V13] where the visitor never had a visit, any of them opens one', () => {
  const final = startStory()
  final.says('AddToCart', { final: true })
  assert.is(final.states.visit, 'leaving')
  const exited = startStory()
  exited.says('PageExited')
  assert.is(exited.states.visit, 'browsing')
})

ended('[V13] but what is long ago is a late visit also then', () => {
  for (const name of ['VisitStarted', 'AddToCart', 'PageExited']) {
    const story = startStory()
    story.says(name, { final: true, agoMs: 25 * HOUR })
    assert.is(story.states.visit, 'away')
    assert.is(story.book.visits[0]?.reason, 'late')
    assert.is(story.book.visits[0]?.endedAt, MORNING - 25 * HOUR)
  }
  const again = closed()
  again.says('VisitStarted', { visit: 'v2', final: true, agoMs: HOUR })
  assert.is(again.book.visits.at(-1)?.reason, 'late')
})

ended.run()
