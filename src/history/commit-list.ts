/** The whole node's entries of some kinds, by position: commits say which stretches hold any. */
import { z } from '@hono/zod-openapi'
import type { Store } from '../store/contract.ts'
import type { CommitRow, CommitStretch } from '../store/rows.ts'
import type { Listing, Seen, Stretch, Window } from './listing.ts'
import { findFirst } from './search.ts'
import type { PlacedEntry } from './streams.ts'

/** `CommitStretch.contents`: what is in a stretch. */
/** Anything that a browser said. */
export const HOLDS_EVENTS = 0b0011
export const HOLDS_SYSTEM = 0b0010
export const HOLDS_IDENTIFICATION = 0b0100

const COMMITS_AT_ONCE = 64
const positionSchema = z.number().int().min(0)

/** The entries of the stretches that hold any of `contents`, in the window; its places are positions. */
export function commitListing(store: Store, contents: number, window: Window): Listing<PlacedEntry, number> {
  let owed = 0
  return {
    placeSchema: positionSchema,
    read: (place, limit) => {
      const begin = place === null ? windowEdge(store, window) : { position: next(place, window), looked: 0 }
      owed += begin.looked
      const stretch = readFrom(store, { contents, window, from: begin.position, limit })
      const looked = stretch.looked + owed
      owed = 0
      return { ...stretch, place: stretch.place ?? place, looked }
    },
  }
}

function next(place: number, { reverse }: Window): number {
  return reverse ? place - 1 : place + 1
}

/** Nothing before this position was said since then; found by halving. */
export function positionSince(store: Store, since: number) {
  return windowEdge(store, { reverse: false, since, until: Number.MAX_SAFE_INTEGER })
}

/** The position that a list begins at. A commit's `at` is never below that of an entry in it. */
function windowEdge(store: Store, { reverse, since, until }: Window) {
  const last = store.lastPosition()
  if (reverse ? until >= store.lastAt() : since <= 0) return { position: reverse ? last : 0, looked: 0 }
  const { key, looked } = findFirst<CommitRow>({
    low: 1,
    high: last,
    firstFrom: (position) => {
      // The commit that holds the position, or the next one.
      const [row] = store.commits({ from: position, limit: 1 })
      return row === undefined ? null : { key: Math.max(position, row.position), row }
    },
    holds: ({ at }) => (reverse ? at > until : at >= since),
  })
  if (!reverse) return { position: key, looked }
  const [commit] = store.commits({ from: key, limit: 1 })
  return { position: commit === undefined ? last : endOf(commit), looked: looked + 1 }
}

interface Leg {
  readonly contents: number
  readonly window: Window
  readonly from: number
  readonly limit: number
}

function readFrom(store: Store, { contents, window, from, limit }: Leg): Stretch<PlacedEntry, number> {
  const { reverse } = window
  const seen: Seen<PlacedEntry, number>[] = []
  let place: number | null = null
  let looked = 0
  for (const commit of commitsFrom(store, from, reverse)) {
    looked += 1 + Math.floor(commit.stretches.length / STRETCHES_A_ROW)
    if (reverse ? commit.at < window.since : commit.at > window.until && beginsAfter(store, commit, window)) {
      return { seen: inWindow(seen, window), place, looked, done: true }
    }
    for (const part of partsOf(commit, contents, reverse)) {
      const span = spanOf(part, from, reverse)
      if (span === null) continue
      const entries = store.entries(part.number, { ...span, limit: limit - seen.length })
      for (const entry of entries) {
        place = entry.position
        seen.push({ row: { number: part.number, entry }, place })
      }
      looked += entries.length
      if (seen.length >= limit) return { seen: inWindow(seen, window), place, looked, done: false }
    }
    place = reverse ? commit.position : endOf(commit)
    if (looked >= limit) return { seen: inWindow(seen, window), place, looked, done: false }
  }
  return { seen: inWindow(seen, window), place, looked, done: true }
}

/** So many stretches of a commit that need no reading cost about as much as a row. */
const STRETCHES_A_ROW = 16

/** The commits from the one that holds position `from` on, a few read at a time. */
function* commitsFrom(store: Store, from: number, reverse: boolean): Generator<CommitRow> {
  let at = from
  for (;;) {
    const commits = store.commits({ from: at, reverse, limit: COMMITS_AT_ONCE })
    yield* commits
    const last = commits.at(-1)
    if (last === undefined || commits.length < COMMITS_AT_ONCE) return
    at = last.position + (reverse ? -1 : 1)
  }
}

interface Part extends CommitStretch {
  /** The positions of its first and last entry. */
  readonly first: number
  readonly last: number
}

/** The stretches that hold what is wanted; positions run through a commit's stretches from its own. */
function partsOf(commit: CommitRow, contents: number, reverse: boolean): readonly Part[] {
  let position = commit.position
  const parts = commit.stretches.map((stretch) => {
    const first = position
    position += stretch.count
    return { ...stretch, first, last: position - 1 }
  })
  const wanted = parts.filter((part) => (part.contents & contents) !== 0)
  return reverse ? wanted.reverse() : wanted
}

/** The entries of a part from a position on, as a span of seqs; null where it lies before that. */
function spanOf({ first, last, firstSeq, count }: Part, from: number, reverse: boolean) {
  if (reverse ? first > from : last < from) return null
  const lastSeq = firstSeq + count - 1
  if (reverse) return { from: lastSeq - Math.max(0, last - from), to: firstSeq, reverse }
  return { from: firstSeq + Math.max(0, from - first), to: lastSeq }
}

function endOf({ position, stretches }: CommitRow): number {
  return position + stretches.reduce((sum, { count }) => sum + count, 0) - 1
}

function beginsAfter(store: Store, { stretches }: CommitRow, { until }: Window): boolean {
  const [stretch] = stretches
  if (stretch === undefined) return true
  const [entry] = store.entries(stretch.number, { from: stretch.firstSeq, limit: 1 })
  return entry === undefined || entry.at > until
}

function inWindow(seen: readonly Seen<PlacedEntry, number>[], { since, until }: Window) {
  return seen.filter(({ row }) => row.entry.at >= since && row.entry.at <= until)
}
