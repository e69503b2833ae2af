/** How far retention has come on this node, as a note: what is older may be gone, and nothing else is (Q12). */
import type { Store } from './contract.ts'

export interface Retained {
  /** Entries before this time are not kept; epoch ms, 0 = all are. */
  readonly at: number
  /** The same as a position. */
  readonly position: number
  /** Visitors who left at once and were nobody are not kept before this position. */
  readonly shortPosition: number
}

const NOTHING: Retained = { at: 0, position: 0, shortPosition: 0 }

export function readRetained(store: Pick<Store, 'note'>): Retained {
  // The boundary to a note: `saveRetained` alone writes it.
  return { ...NOTHING, ...(store.note('retention') as Partial<Retained> | undefined) }
}

/** Kept before anything goes: whoever proves the folder knows what may be missing. It never goes back. */
export async function saveRetained(store: Pick<Store, 'note' | 'saveNote'>, next: Retained): Promise<void> {
  const kept = readRetained(store)
  const furthest: Retained = {
    at: Math.max(kept.at, next.at),
    position: Math.max(kept.position, next.position),
    shortPosition: Math.max(kept.shortPosition, next.shortPosition),
  }
  if (furthest.at !== kept.at || furthest.shortPosition !== kept.shortPosition) {
    await store.saveNote('retention', furthest)
  }
}
