/** The right to engage a visit (L1 to L3), and what became of it (L5). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answer, MINUTE, MORNING, only, SECOND, type Story, startStory } from '../helpers/visitor-story.ts'

const leases = suite('a lease')

function visiting(settings = {}): Story {
  const story = startStory(settings)
  story.says('VisitStarted')
  return story
}

leases('[L1] an engine is granted the right to engage the open visit, for a time', () => {
  const story = visiting()
  const facts = story.engages('chat', { ttlMs: MINUTE, purpose: 'offer' })
  assert.is(answer(facts), 'applied')
  assert.equal(only(facts, 'lease.granted'), [
    {
      type: 'lease.granted',
      leaseId: 1,
      visitId: 'v1',
      engine: 'chat',
      purpose: 'offer',
      until: MORNING + MINUTE,
      renewed: false,
    },
  ])
})

leases('[L1] the same engine and purpose asking again gets its lease again, its time renewed', () => {
  const story = visiting()
  story.engages('chat')
  story.passes(30 * SECOND)
  const facts = story.engages('chat')
  const [granted] = only(facts, 'lease.granted')
  assert.equal([granted?.leaseId, granted?.renewed, granted?.until], [1, true, story.now + MINUTE])
  assert.is(story.context.leases.length, 1)
  story.passes(MINUTE - 1)
  assert.is(story.context.leases.length, 1)
})

leases('[L1] leases are numbered by a counter of the visitor, over visits', () => {
  const story = visiting()
  story.engages('chat')
  story.passes(31 * MINUTE)
  story.says('VisitStarted', { visit: 'v2' })
  assert.is(only(story.engages('chat'), 'lease.granted')[0]?.leaseId, 2)
})

leases('[L1] how many a visit may have is configurable', () => {
  const story = visiting({ leasesPerVisit: 2 })
  assert.is(answer(story.engages('chat')), 'applied')
  assert.is(answer(story.engages('mail')), 'applied')
  assert.is(answer(story.engages('phone')), 'held')
  assert.is(answer(story.engages('chat')), 'applied', 'its own again')
})

leases(
  '[L2] another is refused, with the name of the holder; so is the same engine for another purpose',
  () => {
    const story = visiting()
    story.engages('chat', { purpose: 'offer' })
    const { context } = story
    const facts = story.engages('mail')
    assert.is(answer(facts), 'held')
    assert.is(only(facts, 'lease.refused')[0]?.holder, 'chat')
    assert.is(answer(story.engages('chat', { purpose: 'help' })), 'held')
    assert.is(story.context, context)
  },
)

leases('[L2] with no visit open it is a conflict', () => {
  assert.is(answer(startStory().engages('chat')), 'conflict')
})

leases('[L3] it ends by release, once', () => {
  const story = visiting()
  story.engages('chat')
  const facts = story.releases(1)
  assert.is(answer(facts), 'applied')
  assert.is(only(facts, 'lease.ended')[0]?.why, 'released')
  assert.is(answer(story.releases(1)), 'unknownLease')
  assert.is(answer(story.releases(7)), 'unknownLease')
  assert.is(answer(story.engages('mail')), 'applied')
})

leases('[L3] it ends by its deadline, which is no activity', () => {
  const story = visiting({ leasesPerVisit: 2 })
  story.engages('chat', { ttlMs: MINUTE })
  story.engages('mail', { ttlMs: 2 * MINUTE })
  const facts = story.passes(MINUTE)
  assert.equal(
    only(facts, 'lease.ended').map(({ engine, why }) => [engine, why]),
    [['chat', 'deadline']],
  )
  assert.is(story.context.leases.length, 1)
  assert.is(story.visit?.lastActivityAt, MORNING)
})

leases('[L3] it ends with the visit, however that ends, and is released by nobody then', () => {
  const story = visiting()
  story.engages('chat', { ttlMs: 10 * MINUTE })
  story.passes(SECOND)
  const facts = story.says('VisitStarted', { visit: 'v2' })
  assert.equal(
    only(facts, 'lease.ended').map(({ visitId, why }) => [visitId, why]),
    [['v1', 'visitEnded']],
  )
  assert.is(answer(story.releases(1)), 'unknownLease')
})

leases('[L3] it goes on in leaving', () => {
  const story = visiting()
  story.comes()
  story.engages('chat')
  story.goes()
  assert.is(story.context.leases.length, 1)
  assert.is(answer(story.releases(1)), 'applied')
})

leases('[L5] what became of an invitation is told, with the visit it was made in', () => {
  const story = visiting()
  const outcome = { type: 'notify.outcome', notifyId: 'n1', leaseId: 1, outcome: 'accepted' } as const
  assert.equal(story.hears(outcome), [
    { type: 'notify.came', notifyId: 'n1', leaseId: 1, outcome: 'accepted', visitId: 'v1' },
  ])
  story.passes(31 * MINUTE)
  assert.is(only(story.hears(outcome), 'notify.came')[0]?.visitId, null)
})

leases('[L5] the contact that was found for a person is told, and changes nothing', () => {
  const story = visiting()
  const { context } = story
  const facts = story.hears({
    type: 'contact.linked',
    identityId: 'anna',
    contactId: 'c1',
    attributes: null,
  })
  assert.equal(facts, [{ type: 'contact.resolved', identityId: 'anna', contactId: 'c1' }])
  assert.is(story.context, context)
})

leases.run()
