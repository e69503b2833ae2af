/** What every request is answered with, over HTTP and over NATS: access, audit, and what a handler has at hand. */
import { createHmac } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { uuidOf } from '../visitors/ids.ts'
import type { ViewPast } from '../visitors/past.ts'
import type { ViewVisitor } from '../visitors/views.ts'
import type { Acting } from './acting.ts'
import type { Desk } from './answering.ts'
import { createBudget } from './budget.ts'
import { openCursorSecret } from './cursor-secret.ts'
import { createCursors } from './cursors.ts'
import { createNames } from './names.ts'
import type { Beside } from './openapi.ts'
import type { Reading } from './reading.ts'
import { createTurns, type TakeTurn } from './turns.ts'

export interface HistoryOptions extends Pick<Desk, 'access' | 'audit' | 'addressOf' | 'log'> {
  readonly store: Store
  readonly viewVisitor: ViewVisitor
  readonly viewPast: ViewPast
  /** Sockets of a visitor, now. */
  readonly connections: (globalVisitID: string) => number
  readonly acting: Acting
  /** The rules in force, and their scores. */
  readonly rules: Reading['rules']
  readonly config: Pick<Config, 'pageSizeMax' | 'readRows' | 'readSliceRows' | 'readSliceMs' | 'frameBytes'>
  /** What is described with the table, and answered by other rooms. */
  readonly beside?: readonly Beside[]
  /** Epoch ms. */
  readonly now: () => number
}

const NOTHING_BESIDE: readonly Beside[] = []

/** Rejects where a new cursor secret cannot be kept (`StoreUnavailable`). */
export async function openDesk(options: HistoryOptions): Promise<Desk> {
  const { access, audit, addressOf, log, config } = options
  const takeTurn = createTurns()
  const beginReading = await createReadings(options, takeTurn)
  return { access, audit, addressOf, log, bodyBytes: config.frameBytes, beginReading, takeTurn }
}

async function createReadings(options: HistoryOptions, takeTurn: TakeTurn) {
  const { store, viewVisitor, viewPast, connections, acting, rules, config, now } = options
  const { beside = NOTHING_BESIDE } = options
  const secret = await openCursorSecret(store)
  const cursors = createCursors(secret)
  const { pageSizeMax, readRows: rows, readSliceRows: sliceRows, readSliceMs: sliceMs } = config
  return (base: string): Reading => ({
    store,
    names: createNames(store),
    budget: createBudget({ rows, sliceRows, sliceMs }, () => performance.now(), takeTurn),
    cursors,
    at: now(),
    base,
    pageSizeMax,
    viewVisitor,
    viewPast,
    connections,
    acting,
    rules,
    beside,
    visitorIdFor: (words) => uuidOf(createHmac('sha256', secret).update(`visitor\n${words}`).digest(), 4),
  })
}
