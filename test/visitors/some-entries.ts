/** Random entries of a few visitors, the same ones for the same seed. */
import type { NewEntry, NewEvent } from '../../src/visitors/contract.ts'
import type { Dice } from '../helpers/dice.ts'
import { event, HOUR, MINUTE, SECOND, type TestRoom } from './a-room.ts'

export const VISITORS = ['g1', 'g2', 'g3', 'g4']
const PEOPLE = ['pat', 'sam', 'kim']
const NAMES = ['VisitStarted', 'PageEntered', 'PageEntered', 'PageExited', 'SignIn', 'SignOut', 'UserInfo']
const RARE = ['ConsentWithdrawn', 'SignIn', 'VisitStarted']

export function someEvent(d: Dice, globalVisitID: string): NewEvent {
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

export function someOther(d: Dice, room: TestRoom, globalVisitID: string): NewEntry {
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
