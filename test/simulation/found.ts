/** Histories that failed once, at their shortest: what they found was decided or mended, and they stay. */
import type { Operation } from './operations.ts'

export interface Found {
  /** What was wrong, or not clear. */
  readonly what: string
  readonly history: readonly Operation[]
}

type Says = Extract<Operation, { readonly does: 'says' }>

const TAB = { browser: 0, tab: 1 }

export const FOUND: readonly Found[] = [
  {
    what: 'consent that is given at the very time at which it was withdrawn stayed withdrawn (V11)',
    history: [said('ConsentWithdrawn', { consent: true })],
  },
  {
    what: 'consent that is withdrawn and given an hour before either is heard (V11, V12)',
    history: [
      said('ConsentWithdrawn'),
      said('VisitStarted', { consent: true }),
      said('UserInfo', { person: 'kim' }),
      { does: 'crashes', awayMs: 3_600_000 },
    ],
  },
  {
    what: 'a wall clock set back makes time stand still after a start, and no deadline fires until it agrees (E4)',
    history: [
      { does: 'wallJumps', ms: -3_600_000 },
      { does: 'crashes', awayMs: 60_000 },
    ],
  },
  {
    what: 'a commit that failed at its flush and is on disk all the same: the sockets knew another open visit (V4)',
    history: [
      { does: 'connects', ...TAB, names: true, rightToken: true },
      { does: 'settles' },
      said('PageEntered'),
      { does: 'posts', ...TAB, count: 3, final: false, answerIsLost: false },
      { does: 'flushFails' },
      { does: 'settles' },
      said('UserInfo', { person: 'pat' }),
    ],
  },
  {
    what: 'a hello was welcome by a token that was seen and not on disk: its commit had failed at its flush (P6)',
    history: [
      said('AddToCart'),
      { does: 'posts', ...TAB, count: 3, final: false, answerIsLost: false },
      { does: 'turns' },
      { does: 'diskGoesOn' },
      { does: 'flushFails' },
      { does: 'connects', browser: 0, tab: 0, names: false, rightToken: true },
      { does: 'settles' },
      { does: 'crashes', awayMs: 60_000 },
    ],
  },
  {
    what: 'a token without an event was forgotten though its browser had just said hello again (P6)',
    history: [
      { ...said('AddToCart'), browser: 2 },
      { does: 'posts', browser: 2, tab: 1, count: 3, final: false, answerIsLost: false },
      { does: 'turns' },
      { does: 'diskGoesOn' },
      { does: 'ages', days: 3 },
      { does: 'connects', browser: 2, tab: 1, names: true, rightToken: true },
    ],
  },
  {
    what: 'consent that is withdrawn and given again in one commit erased no device, but after a crash it did (V11)',
    history: [
      { does: 'erasesWithoutConsent' },
      said('ConsentWithdrawn'),
      said('VisitStarted', { consent: true }),
    ],
  },
]

function said(name: string, words: { readonly consent?: boolean; readonly person?: string } = {}): Says {
  const { consent = false, person = null } = words
  return {
    does: 'says',
    ...TAB,
    name,
    agoMs: 0,
    person,
    page: 'p3',
    consent,
    visitOf: null,
    namesVisit: false,
  }
}
