/** E1: what a visitor said before. */
import type { Draft } from '../store/contract.ts'
import { isStoredEvent, type StoredEntry } from '../store/rows.ts'
import type { Awake } from './awake.ts'

/** Finds the seq of the entry that holds an eventID, or 0: among `entries`, which grow, in the draft, on disk. */
export function createBefore(
  { awake, draft }: { readonly awake: Awake; readonly draft: Draft },
  entries: readonly StoredEntry[],
): (eventID: string) => number {
  const seqs = new Map<string, number>()
  let gathered = 0
  return (eventID) => {
    for (const entry of entries.slice(gathered)) {
      if (isStoredEvent(entry)) seqs.set(entry.words.eventID, entry.seq)
    }
    gathered = entries.length
    return seqs.get(eventID) ?? draft.seenSeq(awake.number, eventID)
  }
}
