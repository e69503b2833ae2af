/** [Q1] `verify` finds what is wrong with visitors, their indexes, and rows of nobody. */
import { suite } from 'uvu'
import { idKey, seenKey } from '../../src/store/keys.ts'
import { nameKey } from '../../src/store/name-key.ts'
import { KEYS } from '../../src/store/tables.ts'
import { bytes, type Case, draft, proveCases, removed, richFolder, there } from './damaged-folder.ts'

const damages = suite('verify: visitors')

const VISITORS: readonly Case[] = [
  [
    'a snapshot says something else',
    /visitor 2: snapshot\.context\.visit\.idleAt: expected \d+, found 7/,
    draft((rows, store) => {
      const row = there(store.visitor(2))
      const snapshot = structuredClone(row.snapshot) as { context: { visit: { idleAt: number } } }
      snapshot.context.visit.idleAt = 7
      rows.putVisitor({ ...row, snapshot }, [], row.seq)
    }),
  ],
  [
    'a snapshot is none',
    /visitor 2: snapshot: .*found another text/,
    draft((rows, store) => {
      const row = there(store.visitor(2))
      rows.putVisitor({ ...row, snapshot: null }, [], row.seq)
    }),
  ],
  [
    'the state to replay from is none',
    /visitor 2: replay after entry 0: expected a state, found SnapshotDamaged/,
    draft((rows, store) => {
      const row = there(store.visitor(2))
      rows.putVisitor({ ...row, replayFrom: { ...row.replayFrom, snapshot: null } }, [], row.seq)
    }),
  ],
  [
    'the first entry was at another time',
    /the time of the first entry/,
    draft((rows, store) => {
      const row = there(store.visitor(1))
      rows.putVisitor({ ...row, firstAt: 5, position: 1, at: 9 }, [], row.seq)
    }),
  ],
  [
    'its last place is another',
    /position of the last entry: expected 1, found 20/,
    draft((rows, store) => {
      const row = there(store.visitor(1))
      rows.putVisitor({ ...row, position: 1 }, [], row.seq)
    }),
  ],
  ['its number is not found', /number of its globalVisitID/, removed('visitorNumbers', () => idKey('g1'))],
  [
    'it is armed too late',
    /armed not later than the next deadline/,
    draft((rows, store) => {
      const row = there(store.visitor(1))
      rows.putVisitor({ ...row, armedAt: row.armedAt + 86_400_000 }, [], row.seq)
    }),
  ],
  [
    'it is not armed',
    /visitor 1: armed not later/,
    draft((rows, store) => {
      const row = there(store.visitor(1))
      rows.putVisitor({ ...row, armedAt: 0 }, [], row.seq)
    }),
  ],
  [
    'the deadlines index misses it',
    /the deadlines index has it/,
    bytes(({ removeFirst }) => removeFirst('deadlines')),
  ],
  [
    'the deadlines index has one more',
    /rows of deadlines/,
    bytes(({ copyFirst }) => copyFirst('deadlines', KEYS.deadline.bound([1, 99], 0))),
  ],
  [
    'the index of the connected misses it',
    /the index of the connected/,
    bytes(({ removeFirst }) => removeFirst('connected')),
  ],
  [
    'the index of open visits misses it',
    /visits in the index of the open ones: expected 1, found 0/,
    bytes(({ removeFirst }) => removeFirst('openVisits')),
  ],
  [
    'it has no socket by its row',
    /visitor 2: connected: expected 0, found 1|visitor 2: connected: expected 1, found 0/,
    draft((rows, store) => {
      const row = there(store.visitor(2))
      rows.putVisitor({ ...row, connected: 0 }, [], row.seq)
    }),
  ],
]

const USER_AGENT = '3b241101-e2bb-5255-8caf-4136c566a962'

const NOBODY: readonly Case[] = [
  [
    'a row of nobody in stream',
    /rows of stream/,
    bytes(({ copyFirst }) => copyFirst('stream', KEYS.stream.bound([99, 1], 0))),
  ],
  [
    'a row of nobody in visits',
    /rows of visits/,
    bytes(({ copyFirst }) => copyFirst('visits', KEYS.visit.bound([99, 1], 0))),
  ],
  [
    'a row of nobody in sessions',
    /rows of sessions/,
    bytes(({ copyFirst }) => copyFirst('sessions', KEYS.session.bound([99, 1, 1], 0))),
  ],
  [
    'a row of nobody in pages',
    /rows of pages/,
    bytes(({ copyFirst }) => copyFirst('pages', KEYS.page.bound([1, 99, 1], 0))),
  ],
  [
    'a row of nobody in links',
    /rows of links/,
    bytes(({ copyFirst }) => copyFirst('links', KEYS.link.bound([99, 1, 1], 0))),
  ],
  [
    'a row of nobody in linksOf',
    /rows of linksOf/,
    bytes(({ copyFirst }) => copyFirst('linksOf', KEYS.linkOf.bound([9, 9, 9, 9], 0))),
  ],
  [
    'a row of nobody in seen',
    /eventIDs remembered/,
    bytes(({ copyFirst }) => copyFirst('seen', Uint8Array.from(seenKey(99, 'x')))),
  ],
  [
    'a row of nobody in names',
    /rows of names/,
    bytes(({ copyFirst }) => copyFirst('names', nameKey('visit', 'nobody'))),
  ],
  [
    'a row of nobody in contactsOf',
    /rows of contactsOf/,
    bytes(({ copyFirst }) => copyFirst('contactsOf', KEYS.contactOf.bound([1, 99, 1, 1], 0))),
  ],
  [
    'a row of nobody in connected',
    /rows of connected/,
    bytes(({ copyFirst }) => copyFirst('connected', KEYS.visitor.bound([99], 0))),
  ],
  [
    'a row of nobody in openVisits',
    /rows of openVisits/,
    bytes(({ copyFirst }) => copyFirst('openVisits', KEYS.visit.bound([99, 1], 0))),
  ],
  [
    'a User-Agent that no visit came with',
    /rows of userAgents: expected 0, found 1/,
    draft((rows) => rows.putUserAgent(USER_AGENT, 'Browser/1')),
  ],
  [
    'a visit of nobody in userAgentUses',
    /rows of userAgentUses: expected 0, found 1/,
    bytes(({ tables }) => {
      tables.userAgentUses.putSync(
        Buffer.concat([idKey(USER_AGENT), KEYS.visit.bound([99, 1], 0)]),
        Buffer.alloc(0),
      )
    }),
  ],
  [
    'a row of nobody in visitorNumbers',
    /rows of visitorNumbers/,
    bytes(({ copyFirst }) => copyFirst('visitorNumbers', idKey('nobody'))),
  ],
  [
    'a row of nobody in identityNumbers',
    /rows of identityNumbers/,
    bytes(({ copyFirst }) => copyFirst('identityNumbers', Buffer.alloc(16))),
  ],
]

proveCases({ test: damages, make: richFolder }, [...VISITORS, ...NOBODY])

damages.run()
