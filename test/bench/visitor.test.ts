/** What a visitor of the bench says. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { newVisitor, RECENT } from '../../bench/visitor.ts'

const visitor = suite('a visitor of the bench')

interface Said {
  readonly eventID: string
  readonly eventName: string
  readonly data: Readonly<Record<string, unknown>>
}

function hear(text: string): readonly Said[] {
  return JSON.parse(text)
}

const namesOf = (said: readonly Said[]) => said.map(({ eventName }) => eventName)

visitor('starts a visit, enters a page, does things on it and leaves it', () => {
  const names = namesOf(hear(newVisitor().events(12)))
  assert.equal(names.slice(0, 2), ['VisitStarted', 'PageEntered'])
  assert.is(names[10], 'PageExited')
  assert.is(names[11], 'PageEntered')
})

visitor('signs in once, with the fifth event, if it only stays', () => {
  const said = hear(newVisitor({ identityId: 'ada' }).events(200))
  const changes = said.flatMap(({ eventName }, index) =>
    eventName.startsWith('Sign') ? [[index, eventName]] : [],
  )
  assert.equal(changes, [[4, 'SignIn']])
  assert.equal(said[4]?.data, { identityId: 'ada' })
})

visitor('comes and goes: in, and out 25 events later, and each is counted as a change', () => {
  const one = newVisitor({ identityId: 'ada', comesAndGoes: true })
  const said = hear(one.events(80))
  const changes = said.flatMap(({ eventName }, index) =>
    eventName.startsWith('Sign') ? [[index, eventName]] : [],
  )
  assert.equal(changes, [
    [4, 'SignIn'],
    [29, 'SignOut'],
    [54, 'SignIn'],
    [79, 'SignOut'],
  ])
  assert.is(one.changes(), 4)
  const later = hear(newVisitor({ identityId: 'ada', comesAndGoes: true, signInAfter: 7 }).events(40))
  assert.is(namesOf(later).indexOf('SignIn'), 7)
  assert.is(namesOf(later).indexOf('SignOut'), 32)
})

visitor('remembers its newest events in order, at most so many', () => {
  const one = newVisitor()
  const ids: string[] = []
  for (const count of [1, RECENT - 1, 1, 37, RECENT]) {
    ids.push(...hear(one.events(count)).map(({ eventID }) => eventID))
    assert.equal(one.recent(), ids.slice(-RECENT))
    assert.is(one.made(), ids.length)
  }
})

visitor('counts the bytes of its events, and numbers its batches', () => {
  const one = newVisitor()
  const first = one.batch(3)
  assert.is(JSON.parse(first).id, 1)
  assert.is(JSON.parse(one.batch(1)).id, 2)
  const list = newVisitor().events(1)
  assert.is(list.length - 2, JSON.stringify(JSON.parse(list)[0]).length)
  assert.ok(one.eventBytes() > 1_000)
})

visitor.run()
