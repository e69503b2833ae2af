/** The tracker's queue: its bounds, its order, what leaves it and what comes back. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeQueue, QUEUE_BYTES, QUEUE_EVENTS, type Queue } from '../../src/tracker/queue.ts'
import { anEvent } from './an-event.ts'

const queue = suite('tracker queue')

const defaults = { events: QUEUE_EVENTS, bytes: QUEUE_BYTES }
const roomy = { events: 100, bytes: 1_000_000 }
const idsOf = (held: Queue) => held.waiting().map((event) => event.eventID)
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value)) + 1

queue('[T3] the queue holds 2,000 events by default, and one more costs the oldest', () => {
  const held = makeQueue(defaults)
  const events = Array.from({ length: 2_000 }, () => anEvent())
  for (const event of events) held.add(event)
  assert.is(held.waiting().length, 2_000)
  assert.is(held.giveUp(), 0)
  held.add(anEvent({ eventID: 'last' }))
  assert.is(held.waiting().length, 2_000)
  assert.is(held.giveUp(), 1)
  assert.is(idsOf(held).at(-1), 'last')
  assert.not.ok(idsOf(held).includes(events[0]?.eventID ?? ''))
})

queue('[T3] the queue holds so many bytes, and one more costs the oldest', () => {
  const [first, second] = [
    anEvent({ data: { text: 'ä'.repeat(50) } }),
    anEvent({ data: { text: 'x'.repeat(100) } }),
  ]
  const bytes = bytesOf(first) + bytesOf(second)
  const exact = makeQueue({ events: 10, bytes })
  exact.add(first)
  exact.add(second)
  assert.is(exact.waiting().length, 2)
  const less = makeQueue({ events: 10, bytes: bytes - 1 })
  less.add(first)
  less.add(second)
  assert.equal(idsOf(less), [second.eventID])
  assert.is(less.giveUp(), 1)
})

queue('[T3] oldest BUSINESS events go first, SYSTEM events only when nothing else is left', () => {
  const held = makeQueue({ events: 3, bytes: 1_000_000 })
  held.add(anEvent({ eventID: 's1', eventType: 'SYSTEM', eventName: 'SignIn' }))
  held.add(anEvent({ eventID: 'b1' }))
  held.add(anEvent({ eventID: 'b2' }))
  held.add(anEvent({ eventID: 's2', eventType: 'SYSTEM', eventName: 'PageEntered' }))
  assert.equal(idsOf(held), ['s1', 'b2', 's2'])
  held.add(anEvent({ eventID: 's3', eventType: 'SYSTEM', eventName: 'PageExited' }))
  assert.equal(idsOf(held), ['s1', 's2', 's3'])
  held.add(anEvent({ eventID: 's4', eventType: 'SYSTEM', eventName: 'PageEntered' }))
  assert.equal(idsOf(held), ['s2', 's3', 's4'])
  assert.is(held.giveUp(), 3)
})

queue('[T3] what is on its way is given up last', () => {
  const held = makeQueue({ events: 2, bytes: 1_000_000 })
  held.add(anEvent({ eventID: 'sent' }))
  held.take(1, roomy)
  held.add(anEvent({ eventID: 'b1' }))
  held.add(anEvent({ eventID: 'b2' }))
  assert.equal(idsOf(held), ['sent', 'b2'])
})

queue('[T3] a batch takes what fits, and leaves the queue when it is acknowledged', () => {
  const held = makeQueue(defaults)
  for (const eventID of ['a', 'b', 'c']) held.add(anEvent({ eventID }))
  assert.equal(
    held.take(1, { events: 2, bytes: 1_000 }).map((event) => event.eventID),
    ['a', 'b'],
  )
  assert.equal(
    held.take(2, roomy).map((event) => event.eventID),
    ['c'],
  )
  assert.equal(held.take(3, roomy), [])
  held.settle(1)
  assert.equal(idsOf(held), ['c'])
})

queue('[T3] after a lost connection the same events are taken again, with the same eventIDs', () => {
  const held = makeQueue(defaults)
  for (const eventID of ['a', 'b']) held.add(anEvent({ eventID }))
  const first = held.take(1, roomy)
  held.unsend()
  assert.equal(held.take(1, roomy), first)
})

queue('[T3] an event that fits nowhere goes alone: the server refuses it, and the others pass', () => {
  const held = makeQueue(defaults)
  const big = anEvent({ eventID: 'big', data: { text: 'x'.repeat(2_000) } })
  const fit = { events: 10, bytes: bytesOf(big) - 1 }
  const idsTaken = (batch: number) => held.take(batch, fit).map((event) => event.eventID)
  held.add(anEvent({ eventID: 'before' }))
  held.add(big)
  held.add(anEvent({ eventID: 'after' }))
  assert.equal([idsTaken(1), idsTaken(2), idsTaken(3)], [['before'], ['big'], ['after']])
  held.unsend()
  assert.equal(
    held.take(1, { events: 10, bytes: 10_000 }).map((event) => event.eventID),
    ['before', 'big', 'after'],
  )
})

queue(
  '[T3] there is room for as many as the bounds let in, and not for one more; always where none waits',
  () => {
    const held = makeQueue({ events: 3, bytes: 1_000_000 })
    const events = ['a', 'b', 'c', 'd'].map((eventID) => anEvent({ eventID }))
    assert.is(held.hasRoom(events), true)
    held.add(anEvent())
    assert.is(held.hasRoom(events.slice(0, 2)), true)
    assert.is(held.hasRoom(events.slice(0, 3)), false)
    const [small] = events
    const narrow = makeQueue({ events: 10, bytes: 2 * bytesOf(small) })
    narrow.add(anEvent({ eventID: 'z' }))
    assert.is(narrow.hasRoom([anEvent({ eventID: 'y' })]), true)
    assert.is(narrow.hasRoom([anEvent({ eventID: 'yy' })]), false)
  },
)

queue('[T3] events of an earlier page go before those that wait, after those on their way', () => {
  const held = makeQueue(defaults)
  held.add(anEvent({ eventID: 'sent' }))
  held.take(1, roomy)
  held.add(anEvent({ eventID: 'new' }))
  held.addEarlier([anEvent({ eventID: 'old' })])
  assert.equal(idsOf(held), ['sent', 'old', 'new'])
})

queue('[T3] a queue stamped anew keeps its events and their ids, in another visit', () => {
  const held = makeQueue(defaults)
  held.add(anEvent({ eventID: 'a', visitID: 'old' }))
  held.restamp('new')
  assert.equal(
    held.waiting().map(({ eventID, visitID }) => [eventID, visitID]),
    [['a', 'new']],
  )
})

queue.run()
