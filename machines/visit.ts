/** Region 1: the visit. `away` -> `browsing` <-> `leaving`, and from both to `away`; it hears every entry first. */
import { visitorSetup } from './setup.ts'

const WITHDRAWS = {
  guard: 'withdraws',
  target: 'away',
  actions: 'withdraw',
  description: 'V11: consent is taken back',
} as const

const RECORDS_ELSEWHERE = [
  { guard: 'isLate', actions: 'recordLate', description: 'V8, V13: in a visit that has ended' },
  {
    guard: 'isOfLateVisit',
    actions: 'recordLateVisit',
    description: 'V12: in a visit over before we heard of it',
  },
] as const

const SUPERSEDES = {
  guard: 'supersedes',
  target: 'browsing',
  actions: 'supersedeVisit',
  description: 'V7a, then V1: another visit began',
} as const

/** What an open visit hears alike, browsing or leaving. */
const OPEN = {
  assume: { actions: 'tellAssumption', description: 'I10 to I12: the identity region decides' },
  'rule.answered': [
    { guard: 'hasNoAnswer', actions: 'answerNothing', description: 'the rule had nothing to say' },
    { guard: 'isStale', actions: 'answerStale', description: 'the identity changed since it was asked' },
    { actions: 'tellAssumption', description: 'I10 to I12: the identity region decides' },
  ],
  confirm: { actions: 'tellVerdict', description: 'I13, I15: the identity region decides' },
  reject: { actions: 'tellVerdict', description: 'I14, I15: the identity region decides' },
} as const

const EXPIRES = {
  guard: 'isExpiryDue',
  target: 'away',
  actions: 'expireVisit',
  description: 'V6: idle or open for too long',
} as const
const ENDS_LEASES = {
  guard: 'isLeaseDue',
  actions: 'endLeases',
  description: 'L3: its time is over',
} as const

export const visitRegion = visitorSetup.createStateConfig({
  initial: 'away',
  on: {
    'contact.linked': { actions: 'keepContact', description: 'the contact of a person was found' },
    'notify.outcome': { actions: 'keepOutcome', description: 'L5: what became of an invitation' },
    'person.erased': { actions: 'tellErasure', description: 'Q12: the identity region forgets' },
    retract: { actions: 'tellRetraction', description: 'I17: the identity region decides' },
    'server.started': { actions: 'hearStart', description: 'Q7: a restart is no departure' },
    engage: { actions: 'engage', description: 'L1, L2: granted, renewed or refused' },
    release: { actions: 'release', description: 'L3: given back' },
  },
  states: {
    away: {
      description: 'No visit is open.',
      on: {
        event: [
          WITHDRAWS,
          {
            guard: 'opensAndDeparts',
            target: 'leaving',
            actions: 'openVisit',
            description: 'V13: left already',
          },
          {
            guard: 'opens',
            target: 'browsing',
            actions: 'openVisit',
            description: 'V1, V2, V10: a visit of its own',
          },
          {
            guard: 'reopens',
            target: 'browsing',
            actions: 'reopenVisit',
            description: 'V10: the end was wrong',
          },
          ...RECORDS_ELSEWHERE,
        ],
        assume: { actions: 'answerNoVisit', description: 'I10: nobody is there' },
        'rule.answered': { actions: 'answerNoVisit', description: 'I10: nobody is there' },
        confirm: { actions: 'answerConflict', description: 'I15: nobody is there' },
        reject: { actions: 'keepRejection', description: 'I14: also after the call' },
      },
    },
    browsing: {
      description: 'A visit is open, and nothing says that they left.',
      on: {
        ...OPEN,
        event: [
          {
            guard: 'isPlain',
            actions: 'moveActivity',
            description: 'V3: it decides nothing but that somebody is there',
          },
          { guard: 'departs', target: 'leaving', actions: 'record', description: 'V13: sent at pagehide' },
          {
            guard: 'isOfOpenVisit',
            actions: 'record',
            description: 'V3, V7b, V10, V13: recorded in the open visit',
          },
          WITHDRAWS,
          SUPERSEDES,
          ...RECORDS_ELSEWHERE,
        ],
        'presence.came': {
          guard: 'isPresenceOfOpen',
          actions: 'noteSocket',
          description: 'V4: it has a socket',
        },
        'presence.went': {
          guard: 'isPresenceOfOpen',
          target: 'leaving',
          actions: 'noteDeparture',
          description: 'V4: its last socket went',
        },
        deadline: [EXPIRES, ENDS_LEASES],
        'server.started': [
          {
            guard: 'hadSocket',
            target: 'leaving',
            actions: 'hearStart',
            description: 'Q7: waits for the browser',
          },
          { actions: 'hearStart', description: 'Q7: nobody was connected' },
        ],
      },
    },
    leaving: {
      description: 'The last socket went, or the page said goodbye; the visit ends unless somebody returns.',
      on: {
        ...OPEN,
        event: [
          {
            guard: 'returns',
            target: 'browsing',
            actions: ['return', 'record'],
            description: 'V3: a return',
          },
          { guard: 'isOfOpenVisit', actions: 'record', description: 'V3, V13: recorded, and no return' },
          WITHDRAWS,
          SUPERSEDES,
          ...RECORDS_ELSEWHERE,
        ],
        'presence.came': {
          guard: 'isPresenceOfOpen',
          target: 'browsing',
          actions: 'noteSocket',
          description: 'V4: one comes back',
        },
        deadline: [
          { guard: 'isLeaveDue', target: 'away', actions: 'closeVisit', description: 'V5: nobody returned' },
          EXPIRES,
          ENDS_LEASES,
        ],
      },
    },
  },
})
