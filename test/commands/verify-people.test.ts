/** [Q1] `verify` finds what is wrong with links, contact rows, identities and changes. */
import { suite } from 'uvu'
import { KEYS } from '../../src/store/tables.ts'
import { bytes, type Case, draft, proveCases, removed, richFolder, there } from './damaged-folder.ts'

const damages = suite('verify: people')

const PEOPLE: readonly Case[] = [
  ['a link is gone', /link to identity 1 that entry 4/, removed('links', () => KEYS.link.of(1, 1, 1))],
  [
    'a link says something else',
    /link to identity 1: association: expected Recognized, found Authenticated/,
    draft((rows, store) => rows.putLink({ ...there(store.link(1, 1, 1)), association: 'Authenticated' })),
  ],
  [
    'a link goes on though nobody is there',
    /link to identity 1: goes on: expected false, found true/,
    draft((rows, store) => rows.putLink({ ...there(store.link(1, 1, 1)), ranges: [[4, 0]] })),
  ],
  [
    'a link misses an entry',
    /link to identity 1 cover entry 5/,
    draft((rows, store) => rows.putLink({ ...there(store.link(1, 1, 1)), ranges: [[6, 8]] })),
  ],
  [
    'an identity does not list its visit',
    /the identity lists it/,
    bytes(({ removeFirst }) => removeFirst('linksOf')),
  ],
  [
    'a contact row says something else',
    /contact row 1 of entry 4: how: expected SignIn, found agent/,
    draft((rows, store) => rows.putContact({ ...there(store.contacts({ limit: 1 })[0]), how: 'agent' })),
  ],
  [
    'a contact row is retracted by nobody',
    /contact row 1 of entry 4: retracted: expected 0, found 5/,
    draft((rows, store) => rows.putContact({ ...there(store.contacts({ limit: 1 })[0]), retractedAt: 5 })),
  ],
  [
    'a retracted contact row stands',
    /contact row 1 of entry 15: retracted/,
    draft((rows, store) =>
      rows.putContact({ ...there(store.contacts({ limit: 9 }).at(-1)), retractedAt: 0 }),
    ),
  ],
  [
    'a contact row is gone',
    /contact rows of entry 4: expected 1, found 0/,
    bytes(({ removeFirst }) => removeFirst('contacts')),
  ],
  [
    'a person does not list a contact row',
    /contact row 1 of entry 4: the identity lists it/,
    bytes(({ removeFirst }) => removeFirst('contactsOf')),
  ],
  [
    'a contact row nobody tells of',
    /contact rows: expected 3, found 4/,
    draft((rows, store) => rows.putContact({ ...there(store.contacts({ limit: 1 })[0]), n: 9 })),
  ],
  [
    'an identity is gone',
    /link to identity 1: the identity is there/,
    removed('identities', () => KEYS.identity.of(1)),
  ],
  [
    'an identity is not found by its id',
    /rows of identityNumbers/,
    bytes(({ removeFirst }) => removeFirst('identityNumbers')),
  ],
  [
    'a change is gone',
    /changes of entry \d+: expected \d, found \d/,
    removed('changes', () => KEYS.change.of(15, 1)),
  ],
  [
    'a change is of nobody',
    /rows of changes: expected \d+, found \d+/,
    draft((rows, store) =>
      rows.putChange({ ...there(store.changes({ limit: 1 })[0]), position: 30_000, number: 99 }),
    ),
  ],
  [
    'a change says another visitor',
    /change 1 of entry 4: visitor: expected 1, found 2/,
    draft((rows, store) => rows.putChange({ ...there(store.changes({ from: 4, limit: 1 })[0]), number: 2 })),
  ],
]

proveCases({ test: damages, make: richFolder }, PEOPLE)

damages.run()
