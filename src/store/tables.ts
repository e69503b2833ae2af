// The tables of the folder, each a named LMDB database, and the shapes of their keys. docs/store.md describes them.
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { keyShape, WIDTH } from './keys.ts'

/** Values go in as bytes and come out as buffers. */
export type Table = Database<Uint8Array, Uint8Array>

/** Every table; the order has no meaning. Adding one is no change of layout, changing what a key or row says is. */
export const TABLE_NAMES = [
  'visitorNumbers',
  'visitors',
  'stream',
  'bases',
  'seen',
  'seenRuns',
  'names',
  'visits',
  'sessions',
  'pages',
  'identityNumbers',
  'identities',
  'links',
  'linksOf',
  'contacts',
  'contactsOf',
  'deadlines',
  'connected',
  'openVisits',
  'changes',
  'commits',
  'userAgents',
  'userAgentUses',
  'addresses',
  'scores',
  'tokens',
  'freshTokens',
  'relay',
  'sent',
  'dead',
  'erased',
  'erasedSpans',
  'erasures',
  'mentions',
  'fading',
  'notes',
  'meta',
] as const

export type TableName = (typeof TABLE_NAMES)[number]
export type Tables = { readonly [Name in TableName]: Table } & {
  readonly env: RootDatabase<Uint8Array, Uint8Array>
}

/** Keys of numbers. The other tables are keyed by `idKey`, `hash16`, `seenKey`, `addressKey` or `scoreKey`. */
export const KEYS = {
  visitor: keyShape(WIDTH.number),
  stream: keyShape(WIDTH.number, WIDTH.seq),
  base: keyShape(WIDTH.number, WIDTH.seq),
  seenRun: keyShape(WIDTH.number, WIDTH.order),
  visit: keyShape(WIDTH.number, WIDTH.ordinal),
  session: keyShape(WIDTH.number, WIDTH.ordinal, WIDTH.ordinal),
  page: keyShape(WIDTH.number, WIDTH.ordinal, WIDTH.ordinal),
  identity: keyShape(WIDTH.identity),
  link: keyShape(WIDTH.number, WIDTH.ordinal, WIDTH.identity),
  linkOf: keyShape(WIDTH.identity, WIDTH.position, WIDTH.number, WIDTH.ordinal),
  contact: keyShape(WIDTH.position, WIDTH.n),
  contactOf: keyShape(WIDTH.kind, WIDTH.number, WIDTH.position, WIDTH.n),
  deadline: keyShape(WIDTH.at, WIDTH.number),
  change: keyShape(WIDTH.position, WIDTH.n),
  sent: keyShape(WIDTH.at, WIDTH.position),
  commit: keyShape(WIDTH.position),
  fading: keyShape(WIDTH.at, WIDTH.kind, WIDTH.number),
} as const

/** Whose contacts: the first part of a `contactsOf` key. */
export const OF_IDENTITY = 0
export const OF_VISITOR = 1

/** What an index row holds: all it says is in its key. */
export const NOTHING = Buffer.alloc(0)

/** Opens (and makes, where there are none) the tables in a folder. */
export function openTables(path: string): Tables {
  refuseForeignFile(join(path, 'data.mdb'))
  const env = open<Uint8Array, Uint8Array>({
    path,
    // A folder whose name has a dot in it would be taken for a file.
    noSubdir: false,
    maxDbs: TABLE_NAMES.length + 8,
    encoding: 'binary',
    keyEncoding: 'binary',
  })
  const named = TABLE_NAMES.map((name): [TableName, Table] => [
    name,
    env.openDB<Uint8Array, Uint8Array>({ name, encoding: 'binary', keyEncoding: 'binary' }),
  ])
  // The boundary where the list of names becomes the fields of an object.
  return { env, ...(Object.fromEntries(named) as { readonly [Name in TableName]: Table }) }
}

/** Where LMDB's data file says that it is one. */
const MAGIC_AT = 24
const MAGIC = 0xbeefc0de

/** lmdb 3.5.6 ends the whole process where a data file is none of its own: it is looked at before. */
function refuseForeignFile(file: string): void {
  if (!existsSync(file)) return
  const head = Buffer.alloc(MAGIC_AT + 4)
  const descriptor = openSync(file, 'r')
  try {
    const length = readSync(descriptor, head)
    if (length > 0 && head.readUInt32LE(MAGIC_AT) !== MAGIC) throw new Error(`${file} is not a file of LMDB`)
  } finally {
    closeSync(descriptor)
  }
}
