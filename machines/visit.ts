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
  description: 'V7a, then V1',
} as const

/** What an open visit hears alike, browsing or leaving. */
const OPEN = {
  assume: { actions: 'tellAssumption', description: 'I10 to I12' },
  'rule.answered': [
    { guard: 'hasNoAnswer', actions: 'answerNothing' },
    { guard: 'isStale', actions: 'answerStale' },
    { actions: 'tellAssumption', description: 'I10 to I12' },
  ],
  confirm: { actions: 'tellVerdict', description: 'I13, I15' },
  reject: { actions: 'tellVerdict', description: 'I14, I15' },
} as const

const EXPIRES = { guard: 'isExpiryDue', target: 'away', actions: 'expireVisit', description: 'V6' } as const
const ENDS_LEASES = { guard: 'isLeaseDue', actions: 'endLeases', description: 'L3' } as const

export const visitRegion = visitorSetup.createStateConfig({
  initial: 'away',
  on: {
    'contact.linked': { actions: 'keepContact' },
    'notify.outcome': { actions: 'keepOutcome', description: 'L5' },
    'person.erased': { actions: 'tellErasure' },
    retract: { actions: 'tellRetraction', description: 'I17' },
    'server.started': { actions: 'hearStart', description: 'Q7' },
    engage: { actions: 'engage', description: 'L1, L2' },
    release: { actions: 'release', description: 'L3' },
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
          { guard: 'opens', target: 'browsing', actions: 'openVisit', description: 'V1, V2, V10' },
          {
            guard: 'reopens',
            target: 'browsing',
            actions: 'reopenVisit',
            description: 'V10: the end was wrong',
          },
          ...RECORDS_ELSEWHERE,
        ],
        assume: { actions: 'answerNoVisit' },
        'rule.answered': { actions: 'answerNoVisit' },
        confirm: { actions: 'answerConflict', description: 'I15' },
        reject: { actions: 'keepRejection', description: 'I14: also after the call' },
      },
    },
    browsing: {
      description: 'A visit is open, and nothing says that they left.',
      on: {
        ...OPEN,
        event: [
          { guard: 'isPlain', actions: 'moveActivity', description: 'V3' },
          { guard: 'departs', target: 'leaving', actions: 'record', description: 'V13: sent at pagehide' },
          { guard: 'isOfOpenVisit', actions: 'record', description: 'V3, V7b, V10, V13' },
          WITHDRAWS,
          SUPERSEDES,
          ...RECORDS_ELSEWHERE,
        ],
        'presence.came': { guard: 'isPresenceOfOpen', actions: 'noteSocket', description: 'V4' },
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
          { actions: 'hearStart', description: 'Q7' },
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
          { guard: 'isOfOpenVisit', actions: 'record', description: 'V3, V13' },
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
          { guard: 'isLeaveDue', target: 'away', actions: 'closeVisit', description: 'V5' },
          EXPIRES,
          ENDS_LEASES,
        ],
      },
    },
  },
})
