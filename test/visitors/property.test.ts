/** Random visitors, restarts and failed commits: whatever happens, the folder agrees with itself and nothing is lost. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEntry, NewEvent, Recorded } from '../../src/visitors/contract.ts'
import { within } from '../helpers/within.ts'
import { event, HOUR, MINUTE, openRoom, SECOND, type TestRoom } from './a-room.ts'
import { findingsIn } from './findings.ts'

const random = suite('random visitors')

const VISITORS = ['g1', 'g2', 'g3', 'g4']
const PEOPLE = ['pat', 'sam', 'kim']
const NAMES = ['VisitStarted', 'PageEntered', 'PageEntered', 'PageExited', 'SignIn', 'SignOut', 'UserInfo']
const RARE = ['ConsentWithdrawn', 'SignIn', 'VisitStarted']

interface Dice {
  readonly below: (n: number) => number
  readonly one: <T>(of: readonly T[]) => T
  readonly chance: (share: number) => boolean
}

/** mulberry32: the same seed throws the same. */
function dice(seed: number): Dice {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    below,
    one: (of) => {
      const found = of[below(of.length)]
      if (found === undefined) throw new Error('nothing to choose from')
      return found
    },
    chance: (share) => next() < share,
  }
}

function someEvent(d: Dice, globalVisitID: string): NewEvent {
  // Now and then a visitID of somebody else's.
  const owner = d.chance(0.03) ? d.one(VISITORS) : globalVisitID
  const identityId = d.one(PEOPLE)
  const name = d.chance(0.4) ? 'Viewed' : d.chance(0.1) ? d.one(RARE) : d.one(NAMES)
  const says = name === 'SignIn' || (name === 'UserInfo' && d.chance(0.6))
  const names = name === 'UserInfo' && !says && d.chance(0.5)
  return event(name, {
    visit: `${owner}-v${d.below(6)}`,
    page: `p${d.below(3)}`,
    agoMs: d.one([0, 0, 0, 0, SECOND, MINUTE, 20 * MINUTE, 45 * MINUTE, 3 * HOUR]),
    final: d.chance(0.05),
    via: d.one(['socket', 'socket', 'http']),
    identityId: says ? identityId : null,
    namesVisit: names ? { visitID: `${d.one(VISITORS)}-v${d.below(6)}`, anyVisitor: d.chance(0.5) } : null,
    userAgent: { id: 'a7f0b2c4-0000-5000-8000-000000000001', text: 'Browser/1.0' },
    data: { [d.one(['city', 'name', 'email'])]: d.below(9), ...(d.chance(0.3) ? { consent: true } : {}) },
  })
}

function someOther(d: Dice, room: TestRoom, globalVisitID: string): NewEntry {
  const view = room.visitors.view(globalVisitID)
  const visitId = view?.visit?.visitId ?? `${globalVisitID}-v0`
  const seq = view?.seq ?? 0
  const identityId = d.one(PEOPLE)
  const ifSeq = d.chance(0.3) ? seq : null
  const assumed = {
    confidence: 0.5 + d.below(5) / 10,
    halfLifeMs: null,
    rule: 'guess',
    version: 1,
    evidence: null,
  }
  return d.one<NewEntry>([
    { type: 'presence.came', visitId },
    { type: 'presence.came', visitId },
    { type: 'presence.went', visitId },
    { type: 'assume', identityId, ...assumed },
    { type: 'confirm', identityId, agentId: 'a1', ifSeq },
    { type: 'reject', identityId: view?.identityId ?? identityId, agentId: 'a1', ifSeq },
    { type: 'retract', verdictSeq: d.below(seq + 1), agentId: 'a1' },
    { type: 'engage', engine: d.one(['e1', 'e2']), ttlMs: MINUTE, purpose: 'chat' },
    { type: 'release', leaseId: 1 + d.below(3) },
  ])
}

/** What clients were told: the seq of each event that was acknowledged. */
type Acknowledged = Map<string, number>

async function live(seed: number, steps: number): Promise<void> {
  const d = dice(seed)
  const fault = { at: 0 }
  const beforePut = (_table: string, count: number): void => {
    if (count !== fault.at) return
    fault.at = 0
    throw new Error('a put failed on purpose')
  }
  const limits = { commitEntries: 7, awakeMax: 2 }
  const room = await openRoom({ beforePut, limits, settings: { restartGraceMs: 90 * SECOND } })
  const told: Acknowledged = new Map()
  let again: (readonly [string, readonly NewEntry[]])[] = []
  for (let step = 0; step < steps; step += 1) {
    const batches = [...again, ...someBatches(d, room)]
    if (d.chance(0.08)) fault.at = 1 + d.below(30)
    const results = await Promise.allSettled(batches.map(([who, entries]) => room.record(who, ...entries)))
    again = []
    results.forEach((result, index) => {
      const batch = batches[index]
      if (batch === undefined) return
      if (result.status === 'fulfilled') acknowledge(told, batch, result.value)
      else again.push(batch)
    })
    fault.at = 0
    if (again.length > 0) await within(5_000, 'the store can write again', room.store.recovered())
    room.passes(d.one([0, 0, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, 31 * MINUTE]))
    if (d.chance(0.04)) await restarted(d, room)
  }
  assert.equal(findingsIn(room.store), [], `seed ${seed}`)
  for (const [place, seq] of told) {
    const [globalVisitID = '', eventID = ''] = place.split(' ')
    assert.is(
      room.store.seenSeq(room.store.visitorNumber(globalVisitID), eventID),
      seq,
      `seed ${seed}: ${place}`,
    )
  }
  await room.end()
}

function someBatches(d: Dice, room: TestRoom): (readonly [string, readonly NewEntry[]])[] {
  return Array.from({ length: 1 + d.below(4) }, () => {
    const globalVisitID = d.one(VISITORS)
    const entries = Array.from({ length: 1 + d.below(4) }, () =>
      d.chance(0.3) ? someOther(d, room, globalVisitID) : someEvent(d, globalVisitID),
    )
    const first = entries[0]
    return [globalVisitID, first !== undefined && d.chance(0.1) ? [...entries, first] : entries] as const
  })
}

function acknowledge(
  told: Acknowledged,
  [globalVisitID, entries]: readonly [string, readonly NewEntry[]],
  { outcomes }: Recorded,
): void {
  entries.forEach((entry, index) => {
    const outcome = outcomes[index]
    if (entry.type !== 'event' || outcome === undefined || outcome.is === 'rejected') return
    const place = `${globalVisitID} ${entry.words.eventID}`
    assert.is(told.get(place) ?? outcome.seq, outcome.seq, "a duplicate is told the first one's seq")
    told.set(place, outcome.seq)
  })
}

async function restarted(d: Dice, room: TestRoom): Promise<void> {
  const awayMs = d.one([0, SECOND, MINUTE, HOUR])
  const leaveGraceMs = d.one([20 * SECOND, 30 * SECOND])
  await room.restart({ awayMs, settings: { leaveGraceMs, restartGraceMs: 90 * SECOND } })
}

const SEEDS = [1, 2, 3, 4, 5, 6, Date.now() % 2 ** 31]

for (const seed of SEEDS) {
  random(`[Q1] [Q8] the folder agrees with itself after random lives (seed ${seed})`, () => live(seed, 60))
}

random.run()
