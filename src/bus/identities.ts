/** People's ids in changes: which ones a change names, and how they leave where `publishIdentity` is `hash`. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import type { ChangeRow } from '../store/rows.ts'

type Data = ChangeRow['data']

/** The note that holds the key of the hashes: made once, so that a person's hash stays the same. */
export const IDENTITY_KEY_NOTE = 'bus.identityKey'

/** The ids of the people that a change names, each once. */
export function identitiesIn({ data }: Pick<ChangeRow, 'data'>): readonly string[] {
  const previous = isObject(data.previous) ? data.previous.identityId : null
  const ids = [data.identityId, previous].filter((id) => typeof id === 'string')
  return [...new Set(ids)]
}

/** How the data of a change leave. For `hash` it takes the key from the store, or makes it. */
export async function readIdentityView(
  store: Pick<Store, 'note' | 'saveNote'>,
  { publishIdentity }: Pick<Config, 'publishIdentity'>,
): Promise<(change: ChangeRow) => Data> {
  if (publishIdentity === 'full') return ({ data }) => data
  const key = await readKey(store)
  return (change) => hashed(change, key)
}

async function readKey(store: Pick<Store, 'note' | 'saveNote'>): Promise<string> {
  const noted = store.note(IDENTITY_KEY_NOTE)
  if (typeof noted === 'string') return noted
  const made = randomBytes(32).toString('base64url')
  await store.saveNote(IDENTITY_KEY_NOTE, made)
  return made
}

/** SignIn, SignOut and UserInfo carry the person's own words: their data do not leave at all. */
const ABOUT_PEOPLE = new Set(['SignIn', 'SignOut', 'UserInfo'])

function hashed({ kind, name, data }: ChangeRow, key: string): Data {
  const withoutWords = kind === 'event' && ABOUT_PEOPLE.has(name) ? { ...data, data: {} } : data
  const { previous } = data
  return {
    ...withoutWords,
    ...('identityId' in data ? { identityId: hashOf(data.identityId, key) } : {}),
    ...(isObject(previous)
      ? { previous: { ...previous, identityId: hashOf(previous.identityId, key) } }
      : {}),
  }
}

/** HMAC-SHA-256, base64url; nobody stays nobody. */
function hashOf(identityId: unknown, key: string): string | null {
  if (typeof identityId !== 'string') return null
  return createHmac('sha256', key).update(identityId).digest('base64url')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
