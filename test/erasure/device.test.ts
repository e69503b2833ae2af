/** Q12: a device is erased with everything of its visitor; nobody speaks for it any more. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConsentParts, eraseWithoutConsent } from '../../src/erasure/consent.ts'
import { came, event, HOUR, SECOND, signIn } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { openHouse, type Power, wordsIn } from './a-house.ts'

const device = suite('the erasure of a device')

const QUIET = { info: () => {}, warn: () => {} }
const NEVER = new Promise<never>(() => {})

const WORDS = ['device-one', 'visit-one', 'secret-cart', 'said-here']

async function openLived(power?: Power) {
  const house = await openHouse({ publishEvents: ['*'], ...(power === undefined ? {} : { power }) })
  const { room } = house
  const pat = { identityId: 'pat', data: { identityId: 'pat', name: 'said-here' } }
  await room.record('device-one', event('VisitStarted', { visit: 'visit-one' }), came('visit-one'))
  await room.record(
    'device-one',
    event('PageEntered', { visit: 'visit-one' }),
    signIn('pat', { visit: 'visit-one', ...pat }),
  )
  await room.record('device-one', event('AddToCart', { visit: 'visit-one', data: { item: 'secret-cart' } }))
  await room.record(
    'g2',
    event('VisitStarted', { visit: 'w1' }),
    signIn('pat', { visit: 'w1', data: { identityId: 'pat', city: 'Bonn' } }),
  )
  room.passes(SECOND)
  return house
}

device('[Q12] nothing of its visitor is left but hashes, and verify finds all in order', async () => {
  const house = await openLived()
  const { room } = house
  const surveyed = await house.erasures.survey('device', 'device-one')
  const { counts } = await house.erase('device', 'device-one')
  assert.equal(counts, surveyed)
  assert.is(room.store.visitorNumber('device-one'), 0)
  assert.equal(findingsIn(room.store), [])
  const { path } = room
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(path, WORDS), [])
  await room.start()
  await room.end()
})

for (const [kind, name] of [
  ['device', 'device-one'],
  ['person', 'pat'],
] as const) {
  device(
    `[Q12] a change that outlived its entry goes with a ${kind}: retention leaves it until NATS has it`,
    async () => {
      const house = await openLived()
      const { store } = house.room
      const number = store.visitorNumber('device-one')
      const chunks = store.chunks(number, { from: 1, entries: 99 }).map(({ seq }) => ({ number, seq }))
      await store.erase({ gone: { chunks } })
      const left = () =>
        store
          .changes({ limit: 999 })
          .filter((change) => change.number === number && JSON.stringify(change.data).includes('"pat"'))
      assert.ok(left().length > 0)
      const surveyed = await house.erasures.survey(kind, name)
      const { counts } = await house.erase(kind, name)
      assert.equal(left(), [])
      assert.is(counts.changes, surveyed?.changes)
      await house.end()
    },
  )
}

device('[Q12] the person keeps what was said elsewhere', async () => {
  const house = await openLived()
  const { room } = house
  await house.erase('device', 'device-one')
  const pat = room.store.identity(room.store.identityNumber('pat'))
  assert.equal(Object.keys(pat?.profile ?? {}), ['city'])
  assert.is(room.visitors.view('g2')?.identityId, 'pat')
  await house.end()
})

device(
  '[Q12] a person seen nowhere else goes with the device, one who is known elsewhere stays',
  async () => {
    const house = await openLived()
    const { room } = house
    const lone = {
      identityId: 'lone',
      data: { identityId: 'lone', email: 'lone@example.com', note: 'lone-words' },
    }
    await room.record(
      'device-one',
      event('SignOut', { visit: 'visit-one' }),
      signIn('lone', { visit: 'visit-one', ...lone }),
    )
    await room.record('device-one', signIn('named', { visit: 'visit-one' }))
    await room.record('g2', { type: 'reject', identityId: 'named', agentId: 'a1', ifSeq: null })
    const surveyed = await house.erasures.survey('device', 'device-one')
    const { counts } = await house.erase('device', 'device-one')
    assert.equal(counts, surveyed)
    assert.is(counts.people, 1)
    assert.is(room.store.identityNumber('lone'), 0)
    assert.equal(room.store.identitiesAt('email', 'lone@example.com', 9), [])
    assert.is.not(room.store.identityNumber('named'), 0)
    assert.is.not(room.store.identityNumber('pat'), 0)
    assert.equal(findingsIn(room.store), [])
    const { path } = room
    await house.erasures.close()
    await room.close()
    assert.equal(await wordsIn(path, ['lone']), [])
    await room.start()
    await room.end()
  },
)

device(
  "[Q12] its next hello is unauthorized, its events are refused, its number and visitIDs are nobody else's",
  async () => {
    const house = await openLived()
    const { room } = house
    await house.erase('device', 'device-one')
    assert.equal(await room.visitors.admit('device-one', null), { is: 'unauthorized' })
    const told = room.committed.flatMap(({ visits }) => visits).at(-1)
    assert.equal(told, { globalVisitID: 'device-one', visitId: null, reason: 'erased' })
    const late = await room.one('device-one', event('Viewed', { visit: 'visit-one' }))
    assert.is(late.is === 'rejected' && late.code, 'erased')
    const foreign = await room.one('g3', event('Viewed', { visit: 'visit-one' }))
    assert.is(foreign.is === 'rejected' && foreign.code, 'wrong_visitor')
    await house.restart()
    room.passes(HOUR)
    await room.says('g4', 'VisitStarted', { visit: 'x1' })
    assert.is(room.store.visitorNumber('g4'), 3)
    await house.end()
  },
)

device('[V11] where the site wants it so, withdrawn consent erases the device', async () => {
  const house = await openLived()
  const { room } = house
  let begun: Promise<unknown> = Promise.resolve()
  const consent = eraseWithoutConsent({
    store: room.store,
    onSaid: room.visitors.onSaid,
    begin: (kind, name) => {
      const beginning = house.erasures.begin(kind, name)
      begun = beginning
      return beginning
    },
    log: QUIET,
  })
  await consent.caughtUp
  await room.says('device-one', 'ConsentWithdrawn', { visit: 'visit-one' })
  await begun
  await house.erasures.idle()
  await consent.close()
  assert.is(room.store.visitorNumber('device-one'), 0)
  assert.is.not(room.store.visitorNumber('g2'), 0)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

device('[V11] a crash between the withdrawal and its erasure loses nothing', async () => {
  const house = await openLived()
  const { room } = house
  const listening = (begin: ConsentParts['begin']) => {
    const { store, visitors } = room
    return eraseWithoutConsent({
      store,
      onSaid: visitors.onSaid,
      begin,
      log: QUIET,
      retryMs: 60_000,
    })
  }
  await listening(house.erasures.begin).caughtUp
  // The power goes before any erasure is begun.
  listening(() => NEVER)
  const unheard = listening(() => Promise.reject(new Error('the disk is full')))
  await room.says('g2', 'Viewed', { visit: 'w1' })
  await room.record('unrelated', event('VisitStarted', { visit: 'u1' }))
  await unheard.close()
  await room.says('device-one', 'ConsentWithdrawn', { visit: 'visit-one' })
  await house.restart()
  const consent = listening(house.erasures.begin)
  await consent.caughtUp
  await house.erasures.idle()
  assert.is(room.store.visitorNumber('device-one'), 0)
  assert.is.not(room.store.visitorNumber('g2'), 0)
  await consent.close()
  // Once: the next start finds nothing to do.
  const again = listening(() => Promise.reject(new Error('asked again')))
  await again.caughtUp
  await again.close()
  assert.is(room.store.erasures().length, 1)
  assert.equal(findingsIn(room.store), [])
  await house.end()
})

device('[Q12] killed at any step it goes on after the start', async () => {
  for (let steps = 1; steps < 16; steps += 1) {
    const power: Power = { stepsLeft: steps + 1 }
    const house = await openLived(power)
    const { room } = house
    const begun = await house.erasures.begin('device', 'device-one')
    let isDone = false
    const end = house.erasures.idle().then(() => {
      isDone = true
    })
    while (power.stepsLeft >= 0 && !isDone) {
      await Promise.race([end, new Promise((resolve) => setImmediate(resolve))])
    }
    power.stepsLeft = 1_000
    await house.restart()
    await house.erasures.idle()
    assert.is.not(room.store.erasure(begun?.id ?? '')?.finishedAt, 0)
    assert.equal(findingsIn(room.store), [], `after ${steps} steps`)
    await house.end()
    if (isDone) return
  }
})

device.run()
