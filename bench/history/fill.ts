/** Fills a store with many visitors, stamped from one story: as a server writes them, without its machines. */
import { randomUUID } from 'node:crypto'
import type { Draft, Store } from '../../src/store/contract.ts'
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'
import { uuidV5 } from '../../src/visitors/ids.ts'
import type { Story } from './story.ts'

export interface FillPlan {
  readonly story: Story
  /** Visitors `from` up to `to` of their kind, `to` excluded. */
  readonly kind: string
  readonly from: number
  readonly to: number
  /** Called after each commit, with the visitors filled so far. */
  readonly progress: (filled: number) => void
}

/** Entries that a visitor has in one commit: what a browser says in a moment, as the chunks on disk show it. */
const SLICE = 10
const ENTRIES_PER_COMMIT = 5_000

/** The ids of the one stamped; they tell nothing of the order, as real ones do not. */
export function idOf(kind: string, what: 'visitor' | 'visit' | 'person', index: number): string {
  return uuidV5(`${kind} ${what} ${index}`)
}

/**
 * Visitors are written side by side, a slice of each in every commit. What a machine concluded is copied as it is:
 * such a folder is for reading, and `verify` has its say about it.
 */
export async function fill(store: Store, { story, kind, from, to, progress }: FillPlan): Promise<void> {
  const slice = Math.min(SLICE, story.entries.length)
  const group = Math.ceil(ENTRIES_PER_COMMIT / slice)
  for (let first = from; first < to; first += group) {
    const indexes = Array.from({ length: Math.min(group, to - first) }, (_, index) => first + index)
    const copies = indexes.map((index) => newCopy(story, kind, index))
    let position = store.lastPosition()
    for (let start = 0; start < story.entries.length; start += slice) {
      const draft = store.createDraft()
      for (const copy of copies) position = putSlice(draft, copy, { start, end: start + slice, position })
      await store.commit(draft, { at: Math.max(story.visitor.at, store.lastAt()) })
    }
    progress(first + indexes.length - from)
  }
}

/** One visitor that is being stamped. */
interface Copy {
  readonly story: Story
  readonly globalVisitID: string
  readonly visitId: string
  readonly identityId: string
  /** The person's number, once the first slice was put; 0 = nobody. */
  identity: number
  /** Where each of the story's positions is here. */
  readonly positions: Map<number, number>
  readonly eventIDs: Map<number, string>
}

function newCopy(story: Story, kind: string, index: number): Copy {
  return {
    story,
    globalVisitID: idOf(kind, 'visitor', index),
    visitId: idOf(kind, 'visit', index),
    identityId: idOf(kind, 'person', index),
    identity: 0,
    positions: new Map(),
    eventIDs: new Map(),
  }
}

interface Slice {
  readonly start: number
  readonly end: number
  /** The node's last so far. */
  readonly position: number
}

/** Returns the node's last position. */
function putSlice(draft: Draft, copy: Copy, { start, end, position }: Slice): number {
  const { story, globalVisitID, positions } = copy
  const number = draft.numberVisitor(globalVisitID)
  if (start === 0 && story.identity !== null) copy.identity = draft.numberIdentity(copy.identityId)
  let last = position
  const entries = story.entries.slice(start, end).map((entry): StoredEntry => {
    last += 1
    positions.set(entry.position, last)
    return stamped(copy, { ...entry, position: last, identity: entry.identity === 0 ? 0 : copy.identity })
  })
  const [seq, at] = [entries.at(-1)?.seq ?? 0, entries.at(-1)?.at ?? 0]
  const row = { ...story.visitor, number, globalVisitID, seq, position: last, at }
  draft.putVisitor(row, entries, start === 0 ? 0 : (story.entries[start - 1]?.seq ?? 0))
  if (start === 0) putPerson(draft, copy)
  if (end >= story.entries.length) putPlaces(draft, copy, number)
  return last
}

function stamped({ visitId, eventIDs }: Copy, entry: StoredEntry): StoredEntry {
  if (!isStoredEvent(entry)) return entry
  const eventID = randomUUID()
  eventIDs.set(entry.position, eventID)
  return { ...entry, words: { ...entry.words, eventID, visitID: visitId } }
}

/** The visit and all that is in it, when its last entry is put: each row stands at the position of its entry. */
function putPlaces(draft: Draft, copy: Copy, number: number): void {
  const { story, globalVisitID, visitId, identity, positions } = copy
  const at = (position: number) => positions.get(position) ?? 0
  const madeAt = (position: number, kind: 'session' | 'page') =>
    uuidV5(`${globalVisitID} ${position} ${kind}`)
  const who = (of: number) => (of === 0 ? 0 : identity)
  const { visit } = story
  const name = { number, visit: visit.ordinal }
  draft.putVisit({
    ...{ ...visit, number, visitId, position: at(visit.position) },
    ...{ authenticated: who(visit.authenticated), recognized: who(visit.recognized) },
  })
  draft.putName({ kind: 'visit', name: visitId, ...name, ordinal: 0 })
  for (const row of story.sessions) {
    const sessionId = madeAt(row.position, 'session')
    draft.putSession({ ...row, number, sessionId, identity: who(row.identity), position: at(row.position) })
    draft.putName({ kind: 'session', name: sessionId, ...name, ordinal: row.ordinal })
  }
  for (const row of story.pages) {
    const pageId = madeAt(row.position, 'page')
    draft.putPage({ ...row, number, pageId, identity: who(row.identity), position: at(row.position) })
    draft.putName({ kind: 'page', name: pageId, ...name, ordinal: row.ordinal })
  }
  for (const row of story.links) draft.putLink({ ...row, number, identity, position: at(row.position) })
  for (const row of story.contacts) draft.putContact({ ...row, number, identity, position: at(row.position) })
}

/** In the first slice, in which whoever signs in does so: a number that no row holds is given away again. */
function putPerson(draft: Draft, { story, identity, identityId, positions }: Copy): void {
  if (story.identity === null) return
  const position = positions.get(story.identity.position)
  if (position === undefined) throw new Error('the story signs in after the first slice')
  draft.putIdentity({ ...story.identity, identity, identityId, position })
}
