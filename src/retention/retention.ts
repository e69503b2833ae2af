/** Retention: round after round what is older than the limit goes, in small steps, among the commits (Q12). */
import { readRetained, saveRetained } from '../store/retained.ts'
import type { VisitorRow } from '../store/rows.ts'
import { SYSTEM_TIMING, type Timing } from '../visitors/timing.ts'
import type { Retention, RetentionParts } from './contract.ts'
import { nextCut } from './cut.ts'
import { take } from './cutting.ts'
import { takeLeftovers } from './leftovers.ts'
import { firstSince } from './limits.ts'
import { agePeople } from './people.ts'
import { leftAtOnce } from './short.ts'

const EVERY_MS = 60 * 60_000
/** After a start others are busier. */
const FIRST_MS = 60_000
/** Rows looked at before others work. */
const SLICE_ROWS = 100
/** Rows dropped in one step. */
const DROP_ROWS = 1_000

interface Limits {
  readonly at: number
  readonly position: number
  readonly shortPosition: number
}

interface Counts {
  entries: number
  visitors: number
  identities: number
}

/** Begins the rounds; the first soon. */
export function startRetention(parts: RetentionParts): Retention {
  const { store, log, everyMs = EVERY_MS, timing = SYSTEM_TIMING } = parts
  const closing = new AbortController()
  const total: Counts = { entries: 0, visitors: 0, identities: 0 }
  let underWay: Promise<void> | null = null

  const run = (): Promise<void> => {
    underWay ??= round(parts, total, closing.signal).finally(() => {
      underWay = null
    })
    return underWay
  }

  const tick = (): void => {
    run().catch((err: unknown) => log.warn({ err }, 'retention cannot go on; it is tried again later'))
  }
  const endFirst = timing.after(Math.min(FIRST_MS, everyMs), tick)
  const endRounds = timing.every(everyMs, tick)

  return {
    run,
    stats: () => ({ keptSince: readRetained(store).at, ...total }),
    close: async () => {
      endFirst()
      endRounds()
      closing.abort()
      await underWay?.catch((err: unknown) => log.warn({ err }, 'the last round of retention was not whole'))
    },
  }
}

async function round(parts: RetentionParts, total: Counts, signal: AbortSignal): Promise<void> {
  const { store, log, now } = parts
  if (store.unavailable() !== null) return
  const before = { ...total }
  const roundAt = now()
  const limits = limitsAt(parts, roundAt)
  await takeLeftovers(parts, signal)
  if (limits.position > 0 || limits.shortPosition > 0) {
    await saveRetained(store, limits)
    await ageVisitors(parts, { limits, roundAt, total, signal })
  }
  if (limits.position > 0) {
    await ageEveryone(parts, { limits, total, signal })
    await ageNode(parts, limits, signal)
  }
  const [entries, visitors] = [total.entries - before.entries, total.visitors - before.visitors]
  const identities = total.identities - before.identities
  if (entries + visitors + identities > 0)
    log.info({ entries, visitors, identities }, 'what was too old is gone')
}

function limitsAt({ store, keepMs, shortKeepMs }: RetentionParts, roundAt: number): Limits {
  const since = (ms: number): number => (ms === 0 ? 0 : firstSince(store, roundAt - ms))
  return {
    at: keepMs === 0 ? 0 : roundAt - keepMs,
    position: since(keepMs),
    shortPosition: since(shortKeepMs),
  }
}

interface Round {
  readonly limits: Limits
  readonly total: Counts
  readonly signal: AbortSignal
}

async function ageVisitors(
  parts: RetentionParts,
  round: Round & { readonly roundAt: number },
): Promise<void> {
  for (let from = 1; !round.signal.aborted; ) {
    const rows = parts.store.visitors({ from, limit: SLICE_ROWS })
    for (const row of rows) await ageVisitor(parts, row, round)
    const last = rows.at(-1)
    if (last === undefined || rows.length < SLICE_ROWS) return
    from = last.number + 1
    await othersWork(parts)
  }
}

/** Step by step, until nothing of the visitor is too old. */
async function ageVisitor(
  parts: RetentionParts,
  looked: VisitorRow,
  { limits, roundAt, total, signal }: Round & { readonly roundAt: number },
): Promise<void> {
  const { store } = parts
  const isShort = limits.shortPosition > limits.position && leftAtOnce(store, looked)
  const position = isShort ? limits.shortPosition : limits.position
  for (
    let row: VisitorRow | null = looked;
    row !== null && !signal.aborted;
    row = store.visitor(row.number)
  ) {
    const cut = await nextCut(parts, row, position)
    if (cut === null || (isShort && !cut.isWhole)) return
    await whenNobodyErases(parts, signal)
    if (!(await take(parts, cut, roundAt))) return
    total.entries += cut.keptFrom - row.keptFrom
    if (cut.isWhole) total.visitors += 1
  }
}

async function ageEveryone(parts: RetentionParts, { limits, total, signal }: Round): Promise<void> {
  for (let from = 1; !signal.aborted; ) {
    const people = parts.store.identities({ from, limit: SLICE_ROWS })
    await whenNobodyErases(parts, signal)
    total.identities += await agePeople(parts, people, limits)
    const last = people.at(-1)
    if (last === undefined || people.length < SLICE_ROWS) return
    from = last.identity + 1
    await othersWork(parts)
  }
}

const LOOK_MS = 20

async function whenNobodyErases(
  { erasures, timing = SYSTEM_TIMING }: RetentionParts,
  signal: AbortSignal,
): Promise<void> {
  while (erasures.isAtWork() && !signal.aborted) {
    await new Promise<void>((resolve) => void timing.after(LOOK_MS, resolve))
  }
}

export function othersWork({ timing = SYSTEM_TIMING }: { readonly timing?: Timing }): Promise<void> {
  return new Promise((resolve) => timing.soon(resolve))
}

/** What belongs to the node: last, so that a round that was stopped is found whole by the commits. */
async function ageNode(
  { store, publishedTo }: RetentionParts,
  { at, position }: Limits,
  signal: AbortSignal,
): Promise<void> {
  for (let place: string | null = ''; place !== null && !signal.aborted; ) {
    place = await store.dropMentions({ place, limit: DROP_ROWS })
  }
  while (!signal.aborted && (await store.dropCommits(position, DROP_ROWS)) >= DROP_ROWS);
  const old = { at, position: publishedTo() }
  while (!signal.aborted && (await store.dropChanges(old, DROP_ROWS)) >= DROP_ROWS);
  while (!signal.aborted && (await store.dropDead(at, DROP_ROWS)) >= DROP_ROWS);
}
