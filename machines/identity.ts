/** Region 2: who it is. It hears only what the visit region raises. */
import { visitorSetup } from './setup.ts'

const SIGNS_IN = { target: 'authenticated', actions: 'signIn', description: 'I1: a session opens' } as const
const RECORDED_ONLY = { actions: 'recordOnly', description: 'I5 to I8: recorded only' } as const
const RECOGNIZED = {
  guard: 'mayRecognize',
  target: 'recognized',
  actions: 'recognize',
  description: 'I6, I9: the site says so',
} as const
const LEARNS = {
  guard: 'namesCurrentOrNobody',
  actions: 'learnProfile',
  description: 'I7: more is known of them',
} as const
const OUTRANKED = { actions: 'ignoreOutranked', description: 'I12: more is known already' } as const
const REFUSED = { actions: 'refuse', description: 'I15: a conflict' } as const

/** I13, I14, I15 where an agent may judge. */
const JUDGED = {
  'identity.confirm': [
    { guard: 'changedSince', ...REFUSED },
    { target: 'recognized', actions: 'confirm', description: 'I13: an agent knows who it is' },
  ],
  'identity.reject': [
    {
      guard: 'mayReject',
      target: 'anonymous',
      actions: 'reject',
      description: 'I14: an agent knows who it is not',
    },
    REFUSED,
  ],
} as const

export const identityRegion = visitorSetup.createStateConfig({
  initial: 'anonymous',
  on: {
    'visit.ended': {
      target: '.anonymous',
      actions: 'forgetWhoWasThere',
      description: 'V9, I16: the visit is over',
    },
    'visit.reopened': [
      {
        guard: 'wasAuthenticated',
        target: '.authenticated',
        actions: 'believeAgain',
        description: 'V10: as before the end',
      },
      {
        guard: 'wasRecognized',
        target: '.recognized',
        actions: 'believeAgain',
        description: 'V10: as before the end',
      },
      {
        guard: 'wasWmRecognized',
        target: '.wmRecognized',
        actions: 'believeAgain',
        description: 'V10: as before the end',
      },
    ],
    'identity.retract': [
      {
        guard: 'undoesToRecognized',
        target: '.recognized',
        actions: 'undoDecision',
        description: 'I17: back to what was before',
      },
      {
        guard: 'undoesToWmRecognized',
        target: '.wmRecognized',
        actions: 'undoDecision',
        description: 'I17: back to what was before',
      },
      {
        guard: 'undoesToAnonymous',
        target: '.anonymous',
        actions: 'undoDecision',
        description: 'I17: back to what was before',
      },
      { guard: 'mayRetract', actions: 'undoRejection', description: 'I17: only what else it did' },
      REFUSED,
    ],
    'identity.erased': [
      {
        guard: 'namesCurrent',
        target: '.anonymous',
        actions: 'forgetCurrent',
        description: 'Q12: the one who is there is erased',
      },
      { actions: 'forgetPerson', description: 'Q12: somebody else is erased' },
    ],
  },
  states: {
    anonymous: {
      description: 'Nobody knows.',
      on: {
        'identity.SignIn': SIGNS_IN,
        'identity.SignOut': RECORDED_ONLY,
        'identity.UserInfo': [RECOGNIZED, RECORDED_ONLY],
        'identity.assume': [
          {
            guard: 'isRejectedHere',
            actions: 'ignoreRejected',
            description: 'I12: an agent said that it is not them',
          },
          { target: 'wmRecognized', actions: 'assume', description: 'I10: a rule assumes who it is' },
        ],
        'identity.confirm': JUDGED['identity.confirm'],
        'identity.reject': REFUSED,
      },
    },
    authenticated: {
      description: 'Signed in now; a session is open.',
      on: {
        'identity.SignIn': [
          { guard: 'namesCurrent', actions: 'learnProfile', description: 'I2: the same session' },
          { actions: 'switchCustomer', description: 'I3: a session ends, another opens' },
        ],
        'identity.SignOut': { target: 'recognized', actions: 'signOut', description: 'I4: the session ends' },
        'identity.UserInfo': [LEARNS, RECORDED_ONLY],
        'identity.assume': OUTRANKED,
        'identity.confirm': REFUSED,
        'identity.reject': REFUSED,
      },
    },
    recognized: {
      description: 'Signed out, or the site or an agent says so; may be somebody else on the same device.',
      on: {
        'identity.SignIn': SIGNS_IN,
        'identity.SignOut': RECORDED_ONLY,
        'identity.UserInfo': [LEARNS, RECOGNIZED, RECORDED_ONLY],
        'identity.assume': OUTRANKED,
        ...JUDGED,
      },
    },
    wmRecognized: {
      description: 'Nobody said so; a rule assumes it, and an agent must judge.',
      on: {
        'identity.SignIn': SIGNS_IN,
        'identity.SignOut': RECORDED_ONLY,
        'identity.UserInfo': [RECOGNIZED, RECORDED_ONLY],
        'identity.assume': [
          {
            guard: 'isRejectedHere',
            actions: 'ignoreRejected',
            description: 'I12: an agent said that it is not them',
          },
          { guard: 'isMoreConfident', actions: 'assume', description: 'I11: it replaces the one before' },
          { actions: 'ignoreLessConfident', description: 'I11: no surer than what is assumed' },
        ],
        ...JUDGED,
      },
    },
  },
})
