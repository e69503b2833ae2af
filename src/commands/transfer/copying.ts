/** A whole store copied from folder to folder, whole or not at all, and proven afterwards. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openGuest } from '../../store/guest.ts'
import { holdsStore } from '../../store/transfer.ts'
import { Refused } from './command.ts'

/**
 * Copies what is committed at this moment; a server may have `from` open. `to` must hold no store yet. On disk when it
 * resolves; where it fails, `to` holds no store.
 */
export async function copyStore(from: string, to: string): Promise<void> {
  if (holdsStore(to))
    throw new Refused(`${to} holds a store already: name another folder, or move that one away`)
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const draft = join(to, 'copying')
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  const guest = openGuest(from)
  try {
    await guest.copyTo(draft)
    const file = join(draft, 'data.mdb')
    chmodSync(file, 0o600)
    flush(file)
    renameSync(file, join(to, 'data.mdb'))
    flush(to)
  } finally {
    await guest.close()
    rmSync(draft, { recursive: true, force: true })
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
