/** Histories of erasures that failed once, at their shortest: what they found was mended, and they stay (Q12). */
import type { Found } from './found.ts'
import type { Operation } from './operations.ts'

const SETTLES: Operation = { does: 'settles' }
const TURNS: Operation = { does: 'turns' }
const GOES_ON: Operation = { does: 'diskGoesOn' }

export const FOUND_ERASING: readonly Found[] = [
  {
    what: 'a device was erased before its last messages were published, and they stayed in the stream',
    history: [
      comes(1, 0),
      SETTLES,
      says(1, 0, 'AddToCart'),
      sends(1, 0, 4),
      SETTLES,
      { does: 'assumes', browser: 1, person: 'pat', confidence: 0.5, back: 0 },
      { does: 'erasesDevice', browser: 1 },
    ],
  },
  {
    what: 'who was erased was still read where they were known, until something happened there',
    history: [
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'UserInfo', { agoMs: 1800000, person: 'kim' }),
      sends(0, 0, 1),
      SETTLES,
      erases('kim'),
      { does: 'engages', browser: 0, engine: 'e1', ttlMs: 60000 },
    ],
  },
  {
    what: 'an erased entry no longer told that the session of the one before had ended',
    history: [
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'SignIn', { person: 'sam' }),
      says(0, 0, 'SignIn', { person: 'pat' }),
      sends(0, 0, 1),
      sends(0, 0, 1),
      SETTLES,
      erases('pat'),
    ],
  },
  {
    what: 'what came between forgetting somebody and keeping their stretches was emptied, and not replayed',
    history: [
      comes(1, 0),
      SETTLES,
      says(1, 0, 'Viewed'),
      sends(1, 0, 1),
      SETTLES,
      { does: 'answers', browser: 1, person: 'kim', confidence: 1, back: 2 },
      SETTLES,
      says(1, 0, 'SignOut'),
      sends(1, 0, 2),
      erases('kim'),
    ],
  },
  {
    what: 'whom a visit saw before somebody was taken back and erased was not told',
    history: [
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'UserInfo', { person: 'kim', namesVisit: true }),
      sends(0, 0, 1),
      SETTLES,
      { does: 'confirms', browser: 0, person: 'pat', withSeq: false },
      SETTLES,
      { does: 'rejects', browser: 0, person: 'pat', withSeq: false },
      erases('pat'),
    ],
  },
  {
    what: 'a page that led to somebody stayed where the sign-in behind it had occurred before',
    history: [
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'VisitStarted'),
      sends(0, 0, 4),
      says(0, 0, 'PageEntered'),
      says(0, 0, 'UserInfo', { person: 'kim' }),
      says(0, 0, 'SignIn', { agoMs: 1800000, person: 'pat' }),
      sends(0, 0, 4),
      SETTLES,
      erases('kim'),
    ],
  },
  {
    what: 'a change that was given up kept the words of who was erased',
    history: [
      says(0, 1, 'SignIn', { person: 'kim' }),
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'SignOut'),
      sends(0, 0, 2),
      SETTLES,
      posts(0, 1),
      { does: 'busBans' },
      SETTLES,
      erases('kim'),
    ],
  },
  {
    what: 'two were erased at once, and the entry that forgot one of them made the other again',
    history: [
      comes(2, 1),
      SETTLES,
      says(2, 1, 'SignIn', { person: 'sam' }),
      sends(2, 1, 2),
      comes(2, 0, false),
      SETTLES,
      says(2, 0, 'SignIn', { person: 'pat' }),
      sends(2, 0, 4),
      SETTLES,
      erases('sam'),
      erases('pat'),
    ],
  },
  {
    what: 'the entry that forgot one who was erased went with the other who was there then',
    history: [
      comes(2, 1),
      SETTLES,
      says(2, 1, 'SignIn', { person: 'kim' }),
      says(2, 1, 'SignIn', { person: 'sam' }),
      sends(2, 1, 4),
      SETTLES,
      erases('kim'),
      SETTLES,
      erases('sam'),
    ],
  },
  {
    what: 'what was published was not written down, and after a crash nobody knew where it was',
    history: [
      comes(0, 0, false),
      SETTLES,
      says(0, 0, 'AddToCart'),
      sends(0, 0, 2),
      SETTLES,
      { does: 'confirms', browser: 0, person: 'pat', withSeq: true },
      SETTLES,
      erases('pat'),
      { does: 'diskFails', atPut: 7 },
      SETTLES,
      { does: 'crashes', awayMs: 0 },
    ],
  },
  {
    what: 'an agent who had confirmed one who was erased kept them from coming back',
    history: [
      comes(1, 1),
      SETTLES,
      says(1, 1, 'AddToCart'),
      sends(1, 1, 4),
      SETTLES,
      { does: 'confirms', browser: 1, person: 'sam', withSeq: false },
      SETTLES,
      erases('sam'),
      SETTLES,
      { does: 'passes', ms: 1000 },
      says(1, 0, 'UserInfo', { person: 'sam' }),
      posts(1, 0),
    ],
  },
  {
    what: 'a hiding that failed was told to a visitor all the same',
    history: [
      comes(1, 1, false),
      SETTLES,
      says(1, 1, 'VisitStarted', { consent: true }),
      sends(1, 1, 4),
      SETTLES,
      { does: 'confirms', browser: 1, person: 'kim', withSeq: false },
      SETTLES,
      { does: 'diskFails', atPut: 8 },
      { does: 'passes', ms: 1860000 },
      SETTLES,
      erases('kim'),
    ],
  },
  {
    what: 'a visitor that forgot somebody after a crash did not hear of the start',
    history: [
      says(2, 1, 'UserInfo', { person: 'kim' }),
      comes(2, 1, false),
      SETTLES,
      sends(2, 1, 1),
      comes(1, 1, false),
      SETTLES,
      says(1, 1, 'SignIn', { person: 'sam' }),
      sends(1, 1, 2),
      erases('kim'),
      SETTLES,
      { does: 'confirms', browser: 1, person: 'kim', withSeq: false },
      SETTLES,
      { does: 'crashes', awayMs: 0 },
    ],
  },
  {
    what: 'one who came back while they were erased, and was erased again, was found under the name still',
    history: [
      comes(2, 0),
      SETTLES,
      says(2, 0, 'SignIn', { person: 'pat' }),
      sends(2, 0, 4),
      SETTLES,
      erases('pat'),
      TURNS,
      GOES_ON,
      TURNS,
      GOES_ON,
      GOES_ON,
      { does: 'crashes', awayMs: 60000 },
      SETTLES,
      comes(1, 1),
      SETTLES,
      says(1, 1, 'SignIn', { person: 'pat' }),
      sends(1, 1, 4),
      SETTLES,
      erases('pat'),
      GOES_ON,
      TURNS,
      GOES_ON,
      TURNS,
      GOES_ON,
      TURNS,
      { does: 'crashes', awayMs: 3600000 },
      comes(2, 0),
      SETTLES,
    ],
  },
  {
    what: 'a token was bound to a device that was being erased',
    history: [
      says(1, 0, 'SignOut', { consent: true }),
      posts(1, 0),
      { does: 'isDeployed', awayMs: 60000 },
      { does: 'erasesDevice', browser: 1 },
      comes(1, 1, false),
    ],
  },
  {
    what: 'one who came back between two erasures of the name was forgotten by the first of them',
    history: [
      comes(1, 1, false),
      SETTLES,
      says(1, 1, 'UserInfo', { agoMs: 1_800_000, person: 'sam' }),
      sends(1, 1, 2),
      SETTLES,
      erases('sam'),
      TURNS,
      TURNS,
      GOES_ON,
      GOES_ON,
      { does: 'crashes', awayMs: 3_600_000 },
      comes(2, 1),
      SETTLES,
      says(2, 1, 'SignIn', { person: 'sam' }),
      sends(2, 1, 1),
      SETTLES,
      erases('sam'),
      SETTLES,
      { does: 'assumes', browser: 1, person: 'sam', confidence: 0.5, back: 5 },
    ],
  },
  {
    what: 'a device was erased by a commit that failed at its flush, and its sockets were not told',
    history: [
      comes(2, 1, false),
      SETTLES,
      says(2, 1, 'PageExited', { agoMs: 1, page: 'p3' }),
      sends(2, 1, 1),
      SETTLES,
      { does: 'flushFails' },
      { does: 'erasesDevice', browser: 2 },
      TURNS,
      TURNS,
      GOES_ON,
      GOES_ON,
    ],
  },
  {
    what: 'one of two of a name was forgotten as the other, and what had occurred before came between',
    history: [
      comes(2, 1, false),
      SETTLES,
      says(2, 1, 'SignIn', { person: 'sam', visitOf: 0 }),
      says(2, 1, 'SignIn', { agoMs: 20_000, person: 'pat' }),
      sends(2, 1, 4),
      says(2, 0, 'VisitStarted', { consent: true }),
      SETTLES,
      erases('pat'),
      TURNS,
      TURNS,
      GOES_ON,
      GOES_ON,
      { does: 'crashes', awayMs: 1_000 },
      comes(0, 1),
      SETTLES,
      says(0, 1, 'SignIn', { person: 'pat' }),
      sends(0, 1, 2),
      SETTLES,
      erases('pat'),
      comes(2, 0, false),
      SETTLES,
      sends(2, 0, 4),
      SETTLES,
    ],
  },
  {
    what: 'an erasure whose first commit failed at its flush is on disk all the same, and was not gone on with',
    history: [
      comes(0, 0),
      SETTLES,
      says(0, 0, 'SignIn', { person: 'kim' }),
      sends(0, 0, 2),
      SETTLES,
      erases('kim'),
      { does: 'flushFails' },
      SETTLES,
    ],
  },
]

function comes(browser: number, tab: number, names = true): Operation {
  return { does: 'connects', browser, tab, names, rightToken: true }
}

type Says = Extract<Operation, { readonly does: 'says' }>

function says(browser: number, tab: number, name: string, words: Partial<Says> = {}): Operation {
  const plain = { agoMs: 0, person: null, page: 'p1', consent: false, visitOf: null, namesVisit: false }
  return { does: 'says', browser, tab, name, ...plain, ...words }
}

function sends(browser: number, tab: number, count: number): Operation {
  return { does: 'sends', browser, tab, count }
}

function posts(browser: number, tab: number): Operation {
  return { does: 'posts', browser, tab, count: 3, final: false, answerIsLost: false }
}

function erases(person: string): Operation {
  return { does: 'erasesPerson', person }
}
