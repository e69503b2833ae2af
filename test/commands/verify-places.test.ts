/** [Q1] `verify` finds what is wrong with visits, sessions, pages and their names. */
import { suite } from 'uvu'
import { nameKey } from '../../src/store/name-key.ts'
import { KEYS } from '../../src/store/tables.ts'
import { MORNING } from '../visitors/a-room.ts'
import { type Case, draft, proveCases, removed, richFolder, there } from './damaged-folder.ts'

const damages = suite('verify: places')

const PLACES: readonly Case[] = [
  ['a visit is gone', /visit 1 that entry 1 belongs to/, removed('visits', () => KEYS.visit.of(1, 1))],
  [
    'a visit ended at another time',
    /visit 1\.endDate: expected \d+, found \d+/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 1)), endDate: MORNING + 5 })),
  ],
  [
    'a visit ended for another reason',
    /visit 1\.reason/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 1)), reason: 'expired' })),
  ],
  [
    'a visit that ended is open',
    /visit 1: open: expected false, found true/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 1)), endDate: 0, ranges: [[1, 0]] })),
  ],
  [
    'the open visit has ended',
    /visit 3: open: expected true, found false/,
    draft((rows, store) =>
      rows.putVisit({ ...there(store.visit(1, 3)), endDate: MORNING * 2, ranges: [[11, 16]] }),
    ),
  ],
  [
    "a visit's ranges miss an entry",
    /the ranges of visit 1 cover entry 9/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 1)), ranges: [[1, 8]] })),
  ],
  [
    "a visit's ranges go on though it ended",
    /visit 1: its ranges go on: expected false, found true/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 1)), ranges: [[1, 0]] })),
  ],
  [
    'a visit saw somebody else',
    /visit 1\.authenticated: expected 2, found 3/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(2, 1)), authenticated: 3 })),
  ],
  [
    'a late visit ends at another time',
    /visit 2\.endDate/,
    draft((rows, store) => rows.putVisit({ ...there(store.visit(1, 2)), endDate: MORNING })),
  ],
  [
    'a visit came with a User-Agent whose text is gone',
    /visit 1: the text of its User-Agent/,
    draft((rows, store) =>
      rows.putVisit({ ...there(store.visit(1, 1)), userAgentId: '3b241101-e2bb-5255-8caf-4136c566a962' }),
    ),
  ],
  [
    'a session is gone',
    /visit 1, session 1 that entry 4/,
    removed('sessions', () => KEYS.session.of(1, 1, 1)),
  ],
  [
    'a session is open in a visit that has ended',
    /visit 1 has ended; open sessions: expected 0, found 1/,
    draft((rows, store) =>
      rows.putSession({ ...there(store.session(1, 1, 1)), endDate: 0, ranges: [[4, 0]] }),
    ),
  ],
  [
    'two sessions of a visit are open',
    /visit 1 has at most one open session/,
    draft((rows, store) => {
      const session = there(store.session(2, 1, 1))
      rows.putSession({ ...session, ordinal: 2 })
    }),
  ],
  [
    "a session is another customer's",
    /session 1\.identity: expected 1, found 2/,
    draft((rows, store) => rows.putSession({ ...there(store.session(1, 1, 1)), identity: 2 })),
  ],
  ['a page is gone', /visit 1, page 1 that entry 3/, removed('pages', () => KEYS.page.of(1, 1, 1))],
  [
    'a page has another address',
    /page 1\.url: expected another text, found another text/,
    draft((rows, store) =>
      rows.putPage({ ...there(store.page(1, 1, 1)), url: 'https://elsewhere.example/' }),
    ),
  ],
  [
    'a page begins before its visit',
    /visit 1, page 1: begins not before its visit/,
    draft((rows, store) => rows.putPage({ ...there(store.page(1, 1, 1)), startDate: 5 })),
  ],
  [
    'a page ends before it began',
    /visit 1, page 1: ends not before it began/,
    draft((rows, store) => rows.putPage({ ...there(store.page(1, 1, 1)), endDate: 5 })),
  ],
  [
    'an open page is closed',
    /visit 1, page 1: open: expected true, found false/,
    draft((rows, store) =>
      rows.putPage({ ...there(store.page(2, 1, 1)), endDate: MORNING * 2, ranges: [[3, 7]] }),
    ),
  ],
  [
    'a visit is not found by its name',
    /name of visit 1: expected a row/,
    removed('names', () => nameKey('visit', 'v1')),
  ],
  ['an alias is not found', /visit of an alias/, removed('names', () => nameKey('visit', 'alias'))],
  [
    'a name leads to somebody else',
    /the visitID of entry 1 belongs to this visitor/,
    draft((rows) => rows.putName({ kind: 'visit', name: 'v1', number: 2, visit: 1, ordinal: 0 })),
  ],
  [
    "a session's name leads elsewhere",
    /name of session 1: ordinal: expected 1, found 5/,
    draft((rows, store) => {
      const { sessionId } = there(store.session(1, 1, 1))
      rows.putName({ kind: 'session', name: sessionId, number: 1, visit: 1, ordinal: 5 })
    }),
  ],
]

proveCases({ test: damages, make: richFolder }, PLACES)

damages.run()
