/** What ends with a visit (V9, I16), and the end that a visitor asks for (V11). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HOUR, MINUTE, MORNING, only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const ends = suite('a visit ends')

/** Anna is signed in, with two pages open. */
function signedIn(): Story {
  const story = startStory()
  story.says('VisitStarted')
  story.passes(MINUTE)
  story.says('PageEntered', { page: 'p1' })
  story.says('PageEntered', { page: 'p2' })
  story.signsIn('anna')
  story.passes(5 * MINUTE)
  story.says('AddToCart')
  return story
}

const WAYS: Readonly<Record<string, (story: Story) => unknown>> = {
  closed: (story) => {
    story.says('AddToCart', { final: true, agoMs: SECOND })
    story.passes(30 * SECOND)
  },
  expired: (story) => story.passes(30 * MINUTE),
  superseded: (story) => {
    story.passes(10 * SECOND)
    story.says('VisitStarted', { visit: 'v2', agoMs: SECOND })
  },
  withdrawn: (story) => story.says('ConsentWithdrawn', { agoMs: 5 * MINUTE + SECOND }),
}

for (const [reason, end] of Object.entries(WAYS)) {
  ends(`[V9] its session and pages end with it, at its end: ${reason}`, () => {
    const story = signedIn()
    end(story)
    const { visits, sessions, pages } = story.book
    assert.is(visits[0]?.reason, reason)
    const endedAt = visits[0]?.endedAt ?? 0
    assert.ok(endedAt >= MORNING)
    assert.equal([sessions[0]?.endedAt, sessions[0]?.reason], [endedAt, reason])
    assert.equal(
      pages.map(({ exitedAt }) => exitedAt),
      [endedAt, endedAt],
    )
  })

  ends(`[V9] the link of one still signed in becomes Recognized, without a contact row: ${reason}`, () => {
    const story = signedIn()
    end(story)
    assert.is(story.book.links.get('1/anna'), 'Recognized')
    assert.is(story.book.contacts.length, 1)
    assert.is(story.states.identity, 'anonymous')
    assert.is(story.who.identityId, null)
  })
}

ends('[I16] the identity change says which end it was, and of which visit', () => {
  const story = signedIn()
  const [change, ...more] = only(story.passes(31 * MINUTE), 'identity.changed')
  assert.equal(more, [])
  assert.is(change?.state, 'anonymous')
  assert.is(change?.visitId, 'v1')
  assert.is(change?.sessionId, null)
  assert.equal(change?.previous, { state: 'authenticated', identityId: 'anna' })
  assert.equal(change?.cause, { kind: 'deadline', deadline: 'idle', ended: 'expired' })
})

ends('[I16] whoever was recognised or assumed is forgotten, their link stays as it was', () => {
  for (const [known, association] of [
    [(story: Story) => story.says('UserInfo', { identityId: 'anna' }), 'Recognized'],
    [(story: Story) => story.assumes('anna', 0.5), 'WM-Recognized'],
    [(story: Story) => story.confirms('anna'), 'Recognized'],
  ] as const) {
    const story = startStory()
    story.says('VisitStarted')
    known(story)
    const facts = story.passes(31 * MINUTE)
    assert.is(story.states.identity, 'anonymous')
    assert.is(story.book.links.get('1/anna'), association)
    assert.equal(only(facts, 'link.changed'), [])
  }
})

ends('[I16] where nobody was known, nothing is announced', () => {
  const story = startStory()
  story.says('VisitStarted')
  assert.equal(
    story.passes(31 * MINUTE).map(({ type }) => type),
    ['visit.ended'],
  )
})

ends('[V11] ConsentWithdrawn ends the visit, and is recorded in it', () => {
  const story = signedIn()
  const facts = story.says('ConsentWithdrawn')
  assert.is(story.states.visit, 'away')
  assert.is(story.context.withdrawnAt === null, false)
  assert.is(only(facts, 'consent.changed')[0]?.withdrawn, true)
  assert.is(story.book.visits[0]?.reason, 'withdrawn')
  assert.equal(story.book.events.at(-1), { eventID: 'e6', visit: 1, late: false })
})

ends('[V11] also in leaving, also when it names another visit, also when it is final', () => {
  const leaving = signedIn()
  leaving.comes()
  leaving.goes()
  leaving.says('ConsentWithdrawn', { final: true })
  assert.is(leaving.book.visits[0]?.reason, 'withdrawn')
  const other = signedIn()
  other.says('ConsentWithdrawn', { visit: 'v9' })
  assert.is(other.book.visits[0]?.reason, 'withdrawn')
  assert.is(other.states.visit, 'away')
})

ends('[V11] with no visit open it ends none, and holds all the same', () => {
  const story = signedIn()
  story.passes(HOUR)
  const facts = story.says('ConsentWithdrawn')
  assert.equal(only(facts, 'visit.ended'), [])
  assert.is(story.context.withdrawnAt === null, false)
  assert.equal(story.book.events.at(-1), { eventID: 'e7', visit: 1, late: true })
  const nobody = startStory()
  nobody.says('ConsentWithdrawn')
  assert.is(nobody.context.withdrawnAt === null, false)
  assert.equal(nobody.book.visits, [])
})

ends('[V11] a visit that ended by it is not reopened', () => {
  const story = signedIn()
  story.says('ConsentWithdrawn')
  story.passes(SECOND)
  assert.equal(only(story.says('AddToCart'), 'visit.reopened'), [])
})

ends('[V11] it holds until a VisitStarted with consent', () => {
  const story = signedIn()
  story.says('ConsentWithdrawn')
  story.says('VisitStarted', { visit: 'v2' })
  assert.is(story.context.withdrawnAt === null, false)
  story.passes(SECOND)
  const facts = story.says('VisitStarted', { visit: 'v3', consent: true })
  assert.is(story.context.withdrawnAt, null)
  assert.equal(only(facts, 'consent.changed'), [{ type: 'consent.changed', withdrawn: false }])
  assert.equal(only(story.says('VisitStarted', { visit: 'v3', consent: true }), 'consent.changed'), [])
})

ends('[V11] consent that was given before the withdrawal, and comes after it, does not lift it', () => {
  const story = signedIn()
  story.passes(MINUTE)
  story.says('ConsentWithdrawn')
  story.passes(SECOND)
  const facts = story.says('VisitStarted', { visit: 'v2', consent: true, agoMs: 30 * SECOND })
  assert.equal(only(facts, 'consent.changed'), [])
  assert.not(story.context.withdrawnAt === null)
})

ends('[V11] consent that was given after the withdrawal lifts it, also where it is placed late', () => {
  const story = signedIn()
  story.says('ConsentWithdrawn')
  story.passes(2 * HOUR)
  // V12: over `visitIdleMs` ago.
  const facts = story.says('VisitStarted', { visit: 'v2', consent: true, agoMs: HOUR })
  assert.equal(
    only(facts, 'event.placed').map(({ late }) => late),
    [true],
  )
  assert.equal(only(facts, 'consent.changed'), [{ type: 'consent.changed', withdrawn: false }])
  assert.is(story.context.withdrawnAt, null)
})

ends('[V11] a BUSINESS event of that name withdraws nothing', () => {
  const story = signedIn()
  story.says('ConsentWithdrawn', { eventType: 'BUSINESS' })
  assert.is(story.states.visit, 'browsing')
  assert.is(story.context.withdrawnAt, null)
})

ends.run()
