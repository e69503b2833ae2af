/** Everything the two regions of the visitor's machine may ask and do, by the name the diagrams show. */
import { assign, setup } from 'xstate'
import { considers } from './belief-steps.ts'
import type { VisitorContext, VisitorInput } from './context.ts'
import type { EventEntry } from './entries.ts'
import type { Fact } from './facts.ts'
import { GUARDS, type GuardName } from './guards.ts'
import * as identity from './identity-steps.ts'
import * as lease from './lease-steps.ts'
import { isParting, type Place, placeOf } from './places.ts'
import { isPlain } from './plain.ts'
import * as presence from './presence-steps.ts'
import type { IdentityRaised } from './raised.ts'
import * as retraction from './retraction-steps.ts'
import {
  becomes,
  chain,
  type EventOf,
  follows,
  type MachineEvent,
  only,
  type Step,
  withFacts,
} from './steps.ts'
import * as verdict from './verdict-steps.ts'
import * as visit from './visit-steps.ts'

interface Asked {
  readonly context: VisitorContext
  readonly event: MachineEvent
}

const isPlaced =
  (...places: readonly Place[]) =>
  ({ context, event }: Asked): boolean =>
    event.type === 'event' && places.includes(placeOf(context, event))

const asksIdentity =
  (name: GuardName) =>
  ({ context, event }: Asked): boolean =>
    isIdentityRaised(event) && GUARDS[name](context, event)

const isIdentityRaised = (event: MachineEvent): event is IdentityRaised => event.type.startsWith('identity.')

const departs = ({ visit: open }: VisitorContext, entry: EventEntry): boolean =>
  entry.final && open?.hasSocket !== true

/** A rule of the identity region: its step, and which guards held when it was taken. */
function decides<const T extends IdentityRaised['type']>(
  types: readonly T[],
  rule: (context: VisitorContext, raised: EventOf<T>) => Step,
) {
  return follows<T>(types, (context, raised) => {
    return considers(context, raised, rule(context, raised))
  })
}

const NAMES = ['identity.SignIn', 'identity.SignOut', 'identity.UserInfo'] as const
const VERDICTS = ['identity.confirm', 'identity.reject'] as const

export const visitorSetup = setup({
  types: {} as { context: VisitorContext; events: MachineEvent; input: VisitorInput; emitted: Fact },
  guards: {
    isPlain: ({ context, event }: Asked) => isPlain(context, event),
    isOfOpenVisit: isPlaced('open', 'alias'),
    departs: ({ context, event }: Asked) =>
      event.type === 'event' && isPlaced('open', 'alias')({ context, event }) && departs(context, event),
    returns: ({ context, event }: Asked) =>
      event.type === 'event' &&
      isPlaced('open', 'alias')({ context, event }) &&
      !isParting(event) &&
      event.occurredAt > (context.visit?.departedAt ?? 0),
    opensAndDeparts: ({ context, event }: Asked) =>
      event.type === 'event' && isPlaced('opens')({ context, event }) && event.final,
    opens: isPlaced('opens', 'derived'),
    reopens: isPlaced('reopens'),
    supersedes: isPlaced('supersedes'),
    isLate: isPlaced('late', 'lateAlias'),
    isOfLateVisit: isPlaced('lateVisit', 'lateVisitAgain'),
    withdraws: isPlaced('withdraws'),
    isPresenceOfOpen: ({ context, event }: Asked) =>
      (event.type === 'presence.came' || event.type === 'presence.went') &&
      event.visitId === context.visit?.visitId,
    isLeaveDue: ({ event }: Asked) => event.type === 'deadline' && event.deadline === 'leave',
    isExpiryDue: ({ event }: Asked) =>
      event.type === 'deadline' && (event.deadline === 'idle' || event.deadline === 'max'),
    isLeaseDue: ({ event }: Asked) => event.type === 'deadline' && event.deadline === 'lease',
    hadSocket: ({ context }: Asked) => context.visit?.hasSocket === true,
    isStale: ({ context, event }: Asked) =>
      event.type === 'rule.answered' && context.who.changedSeq > event.basedOnSeq,
    hasNoAnswer: ({ event }: Asked) => event.type === 'rule.answered' && event.answer === null,
    wasAuthenticated: ({ event }: Asked) =>
      event.type === 'visit.reopened' && event.ended.who.state === 'authenticated',
    wasRecognized: ({ event }: Asked) =>
      event.type === 'visit.reopened' && event.ended.who.state === 'recognized',
    wasWmRecognized: ({ event }: Asked) =>
      event.type === 'visit.reopened' && event.ended.who.state === 'wmRecognized',
    undoesToAnonymous: undoesTo('anonymous'),
    undoesToRecognized: undoesTo('recognized'),
    undoesToWmRecognized: undoesTo('wmRecognized'),
    namesCurrent: asksIdentity('namesCurrent'),
    namesCurrentOrNobody: (asked: Asked) =>
      asksIdentity('namesCurrent')(asked) || asksIdentity('namesNobody')(asked),
    isRejectedHere: asksIdentity('isRejectedHere'),
    mayRecognize: asksIdentity('mayRecognize'),
    isMoreConfident: asksIdentity('isMoreConfident'),
    changedSince: asksIdentity('changedSince'),
    mayReject: (asked: Asked) => asksIdentity('namesCurrent')(asked) && !asksIdentity('changedSince')(asked),
    mayRetract: asksIdentity('mayRetract'),
  },
  actions: {
    moveActivity: assign(({ context, event }) => visit.movesActivity(context, only(event, ['event']))),
    record: follows(['event'], visit.recordsInOpen),
    return: assign(({ context }) => presence.returns(context)),
    openVisit: follows(['event'], visit.opensVisit),
    reopenVisit: follows(['event'], visit.reopensVisit),
    supersedeVisit: follows(['event'], visit.supersedesVisit),
    recordLate: follows(['event'], visit.recordsLate),
    recordLateVisit: follows(['event'], visit.recordsLateVisit),
    withdraw: follows(['event'], visit.withdraws),
    noteSocket: follows(['presence.came'], presence.comes),
    noteDeparture: follows(['presence.went'], presence.goes),
    closeVisit: follows(['deadline'], presence.closes),
    expireVisit: follows(['deadline'], presence.expires),
    endLeases: follows(['deadline'], presence.endsLeases),
    hearStart: follows(['server.started'], presence.hearsStart),
    engage: follows(['engage'], lease.engages),
    release: follows(['release'], lease.releases),
    keepOutcome: follows(['notify.outcome'], lease.keepsOutcome),
    keepContact: follows(['contact.linked'], (context, { identityId, contactId }) =>
      withFacts(becomes(context), { type: 'contact.resolved', identityId, contactId }),
    ),
    answerNoVisit: follows(['assume', 'rule.answered'], (context) =>
      withFacts(becomes(context), lease.refusal('noVisit')),
    ),
    answerConflict: follows(['confirm', 'reject', 'retract'], (context) =>
      withFacts(becomes(context), lease.refusal('conflict')),
    ),
    answerStale: follows(['rule.answered'], (context) => withFacts(becomes(context), lease.refusal('stale'))),
    answerNothing: follows(['rule.answered'], (context) =>
      withFacts(becomes(context), lease.refusal('noAnswer')),
    ),
    tellAssumption: follows(['assume', 'rule.answered'], (context, entry) => {
      const answer = entry.type === 'assume' ? entry : entry.answer
      if (answer === null) return becomes(context)
      const { identityId, confidence, halfLifeMs } = answer
      const raised = {
        type: 'identity.assume',
        identityId,
        confidence,
        halfLifeMs,
        rule: entry.rule,
        entry,
      } as const
      return { context, facts: [], raised: [raised] }
    }),
    tellVerdict: follows(['confirm', 'reject'], (context, entry) => {
      const { identityId } = entry
      const type = entry.type === 'confirm' ? 'identity.confirm' : 'identity.reject'
      return { context, facts: [], raised: [{ type, identityId, entry }] }
    }),
    keepRejection: follows(['reject'], (context, entry) =>
      verdict.keepsRejectionOnly(context, { type: 'identity.reject', identityId: entry.identityId, entry }),
    ),
    tellRetraction: follows(['retract'], (context, entry) => {
      return { context, facts: [], raised: [{ type: 'identity.retract', identityId: null, entry }] }
    }),
    tellErasure: follows(['person.erased'], (context, entry) => {
      return {
        context,
        facts: [],
        raised: [{ type: 'identity.erased', identityId: entry.identityId, entry }],
      }
    }),

    recordOnly: decides(NAMES, (context) => becomes(context)),
    signIn: decides(['identity.SignIn'], identity.signsIn),
    switchCustomer: decides(['identity.SignIn'], identity.switchesCustomer),
    signOut: decides(['identity.SignOut'], identity.signsOut),
    learnProfile: decides(['identity.SignIn', 'identity.UserInfo'], identity.learnsProfile),
    recognize: decides(['identity.UserInfo'], identity.recognizes),
    assume: decides(['identity.assume'], identity.assumes),
    ignoreOutranked: decides(['identity.assume'], identity.ignoresAssumption('outranked')),
    ignoreRejected: decides(['identity.assume'], identity.ignoresAssumption('rejectedHere')),
    ignoreLessConfident: decides(['identity.assume'], identity.ignoresAssumption('lessConfident')),
    confirm: decides(['identity.confirm'], verdict.confirms),
    reject: decides(['identity.reject'], verdict.rejects),
    refuse: decides([...VERDICTS, 'identity.retract'], verdict.refuses),
    undoDecision: decides(['identity.retract'], retraction.undoesDecision),
    undoRejection: decides(['identity.retract'], retraction.undoesRejection),
    forgetCurrent: decides(['identity.erased'], verdict.forgetsCurrent),
    forgetPerson: decides(['identity.erased'], (context, { entry }) => verdict.forgetsPerson(context, entry)),
    forgetWhoWasThere: follows(['visit.ended'], identity.forgetsWhoWasThere),
    believeAgain: follows(['visit.reopened'], (context, raised) =>
      chain(becomes(context), (now) => identity.believesAgain(now, raised)),
    ),
  },
})

function undoesTo(state: 'anonymous' | 'recognized' | 'wmRecognized') {
  return ({ context, event }: Asked): boolean => {
    if (event.type !== 'identity.retract') return false
    const { mayRetract, decidedCurrent } = GUARDS
    return (
      mayRetract(context, event) &&
      decidedCurrent(context, event) &&
      context.verdicts.find(({ seq }) => seq === event.entry.verdictSeq)?.before.state === state
    )
  }
}
