/** [Q1] `verify` finds what is wrong with streams, commits and kept states: a check that cannot fail is a defect. */
import { suite } from 'uvu'
import { createWriter } from '../../src/store/bytes.ts'
import { seenKey } from '../../src/store/keys.ts'
import { encodeCommit } from '../../src/store/node-rows.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { KEYS } from '../../src/store/tables.ts'
import { MORNING } from '../visitors/a-room.ts'
import {
  bytes,
  type Case,
  type Damage,
  draft,
  longFolder,
  proveCases,
  removed,
  richFolder,
  there,
} from './damaged-folder.ts'

/** The position of the last commit of the rich folder. */
const LAST = 22

const chunk = (number: number, seq: number, change: (entry: StoredEntry) => StoredEntry): Damage =>
  bytes(({ changeChunk }) => changeChunk(number, seq, (entries) => entries.map(change)))

const damages = suite('verify: streams')

const STREAM: readonly Case[] = [
  [
    'a chunk is cut off',
    /visitor 1: a row that is read: expected a row, found bytes that are none/,
    bytes(({ tables }) => {
      const key = KEYS.stream.bound([1, 5], 0)
      tables.stream.putSync(key, there(tables.stream.getBinary(key)).subarray(0, 9))
    }),
  ],
  [
    'a visitor is cut off',
    /folder: a row that is read: expected a row, found bytes that are none/,
    bytes(({ tables }) => {
      const key = KEYS.visitor.bound([1], 0)
      tables.visitors.putSync(key, there(tables.visitors.getBinary(key)).subarray(0, 30))
    }),
  ],
  [
    'a chunk is gone',
    /seq of the entry after 4: expected 5, found 8/,
    removed('stream', () => KEYS.stream.of(1, 5)),
  ],
  [
    'the last chunk is gone',
    /visitor 1: seq of the last entry: expected 16, found 15/,
    removed('stream', () => KEYS.stream.of(1, 16)),
  ],
  [
    'a position goes back',
    /the position of entry 5 is above the one before/,
    chunk(1, 5, (entry) => ({ ...entry, position: entry.position - 3 })),
  ],
  [
    'positions are not those of the commit',
    /commit 5, stretch of visitor 1 from 5: their positions/,
    chunk(1, 5, (entry) => ({ ...entry, position: entry.position + 1 })),
  ],
  [
    'time goes back',
    /the time of entry 11 is not before/,
    chunk(1, 11, (entry) => ({ ...entry, at: MORNING - 1 })),
  ],
  ['an eventID is forgotten', /seq that the eventID of entry 4/, removed('seen', () => seenKey(1, 'in'))],
  [
    'an eventID is remembered with another seq',
    /seq that the eventID of entry 4 is remembered with: expected 4, found 9/,
    bytes(({ tables }) => void tables.seen.putSync(seenKey(1, 'in'), Buffer.of(9))),
  ],
  [
    'an eventID is later than the latest',
    /the eventID of entry 4 is not later than the latest/,
    chunk(1, 1, (entry) =>
      entry.seq === 4 && isStoredEvent(entry)
        ? { ...entry, words: { ...entry.words, eventID: '019f0000-0000-7000-8000-000000000000' } }
        : entry,
    ),
  ],
  [
    'what followed is not what is kept',
    /outcome of entry 6/,
    chunk(1, 5, (entry) => ({ ...entry, outcome: null })),
  ],
  [
    'an entry is replayed otherwise',
    /snapshot\.context/,
    chunk(2, 5, (entry) => ({ ...entry, occurredAt: MORNING, at: entry.at + 1 })),
  ],
  [
    'an entry says that it faulted',
    /outcome of entry 4\.\d+.*|outcome of entry 4/,
    chunk(1, 1, (entry) => (entry.seq === 4 ? { ...entry, faulted: true } : entry)),
  ],
  [
    'an entry cannot be replayed',
    /replay after entry 3: expected a state, found Error/,
    chunk(2, 2, (entry) => (entry.seq === 4 ? { ...entry, given: null } : entry)),
  ],
  [
    'an entry is of a page that is not there',
    /visit 1, page 9 that entry 5 belongs to: expected a row, found no row/,
    chunk(1, 5, (entry) => ({ ...entry, page: 9 })),
  ],
  [
    'a stretch says wrongly what is in it',
    /stretch of visitor 1 from 5: contents: expected 15, found 1/,
    bytes(({ tables }) => {
      const stretches = [{ number: 1, firstSeq: 5, count: 3, contents: 1 }]
      const row = encodeCommit(createWriter(), { position: 5, at: MORNING, stretches })
      tables.commits.putSync(KEYS.commit.of(5), row)
    }),
  ],
  [
    'a commit is gone',
    /position of the commit after 4: expected 5, found 8/,
    removed('commits', () => KEYS.commit.of(5)),
  ],
  [
    'the last commit is gone',
    /position of the last commit|entries in commits/,
    removed('commits', () => KEYS.commit.of(LAST)),
  ],
]

const BASES: readonly Case[] = [
  [
    'a kept state is gone',
    /kept state after entry 1000: expected a row, found no row/,
    removed('bases', () => KEYS.base.of(1, 1_000)),
  ],
  [
    'a kept state says something else',
    /kept state after entry 1000\.context\.visit\.lastActivityAt/,
    draft((rows, store) => {
      const base = there(store.baseAtOrBefore(1, 1_000))
      const snapshot = structuredClone(base.snapshot) as { context: { visit: { lastActivityAt: number } } }
      snapshot.context.visit.lastActivityAt += 1
      rows.putBase({ ...base, snapshot })
    }),
  ],
  [
    'a row of nobody in bases',
    /rows of bases/,
    bytes(({ copyFirst }) => copyFirst('bases', KEYS.base.bound([99, 1_000], 0))),
  ],
]

proveCases({ test: damages, make: richFolder }, STREAM)

const long = suite('verify: kept states')
proveCases({ test: long, make: longFolder }, BASES)
long.run()

damages.run()
