/** Under which subjects changes go out. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { streamSubjects, subjectOf } from '../../src/bus/subjects.ts'

const subjects = suite('subjects')
const globalVisitID = 'device_1-a'

subjects('[B1] an identity change names the state as subjects spell it', () => {
  const spelled = ['anonymous', 'authenticated', 'recognized', 'wmRecognized'].map((name) =>
    subjectOf('vestibule', { kind: 'identity', name, globalVisitID }),
  )
  assert.equal(spelled, [
    'vestibule.identity.anonymous.device_1-a',
    'vestibule.identity.authenticated.device_1-a',
    'vestibule.identity.recognized.device_1-a',
    'vestibule.identity.wm-recognized.device_1-a',
  ])
})

subjects('[B1] a dot in an event name makes no word of its own', () => {
  const subject = subjectOf('shop', { kind: 'event', name: 'cart.item.added', globalVisitID })
  assert.is(subject, 'shop.event.cart_item_added.device_1-a')
})

subjects('[B1] visits, leases and notify outcomes keep their words', () => {
  assert.is(
    subjectOf('vestibule', { kind: 'visit', name: 'reopened', globalVisitID }),
    'vestibule.visit.reopened.device_1-a',
  )
  assert.is(
    subjectOf('vestibule', { kind: 'lease', name: 'granted', globalVisitID }),
    'vestibule.lease.granted.device_1-a',
  )
  assert.is(
    subjectOf('vestibule', { kind: 'notify', name: 'shown', globalVisitID }),
    'vestibule.notify.shown.device_1-a',
  )
})

subjects('[B3] the stream takes every kind of change and no request', () => {
  assert.equal(streamSubjects('vestibule'), [
    'vestibule.identity.>',
    'vestibule.visit.>',
    'vestibule.event.>',
    'vestibule.lease.>',
    'vestibule.notify.>',
  ])
})

subjects.run()
