/** What a change looks like as a message. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMessageMaker, messageIdOf, showsStored } from '../../src/bus/cloud-event.ts'
import type { ChangeRow } from '../../src/store/rows.ts'

const cloudEvent = suite('cloud event')

const CHANGE: ChangeRow = {
  position: 900,
  n: 2,
  number: 4,
  globalVisitID: 'g1',
  seq: 17,
  at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  kind: 'identity',
  name: 'wmRecognized',
  data: { state: 'WM-Recognized', identityId: 'ann@example.org' },
}

const makerOf = (prefix: string, source: string) =>
  createMessageMaker({ prefix, source, dataOf: ({ data }) => data })

cloudEvent('[B1] a change is one CloudEvent 1.0 in JSON structured mode', () => {
  const message = makerOf('vestibule', 'node 1')(CHANGE, 0)
  assert.is(message.subject, 'vestibule.identity.wm-recognized.g1')
  assert.is(message.contentType, 'application/cloudevents+json')
  assert.is(message.messageId, 'g1.17.2')
  assert.equal(JSON.parse(Buffer.from(message.bytes).toString()), {
    specversion: '1.0',
    id: 'g1.17.2',
    source: 'node%201',
    type: 'vestibule.identity.changed',
    subject: 'g1',
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    data: { state: 'WM-Recognized', identityId: 'ann@example.org' },
  })
})

cloudEvent('[B6] a message after changes that were given up says how many', () => {
  const event = JSON.parse(Buffer.from(makerOf('p', 's')(CHANGE, 2).bytes).toString())
  assert.equal(event.data, { ...CHANGE.data, gapBefore: 2 })
})

cloudEvent('[B1] the type tells what happened', () => {
  const typeOf = (kind: ChangeRow['kind'], name: string) =>
    JSON.parse(Buffer.from(makerOf('p', 's')({ ...CHANGE, kind, name }, 0).bytes).toString()).type
  assert.is(typeOf('visit', 'opened'), 'vestibule.visit.opened')
  assert.is(typeOf('event', 'cart.add'), 'vestibule.event.recorded')
  assert.is(typeOf('lease', 'ended'), 'vestibule.lease.ended')
  assert.is(typeOf('notify', 'shown'), 'vestibule.notify.shown')
})

cloudEvent(
  '[B2] a stored message shows that the same and earlier changes are stored, and no later one',
  () => {
    const stored = makerOf('p', 's')(CHANGE, 0)
    assert.ok(showsStored(stored, CHANGE))
    assert.ok(showsStored(stored, { ...CHANGE, n: 1 }))
    assert.ok(showsStored(stored, { ...CHANGE, seq: 9, n: 9 }))
    assert.not.ok(showsStored(stored, { ...CHANGE, n: 3 }))
    assert.not.ok(showsStored(stored, { ...CHANGE, seq: 18, n: 1 }))
    assert.not.ok(showsStored(stored, { ...CHANGE, globalVisitID: 'g2' }))
  },
)

cloudEvent('[B2] a stream that outlived its store says nothing of the new changes', () => {
  const stored = makerOf('p', 's')(CHANGE, 0)
  assert.not.ok(showsStored(stored, { ...CHANGE, seq: 1, n: 1, at: CHANGE.at + 1 }))
})

cloudEvent("[B2] somebody else's message on the subject says nothing", () => {
  const messageId = messageIdOf(CHANGE)
  for (const text of ['', 'not json', '{}', 'null', '{"time":7}']) {
    assert.not.ok(showsStored({ messageId, bytes: Buffer.from(text) }, CHANGE), text)
  }
  const { bytes } = makerOf('p', 's')(CHANGE, 0)
  assert.not.ok(showsStored({ messageId: '', bytes }, CHANGE))
})

cloudEvent.run()
