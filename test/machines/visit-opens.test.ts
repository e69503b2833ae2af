/** How a visit begins, and what its own events do to it (V1 to V3, V7). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DAY, HOUR, MINUTE, MORNING, only, SECOND, startStory } from '../helpers/visitor-story.ts'

const opens = suite('a visit opens')

opens('[V1] VisitStarted of an unknown visit opens it where no visit is open', () => {
  const story = startStory()
  const facts = story.says('VisitStarted', { visit: 'v1', agoMs: 5 * SECOND })
  assert.equal(story.states, { visit: 'browsing', identity: 'anonymous' })
  assert.equal(facts, [
    {
      type: 'visit.opened',
      ordinal: 1,
      visitId: 'v1',
      startedAt: MORNING - 5 * SECOND,
      implicit: false,
      late: false,
      userAgentId: null,
    },
  ])
  assert.is(story.visit?.idleAt, MORNING + 30 * MINUTE)
  assert.is(story.visit?.maxAt, MORNING - 5 * SECOND + DAY)
  assert.is(story.visit?.leaveAt, null)
})

opens('[V1] the next visit of the same visitor has the next ordinal and nothing of the one before', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.says('PageEntered')
  story.signsIn('anna')
  story.comes()
  story.passes(31 * MINUTE)
  story.says('VisitStarted', { visit: 'v2' })
  const { visit } = story
  assert.is(visit?.ordinal, 2)
  assert.is(visit?.visitId, 'v2')
  assert.is(visit?.hasSocket, false)
  assert.is(visit?.session, null)
  assert.equal(visit?.pages, [])
  assert.equal(visit?.signedIn, [])
})

for (const name of ['PageEntered', 'SignIn', 'SignOut', 'UserInfo', 'AddToCart']) {
  opens(
    `[V2] a lost VisitStarted loses nothing: ${name} opens the visit by itself, and is recorded in it`,
    () => {
      const story = startStory()
      const facts = story.says(name, { identityId: name === 'SignIn' ? 'anna' : null })
      assert.is(only(facts, 'visit.opened')[0]?.implicit, true)
      assert.is(story.states.visit, 'browsing')
      assert.equal(story.book.events, [{ eventID: 'e1', visit: 1, late: false }])
      assert.is(story.states.identity, name === 'SignIn' ? 'authenticated' : 'anonymous')
      assert.is(story.visit?.pages.length, name === 'PageEntered' ? 1 : 0)
    },
  )
}

opens('[V2] a BUSINESS event called VisitStarted is any other event', () => {
  const story = startStory()
  const facts = story.says('VisitStarted', { eventType: 'BUSINESS' })
  assert.is(only(facts, 'visit.opened')[0]?.implicit, true)
})

opens(
  '[V2] a VisitStarted that comes after all changes nothing of the visit that was opened without it',
  () => {
    const story = startStory()
    story.says('PageEntered')
    const facts = story.says('VisitStarted', { agoMs: SECOND })
    assert.equal(facts, [])
    assert.is(story.visit?.implicit, true)
    assert.is(story.book.visits.length, 1)
  },
)

for (const name of ['AddToCart', 'PageEntered', 'PageExited', 'SignOut']) {
  opens(`[V3] ${name} of the open visit moves the inactivity deadline and the last activity`, () => {
    const story = startStory()
    story.says('VisitStarted')
    story.passes(10 * MINUTE)
    story.says(name, { agoMs: MINUTE })
    assert.is(story.visit?.idleAt, MORNING + 40 * MINUTE)
    assert.is(story.visit?.lastActivityAt, MORNING + 9 * MINUTE)
    assert.is(story.states.visit, 'browsing')
  })
}

opens('[V3] an event that occurred before the last activity does not turn it back', () => {
  const story = startStory()
  story.says('VisitStarted', { agoMs: 20 * MINUTE })
  story.says('AddToCart')
  story.passes(MINUTE)
  story.says('AddToCart', { agoMs: 10 * MINUTE })
  assert.is(story.visit?.lastActivityAt, MORNING)
  assert.is(story.visit?.idleAt, MORNING + 31 * MINUTE)
})

opens('[V3] sockets and deadlines are no activity', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.passes(10 * MINUTE)
  story.comes()
  story.engages('chat-engine', { ttlMs: SECOND })
  story.passes(MINUTE)
  assert.is(story.visit?.lastActivityAt, MORNING)
  assert.is(story.visit?.idleAt, MORNING + 30 * MINUTE)
})

opens('[V3] in leaving, an event that occurred after the departure is a return', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.goes()
  story.passes(5 * SECOND)
  story.says('AddToCart', { via: 'http', agoMs: SECOND })
  assert.is(story.states.visit, 'browsing')
  assert.is(story.visit?.leaveAt, null)
  assert.is(story.visit?.departedAt, null)
})

opens('[V3] in leaving, an event that occurred before or at the departure is only recorded', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.passes(MINUTE)
  story.goes()
  story.passes(5 * SECOND)
  story.says('AddToCart', { agoMs: 6 * SECOND })
  assert.is(story.states.visit, 'leaving')
  story.says('AddToCart', { agoMs: 5 * SECOND })
  assert.is(story.states.visit, 'leaving')
  assert.is(story.visit?.leaveAt, story.now + 25 * SECOND)
  assert.is(
    story.book.events.every(({ visit, late }) => visit === 1 && !late),
    true,
  )
})

opens('[V3] after a return over HTTP no departure is near until a socket comes and goes', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.goes()
  story.passes(SECOND)
  story.says('AddToCart', { via: 'http' })
  story.passes(29 * MINUTE)
  assert.is(story.states.visit, 'browsing')
  story.comes()
  story.goes()
  assert.is(story.states.visit, 'leaving')
})

opens('[V7] VisitStarted of an unknown visit after the last activity supersedes the open one', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.says('PageEntered')
  story.passes(10 * MINUTE)
  const facts = story.says('VisitStarted', { visit: 'v2', agoMs: MINUTE })
  const types = facts.map(({ type }) => type)
  assert.equal(types, ['visit.ended', 'page.closed', 'visit.opened'])
  const [before, after] = story.book.visits
  assert.is(before?.reason, 'superseded')
  assert.is(before?.endedAt, MORNING + 9 * MINUTE)
  assert.is(after?.startedAt, MORNING + 9 * MINUTE)
  assert.is(story.visit?.visitId, 'v2')
  assert.equal(story.book.events.at(-1), { eventID: 'e3', visit: 2, late: false })
})

opens(
  '[V7] it supersedes also in leaving, and a socket of the visit before says nothing of the new one',
  () => {
    const story = startStory()
    story.says('VisitStarted')
    story.comes()
    story.passes(MINUTE)
    story.goes()
    story.passes(SECOND)
    story.says('VisitStarted', { visit: 'v2' })
    assert.is(story.states.visit, 'browsing')
    story.comes('v2')
    story.goes('v1')
    assert.is(story.states.visit, 'browsing')
    assert.is(story.visit?.hasSocket, true)
    story.goes('v2')
    assert.is(story.states.visit, 'leaving')
  },
)

opens(
  '[V7] VisitStarted at or before the last activity is an alias: two tabs that disagree are one visit',
  () => {
    for (const agoMs of [0, 20 * SECOND]) {
      const story = startStory()
      story.says('VisitStarted', { agoMs: MINUTE })
      story.says('AddToCart')
      const facts = story.says('VisitStarted', { visit: 'v2', agoMs })
      assert.equal(facts, [{ type: 'visit.aliased', ordinal: 1, name: 'v2' }])
      assert.is(story.visit?.visitId, 'v1')
      assert.is(story.states.visit, 'browsing')
    }
  },
)

opens(
  '[V7] any other event of an unknown visit makes its name an alias, and is one of the open visit',
  () => {
    const story = startStory()
    story.says('VisitStarted')
    story.comes()
    const facts = story.says('PageEntered', { visit: 'v2', page: 'p2' })
    assert.is(only(facts, 'visit.aliased').length, 1)
    assert.is(story.visit?.pages.length, 1)
    assert.equal(story.says('AddToCart', { visit: 'v2' }), [], 'it is announced once')
    story.says('SignIn', { visit: 'v2', identityId: 'anna' })
    assert.is(story.states.identity, 'authenticated')
    assert.is(story.book.visits.length, 1)
  },
)

opens('[V7] an alias goes on meaning that visit after its end', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.says('AddToCart', { visit: 'v2' })
  story.passes(10 * MINUTE)
  story.says('AddToCart', { visit: 'v2' })
  story.passes(31 * MINUTE)
  const facts = story.says('AddToCart', { visit: 'v2', agoMs: 35 * MINUTE })
  assert.equal(only(facts, 'event.placed'), [{ type: 'event.placed', ordinal: 1, late: true }])
})

opens('[V7] an alias in leaving is a return if it occurred after the departure', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.passes(SECOND)
  story.goes()
  story.passes(SECOND)
  story.says('AddToCart', { visit: 'v2' })
  assert.is(story.states.visit, 'browsing')
})

opens('[V7] V12 comes first: a VisitStarted from before the open visit supersedes nothing', () => {
  const story = startStory()
  story.passes(2 * HOUR)
  story.says('VisitStarted')
  story.says('VisitStarted', { visit: 'v0', agoMs: SECOND })
  assert.is(story.visit?.visitId, 'v1')
  assert.is(story.book.visits[1]?.reason, 'late')
})

opens.run()
