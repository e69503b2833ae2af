// Stretches of seq that a row covers: opened, closed, extended, and made coarser where there are too many.
import { RANGES_MAX } from './contract.ts'
import type { Ranges } from './rows.ts'

type Range = readonly [from: number, to: number]

/** Begins a stretch at `seq` that goes on; no change where one is open already. */
export function openRange(ranges: Ranges, seq: number): Ranges {
  const last = ranges.at(-1)
  if (last !== undefined && last[1] === 0) return ranges
  if (last !== undefined && last[1] >= seq - 1) return [...ranges.slice(0, -1), [last[0], 0]]
  return coarser([...ranges, [seq, 0]])
}

/** Ends the open stretch at `seq`, included; no change where none is open. */
export function closeRange(ranges: Ranges, seq: number): Ranges {
  const last = ranges.at(-1)
  if (last === undefined || last[1] !== 0) return ranges
  return [...ranges.slice(0, -1), [last[0], Math.max(seq, last[0])]]
}

/** Adds one `seq`, where it is not covered yet: a late event, a sign-out. */
export function includeSeq(ranges: Ranges, seq: number): Ranges {
  if (ranges.some(([from, to]) => seq >= from && (to === 0 || seq <= to))) return ranges
  const before = ranges.filter(([from]) => from < seq)
  const after = ranges.slice(before.length)
  const left = before.at(-1)
  const right = after.at(0)
  const touchesLeft = left !== undefined && left[1] === seq - 1
  const touchesRight = right !== undefined && right[0] === seq + 1
  const joined: Range = [touchesLeft ? left[0] : seq, touchesRight ? right[1] : seq]
  return coarser([
    ...(touchesLeft ? before.slice(0, -1) : before),
    joined,
    ...(touchesRight ? after.slice(1) : after),
  ])
}

/** Joins the nearest two while there are too many: a superset, reading filters by the ordinals on the entries. */
function coarser(ranges: Ranges): Ranges {
  if (ranges.length <= RANGES_MAX) return ranges
  let nearest = 1
  for (let index = 2; index < ranges.length; index += 1) {
    if (gapBefore(ranges, index) < gapBefore(ranges, nearest)) nearest = index
  }
  const joined: Range = [ranges[nearest - 1]?.[0] ?? 0, ranges[nearest]?.[1] ?? 0]
  return coarser([...ranges.slice(0, nearest - 1), joined, ...ranges.slice(nearest + 1)])
}

function gapBefore(ranges: Ranges, index: number): number {
  return (ranges[index]?.[0] ?? 0) - (ranges[index - 1]?.[1] ?? 0)
}
