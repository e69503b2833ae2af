/** P6: the first token of a visitor is bound, and every other is turned away. */
import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../helpers/within.ts'
import { event, HOUR, openRoom, signIn } from './a-room.ts'

const admitting = suite('admission')

const hashOf = (token: string): Uint8Array => createHash('sha256').update(token).digest()

admitting(
  '[P6] the first token is bound, on disk; the same one is right after a restart, another is not',
  async () => {
    const room = await openRoom()
    const first = await room.visitors.admit('g1', hashOf('a'))
    assert.equal(first, { is: 'admitted', isNew: true, standing: { visitId: null, state: 'Anonymous' } })
    await room.restart()
    const again = await room.visitors.admit('g1', hashOf('a'))
    assert.is(again.is === 'admitted' && again.isNew, false)
    assert.equal(await room.visitors.admit('g1', hashOf('b')), { is: 'unauthorized' })
    assert.equal(await room.visitors.admit('g1', null), { is: 'unauthorized' })
    await room.end()
  },
)

admitting('[P6] of two at once the first is bound', async () => {
  const room = await openRoom()
  const both = await Promise.all([
    room.visitors.admit('g1', hashOf('a')),
    room.visitors.admit('g1', hashOf('b')),
    room.visitors.admit('g1', hashOf('a')),
  ])
  assert.equal(
    both.map(({ is }) => is),
    ['admitted', 'unauthorized', 'admitted'],
  )
  await room.end()
})

admitting('[P6] of two in commits behind one another too', async () => {
  const room = await openRoom({ limits: { commitEntries: 1 } })
  const first = room.visitors.admit('g1', hashOf('a'))
  await new Promise((resolve) => setImmediate(resolve))
  const second = await room.visitors.admit('g1', hashOf('b'))
  assert.equal([(await first).is, second.is], ['admitted', 'unauthorized'])
  await room.end()
})

admitting('without a token whoever has none is let in, and nothing is bound', async () => {
  const room = await openRoom()
  assert.is((await room.visitors.admit('g1', null)).is, 'admitted')
  assert.is(room.visitors.isKnown('g1'), false)
  assert.is((await room.visitors.admit('g1', hashOf('a'))).is, 'admitted')
  assert.is(room.visitors.isKnown('g1'), true)
  await room.end()
})

admitting('a hello is told where the visitor stands; one that only spoke is known', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), signIn('pat'))
  assert.is(room.visitors.isKnown('g1'), true)
  const admission = await room.visitors.admit('g1', hashOf('a'))
  assert.equal(admission, {
    is: 'admitted',
    isNew: false,
    standing: { visitId: 'v1', state: 'Authenticated' },
  })
  await room.end()
})

admitting('[P6] a token that could not be kept is not bound', async () => {
  let fails = true
  const beforePut = (table: string): void => {
    if (table !== 'tokens' || !fails) return
    fails = false
    throw new Error('a put failed on purpose')
  }
  const room = await openRoom({ beforePut })
  const [lost] = await Promise.allSettled([room.visitors.admit('g1', hashOf('a'))])
  assert.is(lost?.status, 'rejected')
  await within(5_000, 'the store recovers', room.store.recovered())
  assert.is((await room.visitors.admit('g1', hashOf('b'))).is, 'admitted')
  await room.end()
})

admitting('[P6] a token without an event is kept for a day from the last hello', async () => {
  const room = await openRoom()
  for (let hellos = 0; hellos < 3; hellos += 1) {
    assert.is((await room.visitors.admit('g1', hashOf('a'))).is, 'admitted')
    await room.store.dropUnusedTokens(room.hands.wall - 24 * HOUR, 9)
    assert.is(room.visitors.isKnown('g1'), true)
    assert.is((await room.visitors.admit('g1', hashOf('b'))).is, 'unauthorized')
    room.passes(24 * HOUR)
  }
  await room.store.dropUnusedTokens(room.hands.wall - 24 * HOUR + 1, 9)
  assert.is(room.visitors.isKnown('g1'), false)
  await room.end()
})

admitting.run()
