/** How a visit is left, and how it ends by itself (V4 to V6, V13 at pagehide, Q7). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deadlinesOf, nextDue } from '../../machines/deadlines.ts'
import { DAY, HOUR, MINUTE, MORNING, SECOND, startStory } from '../helpers/visitor-story.ts'

const leaving = suite('a visit is left')

/** A visit that has lasted for ten minutes, its last activity nine minutes after its start, with a socket. */
function browsing() {
  const story = startStory()
  story.says('VisitStarted')
  story.comes()
  story.passes(9 * MINUTE)
  story.says('PageEntered', { page: 'p1' })
  story.passes(MINUTE)
  return story
}

leaving('[V4] the last socket goes: leaving, for a grace of 30 s', () => {
  const story = browsing()
  assert.equal(story.goes(), [])
  assert.is(story.states.visit, 'leaving')
  assert.is(story.visit?.departedAt, story.now)
  assert.is(story.visit?.leaveAt, story.now + 30 * SECOND)
})

leaving('[V4] a socket comes back within the grace: browsing, as if nothing had been', () => {
  const story = browsing()
  story.goes()
  story.passes(30 * SECOND - 1)
  story.comes()
  assert.is(story.states.visit, 'browsing')
  assert.is(story.visit?.leaveAt, null)
  story.passes(5 * MINUTE)
  assert.is(story.states.visit, 'browsing')
})

leaving('[V4] sockets of another visit, or of none, change nothing', () => {
  const story = browsing()
  story.goes('v9')
  assert.is(story.states.visit, 'browsing')
  story.goes()
  story.comes('v9')
  assert.is(story.states.visit, 'leaving')
  story.passes(MINUTE)
  story.comes('v1')
  assert.is(story.states.visit, 'away')
  story.goes('v1')
  assert.is(story.states.visit, 'away')
})

leaving('[V5] nobody returned: the visit ends closed, at its departure', () => {
  const story = browsing()
  story.goes()
  const left = story.now
  const facts = story.passes(30 * SECOND)
  assert.is(story.states.visit, 'away')
  assert.equal(facts[0], { type: 'visit.ended', ordinal: 1, visitId: 'v1', endedAt: left, reason: 'closed' })
})

leaving('[V5] the grace is configurable', () => {
  const story = startStory({ leaveGraceMs: 5 * SECOND })
  story.says('VisitStarted')
  story.comes()
  story.goes()
  story.passes(5 * SECOND - 1)
  assert.is(story.states.visit, 'leaving')
  story.passes(1)
  assert.is(story.states.visit, 'away')
})

leaving('[V5] a leave deadline that somebody returned from is not armed', () => {
  const story = browsing()
  story.goes()
  story.comes()
  assert.is(
    deadlinesOf(story.context).some(({ deadline }) => deadline === 'leave'),
    false,
  )
})

leaving('[V6] an idle visit expires, at its last activity', () => {
  const story = browsing()
  story.passes(28 * MINUTE + 59 * SECOND)
  assert.is(story.states.visit, 'browsing')
  story.passes(SECOND)
  assert.is(story.states.visit, 'away')
  const [visit] = story.book.visits
  assert.is(visit?.reason, 'expired')
  assert.is(visit?.endedAt, MORNING + 9 * MINUTE)
})

leaving('[V6] an idle deadline that falls due in leaving expires the visit too', () => {
  const story = startStory({ leaveGraceMs: HOUR })
  story.says('VisitStarted')
  story.comes()
  story.goes()
  story.passes(30 * MINUTE)
  assert.is(story.book.visits[0]?.reason, 'expired')
  assert.is(story.book.visits[0]?.endedAt, MORNING)
})

leaving('[V6] a visit of more than 24 h expires, at the deadline, however busy', () => {
  const story = startStory()
  story.says('VisitStarted', { agoMs: MINUTE })
  while (story.visit?.visitId === 'v1' && story.now < MORNING + 2 * DAY) {
    story.passes(20 * MINUTE)
    if (story.visit) story.says('AddToCart')
  }
  const [visit] = story.book.visits
  assert.is(visit?.reason, 'expired')
  assert.is(visit?.endedAt, MORNING - MINUTE + DAY)
})

leaving('[V6] a visit reopened past its 24 h expires next, but not before what happened in it', () => {
  const story = startStory({ visitMaxMs: 20 * MINUTE })
  story.says('VisitStarted')
  story.passes(19 * MINUTE)
  story.says('AddToCart', { final: true })
  story.passes(5 * MINUTE)
  story.signsIn('anna')
  assert.is(story.states.visit, 'browsing')
  const reopened = story.now
  story.passes(MINUTE)
  assert.is(story.book.visits[0]?.reason, 'expired')
  assert.is(story.book.visits[0]?.endedAt, reopened)
  assert.is(story.book.sessions[0]?.endedAt, reopened)
})

leaving('[V6] ties are leave, idle, max; what is due is the earliest of all', () => {
  const story = startStory({ leaveGraceMs: 30 * MINUTE, visitMaxMs: 30 * MINUTE })
  story.says('VisitStarted')
  story.comes()
  story.goes()
  story.engages('engine', { ttlMs: 30 * MINUTE })
  assert.equal(
    deadlinesOf(story.context).map(({ deadline }) => deadline),
    ['leave', 'idle', 'max', 'lease'],
  )
  assert.is(nextDue(story.context), MORNING + 30 * MINUTE)
  story.passes(30 * MINUTE)
  assert.is(story.book.visits[0]?.reason, 'closed')
  assert.is(nextDue(story.context), Number.POSITIVE_INFINITY)
})

leaving(
  '[V13] after a final body an open visit without a socket is leaving, departed at its last event',
  () => {
    const story = startStory()
    story.says('VisitStarted')
    story.passes(MINUTE)
    story.says('AddToCart', { final: true, agoMs: 2 * SECOND })
    assert.is(story.states.visit, 'leaving')
    story.says('PageExited', { final: true, agoMs: SECOND })
    assert.is(story.visit?.departedAt, story.now - SECOND)
    story.passes(30 * SECOND)
    assert.is(story.book.visits[0]?.endedAt, MORNING + 59 * SECOND)
    assert.is(story.book.visits[0]?.reason, 'closed')
  },
)

leaving('[V13] a final body that was long on its way departs no earlier than what is known since', () => {
  const story = startStory()
  story.says('VisitStarted')
  story.passes(MINUTE)
  story.signsIn('anna', { via: 'http' })
  story.says('AddToCart', { final: true, agoMs: 30 * SECOND })
  assert.is(story.states.visit, 'leaving')
  story.passes(30 * SECOND)
  assert.is(story.book.visits[0]?.endedAt, MORNING + MINUTE)
  assert.is(story.book.sessions[0]?.endedAt, MORNING + MINUTE)
})

leaving('[V13] a final body while a socket is up is no departure: another tab is there', () => {
  const story = browsing()
  story.says('PageExited', { page: 'p1', final: true })
  assert.is(story.states.visit, 'browsing')
  assert.is(story.visit?.leaveAt, null)
  assert.is(story.visit?.pages.length, 0)
})

leaving('[V13] neither PageExited nor a final event is a return', () => {
  const story = browsing()
  story.goes()
  story.passes(SECOND)
  story.says('PageExited', { page: 'p1' })
  assert.is(story.states.visit, 'leaving')
  story.says('AddToCart', { final: true })
  assert.is(story.states.visit, 'leaving')
  assert.is(story.book.pages[0]?.exitedAt, story.now)
})

leaving('[Q7] a visit that had a socket waits for its browser, and goes on when it comes back', () => {
  const story = browsing()
  assert.equal(story.restarts({ awayMs: MINUTE }), [])
  assert.is(story.states.visit, 'leaving')
  assert.is(story.visit?.hasSocket, false)
  assert.is(story.visit?.leaveAt, story.now + 90 * SECOND)
  story.passes(80 * SECOND)
  story.comes()
  assert.is(story.states.visit, 'browsing')
  assert.is(story.book.visits[0]?.endedAt, 0)
})

leaving('[Q7] if nobody comes back it ends closed, at its last activity', () => {
  const story = browsing()
  story.restarts({ awayMs: MINUTE })
  story.passes(90 * SECOND)
  assert.is(story.book.visits[0]?.reason, 'closed')
  assert.is(story.book.visits[0]?.endedAt, MORNING + 9 * MINUTE)
})

leaving('[Q7] a departure recorded before the restart is where it ends', () => {
  const story = browsing()
  story.goes()
  const left = story.now
  story.restarts({ awayMs: HOUR })
  assert.is(story.visit?.leaveAt, story.now + 90 * SECOND)
  story.passes(90 * SECOND)
  assert.is(story.book.visits[0]?.reason, 'closed')
  assert.is(story.book.visits[0]?.endedAt, left)
})

leaving('[Q7] deadlines that fell due meanwhile wait for the browsers, others stay', () => {
  const late = browsing()
  late.restarts({ awayMs: DAY })
  assert.is(late.visit?.idleAt, late.now + 90 * SECOND)
  assert.is(late.visit?.maxAt, late.now + 90 * SECOND)
  const soon = browsing()
  const { idleAt, maxAt } = soon.visit ?? { idleAt: 0, maxAt: 0 }
  soon.restarts({ awayMs: MINUTE })
  assert.is(soon.visit?.idleAt, idleAt)
  assert.is(soon.visit?.maxAt, maxAt)
})

leaving('[Q7] a visit that had no socket gets no leave deadline', () => {
  const story = startStory()
  story.says('VisitStarted', { via: 'http' })
  story.restarts({ awayMs: MINUTE })
  assert.is(story.states.visit, 'browsing')
  assert.is(story.visit?.leaveAt, null)
  story.restarts({ awayMs: HOUR, boot: 3 })
  assert.is(story.states.visit, 'browsing')
  story.passes(90 * SECOND)
  assert.is(story.book.visits[0]?.reason, 'expired')
  assert.is(story.book.visits[0]?.endedAt, MORNING)
})

leaving('[Q7] two restarts, one shortly after the other, are one long one', () => {
  const story = browsing()
  story.restarts({ awayMs: MINUTE })
  story.passes(30 * SECOND)
  story.restarts({ awayMs: MINUTE, boot: 3 })
  assert.is(story.states.visit, 'leaving')
  assert.is(story.visit?.leaveAt, story.now + 90 * SECOND)
  story.passes(90 * SECOND)
  assert.is(story.book.visits[0]?.endedAt, MORNING + 9 * MINUTE)
})

leaving('[Q7] after the restart an event that occurred since the last activity is a return', () => {
  const story = browsing()
  story.restarts({ awayMs: MINUTE })
  story.passes(SECOND)
  story.says('AddToCart', { agoMs: 30 * SECOND })
  assert.is(story.states.visit, 'browsing')
})

leaving('[Q7] nobody is signed out, and the new settings hold from then on', () => {
  const story = browsing()
  story.signsIn('anna')
  const facts = story.restarts({ awayMs: MINUTE, settings: { leaveGraceMs: 10 * SECOND } })
  assert.equal(facts, [])
  assert.is(story.states.identity, 'authenticated')
  story.comes()
  story.goes()
  assert.is(story.visit?.leaveAt, story.now + 10 * SECOND)
})

leaving('[Q7] a visitor without an open visit takes the settings and nothing else', () => {
  const story = startStory()
  story.restarts({ settings: { visitIdleMs: MINUTE } })
  assert.equal(story.states, { visit: 'away', identity: 'anonymous' })
  story.says('VisitStarted')
  assert.is(story.visit?.idleAt, story.now + MINUTE)
})

leaving.run()
