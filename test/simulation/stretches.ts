/** Which entries are a person's own, in plain words (Q12): theirs, and the anonymous ones that led to them in the same visit. */
import { isStoredEvent, type StoredEntry } from '../../src/store/rows.ts'

/** A stretch of one visit by when it occurred, epoch ms: what occurred between the two is erased with it. */
export interface Stretch {
  readonly visit: number
  readonly from: number
  readonly to: number
}

export interface Own {
  /** Seqs of entries that must be emptied. */
  readonly entries: ReadonlySet<number>
  readonly stretches: readonly OwnStretch[]
}

/** `ownFrom`: when the first of it occurred that is theirs alone. */
export interface OwnStretch extends Stretch {
  readonly ownFrom: number
}

interface Open {
  /** When somebody else was forgotten: nobody was there from then on. */
  since: number
  anonymous: StoredEntry[]
  own: StoredEntry[]
}

/** `told`: when the visitor forgot them, epoch ms; a stretch that goes on still ends there. */
export function ownOf(
  stream: readonly StoredEntry[],
  { identity, told }: { readonly identity: number; readonly told: number },
): Own {
  const open = new Map<number, Open>()
  const entries = new Set<number>()
  const stretches: OwnStretch[] = []

  const ends = (visit: number, to: number): void => {
    const { own = [], since = to } = open.get(visit) ?? {}
    open.delete(visit)
    if (own.length === 0) return
    for (const { seq } of own) entries.add(seq)
    const ownFrom = Math.min(...own.filter((entry) => entry.identity === identity).map(occurred))
    stretches.push({ visit, from: Math.min(since, ...own.map(occurred)), ownFrom, to })
  }

  for (const entry of stream) {
    const { visit } = entry
    if (visit === 0 || isLate(entry)) continue
    const isOwn = entry.identity === identity
    // What tells of an erasure names nobody, and stays.
    if (entry.kind === 'person.erased') {
      if (isOwn) continue
      if ((open.get(visit)?.own.length ?? 0) > 0) ends(visit, entry.at)
      if (!open.has(visit)) open.set(visit, { since: entry.at, anonymous: [], own: [] })
      continue
    }
    const isAnothers = entry.erased === true || (entry.identity !== 0 && !isOwn)
    const before = open.get(visit)
    if (isAnothers || (!isOwn && (before?.own.length ?? 0) > 0)) ends(visit, occurred(entry))
    if (isAnothers) continue
    const now = open.get(visit) ?? { since: Number.MAX_SAFE_INTEGER, anonymous: [], own: [] }
    open.set(visit, now)
    if (isOwn) now.own.push(...now.anonymous.splice(0), entry)
    else now.anonymous.push(entry)
  }
  for (const visit of [...open.keys()]) ends(visit, told)
  return { entries, stretches }
}

/** When it happened: what is no event happened when it came. */
export function occurred(entry: StoredEntry): number {
  return isStoredEvent(entry) ? entry.occurredAt : entry.at
}

export function isLate(entry: StoredEntry): boolean {
  return isStoredEvent(entry) && entry.late
}

/** It occurred in a stretch: 'surely', 'hardly' where it is at its very edge, or 'not'. */
export function within(
  stretches: readonly Stretch[],
  visit: number,
  occurredAt: number,
): 'surely' | 'hardly' | 'not' {
  const own = stretches.filter((stretch) => stretch.visit === visit)
  if (own.some(({ from, to }) => from < occurredAt && occurredAt < to - 1)) return 'surely'
  return own.some(({ from, to }) => from <= occurredAt && occurredAt <= to) ? 'hardly' : 'not'
}
