/** A step of one visitor, in its turn among the commits: what was read before is looked at again, then it goes. */
import type { VisitorContext } from '../../machines/context.ts'
import type { Draft } from '../store/contract.ts'
import type { DroppedRows } from '../store/erased.ts'
import type { Shed, Shedder } from '../visitors/shedding.ts'
import type { RetentionParts } from './contract.ts'
import { type Cut, endsBefore, firstSeq } from './cut.ts'
import { DAY_MS, HASHES_KEEP_MS } from './limits.ts'

/** Takes the step, whole or not at all; false = not now. */
export async function take(parts: RetentionParts, cut: Cut, roundAt: number): Promise<boolean> {
  const { visitors, erasures } = parts
  let isTaken = false
  await visitors.inTurn(cut.row.globalVisitID, (recorder) =>
    recorder.shed((visitor) => {
      isTaken = !erasures.isAtWork() && isStillSo(cut, visitor)
      return isTaken ? taken(parts, cut, { draft: visitor.draft, roundAt }) : null
    }),
  )
  return isTaken
}

function isStillSo(
  { row, keptFrom, isWhole, places, replayFrom }: Cut,
  { row: now, context, isQuiet, draft }: Shedder,
): boolean {
  const isMoved = replayFrom !== 'now' && now.replayFrom.seq !== row.replayFrom.seq
  if (now.keptFrom !== row.keptFrom || isMoved) return false
  // Something may have come late since they were read.
  const isOver = places.visits.every(({ number, ordinal }) => {
    const visit = draft.visit(number, ordinal)
    return visit !== null && endsBefore(visit, keptFrom)
  })
  if (!isOver) return false
  if (isWhole) return isQuiet && context.visit === null && now.seq === row.seq
  const open = openVisit(context, draft, now.number)
  return open === null || firstSeq(open) >= keptFrom
}

function openVisit({ visit }: VisitorContext, draft: Draft, number: number) {
  return visit === null ? null : draft.visit(number, visit.ordinal)
}

interface Taking {
  readonly draft: Draft
  readonly roundAt: number
}

function taken(parts: RetentionParts, cut: Cut, taking: Taking): Shed {
  const { draft, roundAt } = taking
  const { row, keptFrom, isWhole, chunks, replayFrom, contacts, names } = cut
  const { number } = row
  draft.dropRows({
    ...placesThatGo(cut, draft),
    chunks: chunks.map(({ seq }) => ({ number, seq })),
    bases: cut.bases,
    contacts,
  })
  for (const { name, visit: before } of names) {
    const due = goneBy(parts, { number, visit: before }, taking) + HASHES_KEEP_MS
    draft.putFading({ due, what: 'name', number, before, name })
  }
  const due = roundAt + HASHES_KEEP_MS
  draft.putFading({ due, what: 'stream', number, before: keptFrom, name: '' })
  for (const state of cut.states) draft.putBase(state)
  const isGone = (visit: number): boolean => draft.visit(number, visit) === null
  return { keptFrom, isGone, replayFrom: isWhole ? 'nothing' : replayFrom }
}

/** E9: when the visit goes, as far as can be known: now, or by a round after its last entry is too old. */
function goneBy(
  { store, keepMs }: RetentionParts,
  { number, visit }: { readonly number: number; readonly visit: number },
  { draft, roundAt }: Taking,
): number {
  const [, last = 0] = draft.visit(number, visit)?.ranges.at(-1) ?? []
  const [entry] = last === 0 ? [] : store.entries(number, { from: last, to: last, limit: 1 })
  return entry === undefined ? roundAt : Math.max(roundAt, entry.at + keepMs + DAY_MS)
}

function placesThatGo({ row: { number }, keptFrom, places }: Cut, draft: Draft): DroppedRows {
  const { visits } = places
  const gone = new Set(visits.map(({ ordinal }) => ordinal))
  const sessions = places.sessions.filter(({ visit, ordinal }) => {
    const now = draft.session(number, visit, ordinal)
    return now !== null && (gone.has(visit) || endsBefore(now, keptFrom))
  })
  const pages = places.pages.filter(({ visit, ordinal }) => {
    const now = draft.page(number, visit, ordinal)
    return now !== null && (gone.has(visit) || endsBefore(now, keptFrom))
  })
  return {
    visits,
    sessions,
    pages,
    links: places.links.filter(({ visit }) => gone.has(visit)),
    names: [
      ...sessions.map(({ sessionId: name }) => ({ kind: 'session', name }) as const),
      ...pages.map(({ pageId: name }) => ({ kind: 'page', name }) as const),
    ],
  }
}
