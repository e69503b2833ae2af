/** What of one visitor is older than the limit, as one step: whole chunks of its stream, and the rows that end there. */
import { MACHINE_VERSION } from '../../machines/versions.ts'
import type { Store } from '../store/contract.ts'
import type { Chunk } from '../store/erased.ts'
import type {
  BaseRow,
  ContactRow,
  LinkRow,
  PageRow,
  Ranges,
  SessionRow,
  VisitorRow,
  VisitRow,
} from '../store/rows.ts'
import { visitIDsIn } from '../visitors/entries.ts'
import type { Shed, TooOld } from '../visitors/shedding.ts'
import { SYSTEM_TIMING } from '../visitors/timing.ts'
import type { RetentionParts } from './contract.ts'
import { DAY_MS } from './limits.ts'

/** Entries that go in one step. */
export const STEP_ENTRIES = 300

export interface Cut {
  /** The visitor when it was looked at. */
  readonly row: VisitorRow
  readonly keptFrom: number
  /** Nothing is left behind it. */
  readonly isWhole: boolean
  readonly chunks: readonly Chunk[]
  readonly replayFrom: Shed['replayFrom']
  readonly places: Places
  readonly contacts: readonly ContactRow[]
  /** Kept states before it. */
  readonly bases: readonly { readonly number: number; readonly seq: number }[]
  /** Kept states behind it that remember too much. */
  readonly states: readonly BaseRow[]
  /** VisitIDs that were made known in it. */
  readonly names: ReturnType<typeof visitIDsIn>
}

/** Rows that end before what is kept, as far as that was known when they were read. */
export interface Places {
  readonly visits: readonly VisitRow[]
  readonly sessions: readonly SessionRow[]
  readonly pages: readonly PageRow[]
  readonly links: readonly LinkRow[]
}

/** The next step of a visitor whose entries before a position go; null where there is none. */
export async function nextCut(parts: RetentionParts, row: VisitorRow, position: number): Promise<Cut | null> {
  const { store } = parts
  const { number, keptFrom: from, seq } = row
  if (from > seq) return null
  const newest = newestVisit(store, number)
  const isLeft = newest === null || newest.endDate !== 0
  const isOld = isLeft && row.position < position
  const held =
    isOld || newest === null || !mayGoOn(parts, newest) ? Number.MAX_SAFE_INTEGER : firstSeq(newest)
  const chunks = oldChunks(store.chunks(number, { from, entries: STEP_ENTRIES }), { position, held })
  const last = chunks.at(-1)?.entries.at(-1)
  if (last === undefined) return null
  const keptFrom = last.seq + 1
  const places = placesBefore(store, number, keptFrom)
  const isGone = (visit: number): boolean =>
    places.visits.some(({ ordinal }) => ordinal === visit) || store.visit(number, visit) === null
  const first = chunks[0]?.entries[0]?.position ?? last.position
  return {
    row,
    keptFrom,
    isWhole: isOld && last.seq === seq,
    chunks,
    ...(isOld ? NOTHING_TOLD : await statesBehind(parts, row, { keptFrom, isGone })),
    places,
    contacts: store.contactsOfVisitor(number, {
      from: first,
      to: last.position,
      limit: Number.MAX_SAFE_INTEGER,
    }),
    bases: basesBefore(store, number, isOld ? keptFrom : keptFrom - 1),
    names: chunks.flatMap((chunk) => chunk.entries).flatMap(visitIDsIn),
  }
}

function oldChunks(
  chunks: readonly Chunk[],
  { position, held }: { readonly position: number; readonly held: number },
): readonly Chunk[] {
  const young = chunks.findIndex(({ entries }) => {
    const last = entries.at(-1)
    return last === undefined || last.position >= position || last.seq >= held
  })
  return young === -1 ? chunks : chunks.slice(0, young)
}

/** The one that is open, or ended last; one that came late never goes on. */
function newestVisit(store: Store, number: number): VisitRow | null {
  for (let from = Number.MAX_SAFE_INTEGER; ; ) {
    const [visit] = store.visits(number, { from, limit: 1, reverse: true })
    if (visit === undefined) return null
    if (visit.reason !== 'late') return visit
    from = visit.ordinal - 1
  }
}

/** V10: what occurred up to seven days ago (E5) may open it again. */
function mayGoOn({ now, visitIdleMs }: RetentionParts, { endDate }: VisitRow): boolean {
  return endDate === 0 || endDate + visitIdleMs + 7 * DAY_MS > now()
}

export function firstSeq({ ranges }: { readonly ranges: Ranges }): number {
  return ranges[0]?.[0] ?? 0
}

/** It has ended, with nothing from `seq` on. */
export function endsBefore(
  { endDate, ranges }: { readonly endDate: number; readonly ranges: Ranges },
  seq: number,
): boolean {
  return endDate !== 0 && ranges.every(([, to]) => to !== 0 && to < seq)
}

/** Nothing is left, or will be: what is told of a moment in between is not kept. */
const NOTHING_TOLD = { replayFrom: 'now', states: [] } as const

/** The state before what is kept, and those behind it, without what is too old. */
async function statesBehind(
  { store, visitors, log, timing = SYSTEM_TIMING }: RetentionParts,
  row: VisitorRow,
  old: TooOld,
): Promise<Pick<Cut, 'replayFrom' | 'states'>> {
  const { number, globalVisitID, machineVersion, seq } = row
  // An older machine decided it: nothing is applied again.
  if (machineVersion !== MACHINE_VERSION) return NOTHING_TOLD
  const breathe = (): Promise<void> => new Promise((resolve) => timing.soon(resolve))
  try {
    const kept = (await visitors.states.after(row, old.keptFrom - 1, breathe)) ?? row.replayFrom
    const { state, isDeep } = visitors.states.without(globalVisitID, kept, old)
    const states: BaseRow[] = isDeep ? [{ ...state, number }] : []
    for (let base = store.baseAtOrBefore(number, seq); base !== null && base.seq > state.seq; ) {
      const { state: young } = visitors.states.without(globalVisitID, base, old)
      if (young !== base) states.push({ ...young, number })
      base = store.baseAtOrBefore(number, base.seq - 1)
    }
    return { replayFrom: isDeep ? 'now' : state, states }
  } catch (err) {
    log.warn({ err, visitor: number }, 'a state before what is kept cannot be had: what is told begins now')
    return NOTHING_TOLD
  }
}

function basesBefore(store: Store, number: number, seq: number): Cut['bases'] {
  const bases: { readonly number: number; readonly seq: number }[] = []
  for (let base = store.baseAtOrBefore(number, seq - 1); base !== null; ) {
    bases.push({ number, seq: base.seq })
    base = store.baseAtOrBefore(number, base.seq - 1)
  }
  return bases
}

const ALL = { limit: Number.MAX_SAFE_INTEGER }

/** What ends there: ordinals stand in the order in which they were opened, so that few rows are read. */
function placesBefore(store: Store, number: number, keptFrom: number): Places {
  const [visits, sessions, pages, links]: [VisitRow[], SessionRow[], PageRow[], LinkRow[]] = [[], [], [], []]
  for (const visit of rowsBefore(keptFrom, (from) => store.visits(number, { from, limit: STRIDE }))) {
    const { ordinal } = visit
    const isOver = endsBefore(visit, keptFrom)
    if (isOver) visits.push(visit)
    const seen = isOver ? store.linksOfVisit(number, ordinal) : []
    links.push(...seen)
    const isTheirs = (row: PageRow | SessionRow): boolean => isOver || endsBefore(row, keptFrom)
    sessions.push(...store.sessions(number, ordinal, ALL).filter(isTheirs))
    const read = (from: number) => store.pages(number, ordinal, { from, limit: STRIDE })
    for (const page of rowsBefore(keptFrom, read)) if (isTheirs(page)) pages.push(page)
  }
  return { visits, sessions, pages, links }
}

const STRIDE = 100

/** Rows up to the first that begins where something is kept. */
function* rowsBefore<R extends { readonly ordinal: number; readonly ranges: Ranges }>(
  seq: number,
  read: (from: number) => readonly R[],
): Generator<R> {
  for (let from = 1; ; ) {
    const rows = read(from)
    for (const row of rows) {
      if (firstSeq(row) >= seq) return
      yield row
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < STRIDE) return
    from = last.ordinal + 1
  }
}
