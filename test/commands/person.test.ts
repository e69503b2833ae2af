/** `vestibule person`: all of one person, and nothing of the other on the same device. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { personLines } from '../../src/history/person-lines.ts'
import { openGuest } from '../../src/store/guest.ts'
import { event, openRoom, signIn } from '../visitors/a-room.ts'

const person = suite('vestibule person')

person("[Q12] the export of a person has every word of theirs, and none of another's", async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    signIn('pat', { data: { identityId: 'pat', name: 'Patricia' } }),
  )
  await room.record(
    'g1',
    event('PageEntered'),
    event('Viewed', { data: { item: 'pats-item' } }),
    event('SignOut'),
  )
  await room.record('g1', signIn('sam'), event('Viewed', { data: { item: 'sams-item' } }))
  await room.record('g2', event('VisitStarted', { visit: 'w1' }), signIn('pat', { visit: 'w1' }))
  const guest = openGuest(room.path)
  const row = guest.identity(guest.identityNumber('pat'))
  assert.ok(row)
  const lines =
    row === null
      ? []
      : [...personLines(guest, row)].flatMap((line) => (line === null ? [] : [JSON.stringify(line)]))
  await guest.close()
  const kinds = lines.map((line) => String(JSON.parse(line).kind))
  assert.equal([...new Set(kinds)], ['person', 'visit', 'session', 'page', 'entry', 'contact'])
  assert.is(kinds.filter((kind) => kind === 'visit').length, 2)
  assert.match(lines.join('\n'), 'pats-item')
  assert.match(lines.join('\n'), 'Patricia')
  assert.not.match(lines.join('\n'), /sam/)
  await room.end()
})

person.run()
