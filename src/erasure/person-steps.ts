/** What is erased of a person at one visitor: their stretches, and every row that says they were there (Q12). */
import type { Store } from '../store/contract.ts'
import type { Chunk, GoneRows } from '../store/erased.ts'
import type { ChangeRow, LinkRow, PageRow, SessionRow, StoredEntry, VisitRow } from '../store/rows.ts'
import {
  blank,
  changeWithout,
  emptied,
  forgotten,
  names,
  pseudonymised,
  tellingOfAnother,
} from '../visitors/redaction.ts'
import type { Plan, Planning } from './plan.ts'
import { inParts, STEP_ENTRIES, STEP_ROWS, type Step } from './steps.ts'

/** Every step of one visitor, the links last: a visitor with a link to the person is not done. */
export function* personSteps(store: Store, planning: Planning, plan: Plan): Generator<Step> {
  yield* streamSteps(store, planning, plan)
  yield* baseSteps(store, planning, plan)
  yield* placeSteps(store, planning, plan)
  yield* linkSteps(store, planning, plan)
}

function* streamSteps(store: Store, planning: Planning, plan: Plan): Generator<Step> {
  const { number } = planning
  for (let from = 1; ; ) {
    const chunks = store.chunks(number, { from, entries: STEP_ENTRIES })
    const step = streamStep(store, chunks, { planning, plan })
    if (step !== null) yield step
    const last = chunks.at(-1)?.entries.at(-1)
    if (last === undefined) return
    from = last.seq + 1
  }
}

interface Erasing {
  readonly planning: Planning
  readonly plan: Plan
}

function streamStep(store: Store, chunks: readonly Chunk[], { planning, plan }: Erasing): Step | null {
  const { number } = planning
  const [firstChange] = store.changes({ limit: 1 })
  const oldest = firstChange?.position ?? Number.MAX_SAFE_INTEGER
  const changes: ChangeRow[] = []
  const gone: ChangeRow[] = []
  let [entries, named] = [0, 0]

  const redact = (entry: StoredEntry): StoredEntry => {
    if (entry.seq === plan.toldSeq) return forgotten(planning, entry)
    const isOwn = plan.owns(entry)
    if (!isOwn && (entry.seq >= plan.toldSeq || !names(planning, entry))) return entry
    const { position } = entry
    const told = position < oldest ? [] : store.changes({ from: position, to: position, limit: 1 })
    if (isOwn && entry.kind === 'person.erased') return tellingOfAnother(planning, entry)
    if (isOwn) {
      entries += 1
      gone.push(...told)
      return emptied(planning, entry)
    }
    named += 1
    changes.push(...told.flatMap((change) => changeWithout(planning, change) ?? []))
    return pseudonymised(planning, entry)
  }

  const overwritten = chunks.flatMap((chunk) => {
    const redacted = chunk.entries.map(redact)
    const isSame = redacted.every((entry, index) => entry === chunk.entries[index])
    return isSame ? [] : [{ number, entries: redacted }]
  })
  if (overwritten.length === 0) return null
  const counts = { entries, named, changes: changes.length + gone.length }
  return { erase: { chunks: overwritten, changes, gone: { changes: gone } }, counts }
}

/** Kept states in which they may stand. */
function* baseSteps(store: Store, { number }: Planning, { toldSeq }: Plan): Generator<Step> {
  const bases: { number: number; seq: number }[] = []
  for (let base = store.baseAtOrBefore(number, toldSeq); base !== null; ) {
    bases.push({ number, seq: base.seq })
    base = store.baseAtOrBefore(number, base.seq - 1)
  }
  for (const part of inParts(bases))
    yield { erase: { gone: { bases: part } }, counts: { bases: part.length } }
}

function* placeSteps(store: Store, planning: Planning, plan: Plan): Generator<Step> {
  const { number, identity } = planning
  for (const { ordinal } of visitsOf(store, number)) {
    yield* pageSteps(store, { planning, plan }, ordinal)
    const sessions = sessionsOf(store, number, ordinal).filter((session) => session.identity === identity)
    for (const part of inParts(sessions)) {
      const keys = part.map(({ sessionId: name }) => ({ kind: 'session', name }) as const)
      yield { erase: { gone: { sessions: part, names: keys } }, counts: { sessions: part.length } }
    }
  }
  yield* seenSteps(store, planning, plan)
}

/** Whom a visit saw last is told without them, unless somebody else was seen since. */
function* seenSteps(store: Store, { number }: Planning, { visits, seenBy }: Plan): Generator<Step> {
  const numberOf = (identityId: string | null | undefined): number =>
    identityId ? store.identityNumber(identityId) : 0
  for (const before of visits) {
    const { ordinal } = before
    const authenticated = numberOf(seenBy.get(ordinal)?.authenticated)
    const recognized = numberOf(seenBy.get(ordinal)?.recognized)
    if (before.authenticated === authenticated && before.recognized === recognized) continue
    yield {
      change: (draft) => {
        const row = draft.visit(number, ordinal)
        if (row === null) return
        draft.putVisit({
          ...row,
          authenticated: row.authenticated === before.authenticated ? authenticated : row.authenticated,
          recognized: row.recognized === before.recognized ? recognized : row.recognized,
        })
      },
      counts: {},
    }
  }
}

/** Pages stay, blank: what others did on them may follow. */
function* pageSteps(store: Store, { planning, plan }: Erasing, visit: number): Generator<Step> {
  const { number, identity } = planning
  const isTheirs = (page: PageRow): boolean =>
    page.identity === identity || (page.url !== '' && plan.pagesAt.has(page.position))
  const pages = pagesOf(store, number, visit).filter(isTheirs)
  for (const part of inParts(pages)) {
    yield {
      change: (draft) => {
        for (const { ordinal } of part) {
          const row = draft.page(number, visit, ordinal)
          if (row !== null) draft.putPage(blank(row))
        }
      },
      counts: { pages: part.length },
    }
  }
}

function* linkSteps(
  store: Store,
  { number, identity, identityId }: Planning,
  { isNamedSince }: Plan,
): Generator<Step> {
  const links = [...visitsOf(store, number)].flatMap(({ ordinal }): LinkRow[] => {
    const row = store.link(number, ordinal, identity)
    return row === null ? [] : [row]
  })
  const gone: GoneRows = { links, mentions: isNamedSince ? [] : [{ identityId, number }] }
  yield { erase: { gone }, counts: { links: links.length, visitors: 1 } }
}

export function visitsOf(store: Store, number: number): Generator<VisitRow> {
  return rowsOf((from) => store.visits(number, { from, limit: STEP_ROWS }))
}

export function pagesOf(store: Store, number: number, visit: number): PageRow[] {
  return [...rowsOf((from) => store.pages(number, visit, { from, limit: STEP_ROWS }))]
}

export function sessionsOf(store: Store, number: number, visit: number): SessionRow[] {
  return [...rowsOf((from) => store.sessions(number, visit, { from, limit: STEP_ROWS }))]
}

function* rowsOf<R extends { readonly ordinal: number }>(read: (from: number) => R[]): Generator<R> {
  for (let from = 1; ; ) {
    const rows = read(from)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < STEP_ROWS) return
    from = last.ordinal + 1
  }
}
