/** Q12: every place in which somebody's words may lie, each with words of its own; all of them are looked for afterwards. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEntry } from '../../src/visitors/contract.ts'
import { came, event, MINUTE, SECOND, signIn, type TestRoom, went } from '../visitors/a-room.ts'
import { findingsIn } from '../visitors/findings.ts'
import { openHouse, wordsIn } from './a-house.ts'

const everywhere = suite('erasures, everywhere')

const PAT = 'pat@example.com'
const WORDS = [PAT, 'pats-', 'Patricia', '+49301234567']

const pat = (visit: string) =>
  signIn(PAT, {
    visit,
    data: { identityId: PAT, name: 'Patricia', email: 'pats-mail@example.com', phone: '+49301234567' },
  })

/** A rule that found Pat, or looked Pat up and chose somebody else. */
function answered(identityId: string, inputs: object): NewEntry {
  const answer = { identityId, confidence: 0.6, halfLifeMs: null, evidence: { because: identityId } }
  return { type: 'rule.answered', rule: 'r', version: 1, inputs, answer, basedOnSeq: 1 }
}

/** Pat in profiles, addresses, contacts, kept states, rules, verdicts, given-up changes, a snapshot that sleeps. */
async function live(room: TestRoom): Promise<void> {
  await room.record('g1', event('VisitStarted'), came(), pat('v1'))
  const attributes = { tier: 'pats-tier' }
  await room.record('g1', { type: 'contact.linked', identityId: PAT, contactId: 'pats-contact', attributes })
  // A thousand entries: a state is kept in which Pat is there.
  for (let part = 0; part < 11; part += 1) {
    await room.record(
      'g1',
      ...Array.from({ length: 100 }, (_, n) => event('Viewed', { data: { n: `pats-${n}` } })),
    )
  }
  await room.record('g1', went())
  room.passes(2 * MINUTE)
  await room.record('g1', event('VisitStarted', { visit: 'v2' }), signIn('sam', { visit: 'v2' }))
  // On other devices: found by rules, rejected, confirmed, only looked up, told by an engine.
  await room.record('g2', event('VisitStarted', { visit: 'w1' }))
  const link = { visitId: 'v1', globalVisitID: 'g1', identityId: PAT, signedIn: true }
  await room.record('g2', answered(PAT, { on: 'visit.opened', linkedVisit: link }))
  await room.record('g2', { type: 'reject', identityId: PAT, agentId: 'a1', ifSeq: null })
  await room.record('g3', event('VisitStarted', { visit: 'u1' }))
  const found = [
    { identityId: PAT, proven: true },
    { identityId: 'sam', proven: true },
  ]
  await room.record('g3', answered('sam', { on: 'Viewed', identitiesByEmail: found }))
  await room.record('g4', event('VisitStarted', { visit: 'x1' }))
  await room.record('g4', {
    ...{ type: 'assume', identityId: PAT, confidence: 0.4, halfLifeMs: null, rule: 'engine', version: 0 },
    evidence: { says: PAT },
  })
  const [change] = room.store.changes({ limit: 1_000 }).filter(({ data }) => data.identityId === PAT)
  assert.ok(change)
  await room.store.putDead([{ change, reason: 'refused', at: room.hands.wall, told: false }])
  assert.ok(room.store.baseAtOrBefore(1, 1_000))
  room.passes(SECOND)
}

everywhere('[Q12] no place keeps a word of a person who is erased; others keep theirs', async () => {
  const house = await openHouse({ publishEvents: ['*'] })
  const { room } = house
  await live(room)
  assert.equal(findingsIn(room.store), [])
  await house.erasures.close()
  await room.close()
  const places = (await wordsIn(room.path, WORDS)).map((found) => found.split(':')[0])
  const expected = ['bases', 'changes', 'dead', 'identities', 'stream', 'visitors']
  assert.equal([...new Set(places)], expected, 'they were there before')
  await room.start()
  await house.restart()
  const surveyed = await house.erasures.survey('person', PAT)
  const { counts } = await house.erase('person', PAT)
  assert.equal(counts, surveyed)
  assert.equal(findingsIn(room.store), [])
  assert.is(room.visitors.view('g3')?.identityId, 'sam')
  assert.is(room.visitors.view('g1')?.identityId, 'sam')
  assert.is(room.visitors.view('g4')?.state, 'Anonymous')
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(room.path, WORDS), [])
  await room.start()
  assert.equal(findingsIn(room.store), [])
  await room.end()
})

everywhere('[Q12] no place keeps the id of a device that is erased, or of its visits', async () => {
  const house = await openHouse({ publishEvents: ['*'] })
  const { room } = house
  const [device, visit] = ['device-one', 'visit-one']
  await room.record(device, event('VisitStarted', { visit }), came(visit), signIn('pat', { visit }))
  await room.record('g2', event('VisitStarted', { visit: 'w1' }))
  const linkedVisit = { visitId: visit, globalVisitID: device, identityId: 'pat', signedIn: true }
  const evidence = { linkedVisitID: visit, signedIn: true }
  const answer = { identityId: 'pat', confidence: 0.7, halfLifeMs: null, evidence }
  const inputs = { on: 'visit.opened', linkedVisit }
  await room.record('g2', { type: 'rule.answered', rule: 'r', version: 1, inputs, answer, basedOnSeq: 1 })
  const surveyed = await house.erasures.survey('device', device)
  const { counts } = await house.erase('device', device)
  assert.equal(counts, surveyed)
  assert.is(counts.named, 1)
  assert.is(room.visitors.view('g2')?.identityId, 'pat')
  assert.equal(findingsIn(room.store), [])
  await house.erasures.close()
  await room.close()
  assert.equal(await wordsIn(room.path, [device, visit]), [])
  await room.start()
  await room.end()
})

everywhere.run()
