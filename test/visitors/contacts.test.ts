/** The contact that a resolver found for a person: kept with the person, shown, never part of the profile. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { event, openRoom, signIn } from './a-room.ts'

const contacts = suite('contacts of people')

contacts('a contact answer sets the contact of its identity, whoever is there now', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat'), event('SignOut'), signIn('kim'))
  const attributes = { tier: 'gold' }
  await room.record('g1', { type: 'contact.linked', identityId: 'pat', contactId: 'c1', attributes })
  const row = room.store.identity(room.store.identityNumber('pat'))
  assert.is(row?.contactId, 'c1')
  assert.equal(row?.contact, attributes)
  assert.equal(row?.profile, {})
  const other = room.store.identity(room.store.identityNumber('kim'))
  assert.is(other?.contactId, null)
  assert.is(room.visitors.view('g1')?.identityId, 'kim')
  await room.record('g1', { type: 'contact.linked', identityId: 'pat', contactId: 'c2', attributes: null })
  const again = room.store.identity(room.store.identityNumber('pat'))
  assert.equal([again?.contactId, again?.contact], ['c2', null])
  await room.end()
})

contacts('an answer for somebody who is not there any more makes nobody', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'))
  await room.record('g1', {
    type: 'contact.linked',
    identityId: 'gone',
    contactId: 'c1',
    attributes: null,
  })
  assert.is(room.store.identityNumber('gone'), 0)
  await room.end()
})

contacts.run()
