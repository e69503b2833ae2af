/** E1: an event is applied once, whatever way it comes again. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { event, openRoom } from './a-room.ts'
import { findingsIn } from './findings.ts'

const once = suite('an event is applied once')

once('[E1] twice in one batch: the second is a duplicate of the first, and takes no seq', async () => {
  const room = await openRoom()
  const same = event('Viewed')
  const { outcomes } = await room.record('g1', same, same, event('Viewed'))
  assert.equal(
    outcomes.map((outcome) => [outcome.is, 'seq' in outcome && outcome.seq]),
    [
      ['kept', 1],
      ['duplicate', 1],
      ['kept', 2],
    ],
  )
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

once(
  '[E1] again while the first is being written: it is acknowledged only when that is on disk',
  async () => {
    const room = await openRoom({ limits: { commitEntries: 1 } })
    const same = event('Viewed')
    const settled: string[] = []
    await Promise.all([
      room.one('g1', same).then(({ is }) => settled.push(is)),
      room.one('g1', same).then(({ is }) => settled.push(is)),
    ])
    assert.equal(settled, ['kept', 'duplicate'])
    assert.is(room.store.visitor(1)?.seq, 1)
    await room.end()
  },
)

once('[E1] after a restart, and over another way', async () => {
  const room = await openRoom()
  const same = event('Viewed')
  await room.record('g1', same)
  await room.restart()
  const outcome = await room.one('g1', { ...same, via: 'http', final: true })
  assert.equal(outcome, { is: 'duplicate', seq: 1 })
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

once('[E1] the same eventID of another visitor is another event', async () => {
  const room = await openRoom()
  await room.says('g1', 'Viewed', { eventID: 'same' })
  const other = await room.one('g2', event('Viewed', { eventID: 'same', visit: 'w' }))
  assert.is(other.is, 'kept')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

once('[E1] a rejected event is no original: sent again it is decided again', async () => {
  const room = await openRoom()
  await room.record('g1', event('VisitStarted'), event('ConsentWithdrawn'))
  const refused = event('Viewed')
  assert.is((await room.one('g1', refused)).is, 'rejected')
  await room.says('g1', 'VisitStarted', { visit: 'v2', data: { consent: true } })
  assert.is((await room.one('g1', refused)).is, 'kept')
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

once('[E1] [V1] a duplicate VisitStarted of a visit that has ended opens nothing', async () => {
  const room = await openRoom()
  const started = event('VisitStarted')
  await room.record('g1', started, event('ConsentWithdrawn'))
  const { outcomes, visitId } = await room.record('g1', started)
  assert.equal([outcomes[0]?.is, visitId], ['duplicate', null])
  await room.end()
})

/** A UUIDv7; the same moment and place within it may hold several. */
function timed({ ms = 1_790_000_000_000, within = 0, rest = 0 }): string {
  const time = ms.toString(16).padStart(12, '0')
  const behind = `${within.toString(16).padStart(3, '0')}-8000-${rest.toString(16).padStart(12, '0')}`
  return `${time.slice(0, 8)}-${time.slice(8)}-7${behind}`
}

const ids = fc.oneof(
  fc
    .record({ ms: fc.constantFrom(1, 2, 2 ** 41 - 1, 2 ** 41), within: fc.nat(2), rest: fc.nat(2) })
    .map(timed),
  fc.constantFrom(
    'e-1',
    'e-2',
    '0190zzzz-0000-7000-8000-000000000000',
    'not-a-UUID-but-36-characters-lon-7g',
  ),
)
const seed = Number(process.env.SEED ?? 20_261_124)

once(
  `[E1] in whatever order ids come, in batches and after restarts, each is kept once, seed ${seed}`,
  async () => {
    const batches = fc.array(fc.tuple(fc.array(ids, { minLength: 1, maxLength: 8 }), fc.nat(4)), {
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(batches, async (said) => {
        const room = await openRoom()
        const kept = new Set<string>()
        for (const [batch, die] of said) {
          const { outcomes } = await room.record(
            'g1',
            ...batch.map((eventID) => event('Viewed', { eventID })),
          )
          outcomes.forEach(({ is }, index) => {
            const eventID = batch[index] ?? ''
            assert.is(is, kept.has(eventID) ? 'duplicate' : 'kept', eventID)
            kept.add(eventID)
          })
          if (die === 0) await room.restart()
        }
        assert.equal(findingsIn(room.store), [])
        await room.end()
      }),
      { seed, numRuns: 25 },
    )
  },
)

once.run()
