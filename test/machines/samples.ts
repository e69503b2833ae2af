/** One or more samples of every entry that may come in a given state: what the paths through the machine are made of. */
import { deadlinesOf } from '../../machines/deadlines.ts'
import {
  DEFAULT_SETTINGS,
  type Entry,
  type EventEntry,
  type NamedVisit,
  type Stamp,
} from '../../machines/entries.ts'
import type { VisitorSnapshot } from '../../machines/visitor.ts'
import { assume, type EventWords, eventEntry, type OtherEntry, verdict } from '../helpers/visitor-entries.ts'
import { HOUR, MINUTE, MORNING, SECOND } from '../helpers/visitor-story.ts'

type Context = VisitorSnapshot['context']

const RULE = { type: 'rule.answered', rule: 'same-device', version: 1, inputs: null } as const

/** All samples for this state, each a second after what the state remembers last. */
export function samplesFor({ context }: VisitorSnapshot): readonly Entry[] {
  const stamp = stampAfter(context)
  const deadlines = deadlinesOf(context).map(({ deadline, due }): Entry => {
    return { type: 'deadline', ...stamp, at: Math.max(stamp.at, due), deadline, due }
  })
  return [
    ...eventSamples(context, stamp),
    ...otherSamples(context, stamp).map((entry) => ({ ...entry, ...stamp }) as Entry),
    ...deadlines,
  ]
}

/** After all that is in the context: numbers and times only rise. */
function stampAfter({ who, visit, latest, verdicts }: Context): Stamp {
  const seq = Math.max(who.changedSeq, ...verdicts.map((kept) => kept.seq)) + 1
  const at = Math.max(MORNING, who.asOf, visit?.lastActivityAt ?? 0, latest?.endedAt ?? 0) + SECOND
  return { seq, position: seq, at }
}

function eventSamples(context: Context, stamp: Stamp): readonly EventEntry[] {
  const { visit, latest } = context
  const open = visit?.visitId ?? 'v-new'
  const event = (name: string, words: Partial<EventWords> = {}, named: NamedVisit | null = null) =>
    eventEntry(name, { visit: open, ...words }, { stamp, named })
  const known = [
    event('VisitStarted', { consent: true }),
    event('PageEntered'),
    event('PageExited'),
    event('AddToCart'),
    event('AddToCart', { final: true }),
    event('SignIn', { identityId: 'anna' }),
    event('SignIn', { identityId: 'bert' }),
    event('SignOut'),
    event('UserInfo', { identityId: 'anna' }),
    event('UserInfo', { identityId: 'bert' }),
    event('UserInfo'),
    event('UserInfo', { looked: { identityId: 'anna', confidence: 0.3 } }),
    event('UserInfo', { looked: { identityId: null, confidence: 0 } }),
    event('ConsentWithdrawn'),
  ]
  const unknown = [
    event('VisitStarted', { visit: `v${stamp.seq}` }),
    event('VisitStarted', { visit: `v${stamp.seq}`, final: true }),
    event('AddToCart', { visit: `v${stamp.seq}` }),
    event('PageExited', { visit: `v${stamp.seq}` }),
    event('VisitStarted', { visit: `v${stamp.seq}`, agoMs: HOUR }),
  ]
  return [...known, ...unknown, ...(latest === null ? [] : endedSamples(latest, event))]
}

function endedSamples(
  { visit, endedAt, reason }: NonNullable<Context['latest']>,
  event: (name: string, words: Partial<EventWords>, named: NamedVisit) => EventEntry,
): readonly EventEntry[] {
  const { ordinal, visitId, startedAt } = visit
  const named = { ordinal, visitId, startedAt, endedAt, reason }
  const late = { ...named, ordinal: ordinal + 100, visitId: 'v-late', reason: 'late' } as const
  return [
    event('AddToCart', { visit: visitId }, named),
    event('SignIn', { visit: visitId, identityId: 'bert' }, named),
    event('AddToCart', { visit: visitId, agoMs: HOUR }, named),
    event('PageExited', { visit: visitId }, named),
    event('AddToCart', { visit: 'v-late', agoMs: HOUR }, late),
  ]
}

function otherSamples({ visit, who, verdicts }: Context, { seq, at }: Stamp): readonly OtherEntry[] {
  const visitId = visit?.visitId ?? 'v-none'
  const answer = { identityId: 'bert', confidence: 0.7, halfLifeMs: MINUTE, evidence: null }
  return [
    { type: 'presence.came', visitId },
    { type: 'presence.went', visitId },
    { type: 'presence.went', visitId: 'v-other' },
    { type: 'server.started', boot: seq, startedAt: at, settings: DEFAULT_SETTINGS },
    assume('anna', 0.5),
    assume('bert', 0.9),
    { ...RULE, answer, basedOnSeq: seq },
    { ...RULE, answer, basedOnSeq: who.changedSeq - 1 },
    { ...RULE, answer: null, basedOnSeq: seq },
    verdict('confirm', 'anna'),
    verdict('confirm', 'bert', who.changedSeq - 1),
    verdict('reject', 'anna'),
    verdict('reject', 'bert'),
    ...verdicts.map((kept) => ({ type: 'retract', verdictSeq: kept.seq, agentId: 'agent-1' }) as const),
    { type: 'engage', engine: 'chat', ttlMs: MINUTE, purpose: 'offer' },
    { type: 'engage', engine: 'mail', ttlMs: MINUTE, purpose: 'offer' },
    { type: 'release', leaseId: 1 },
    { type: 'notify.outcome', notifyId: 'n1', leaseId: null, outcome: 'accepted' },
    { type: 'contact.linked', identityId: 'anna', contactId: 'c1', attributes: null },
    { type: 'person.erased', identityId: 'anna', pseudonym: `x${seq}` },
    { type: 'person.erased', identityId: 'zoe', pseudonym: `x${seq}` },
  ]
}
