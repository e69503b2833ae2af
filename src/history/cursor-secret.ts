/** The secret that cursors are authenticated with: made once, kept by the store, good over a restart (H3). */
import { randomBytes } from 'node:crypto'
import type { Store } from '../store/contract.ts'

const NOTE = 'history.cursorSecret'
const SECRET = /^[0-9a-f]{64}$/

/** Reads the secret, or makes it. Rejects where a new one cannot be kept. */
export async function openCursorSecret(store: Pick<Store, 'note' | 'saveNote'>): Promise<Uint8Array> {
  const kept = store.note(NOTE)
  if (typeof kept === 'string' && SECRET.test(kept)) return Buffer.from(kept, 'hex')
  const made = randomBytes(32)
  await store.saveNote(NOTE, made.toString('hex'))
  return made
}
