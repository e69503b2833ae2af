/**
 * What grows old is dropped, in small steps: changes past their window, tokens of visitors who never said anything,
 * what is remembered of single messages to NATS.
 */
import type { Store } from '../store/contract.ts'

const UPKEEP_MS = 60_000
const STEP_ROWS = 1_000
/** P6: a token without an event is forgotten after a day. */
const UNUSED_TOKEN_MS = 24 * 60 * 60_000

export interface UpkeepParts {
  readonly store: Store
  readonly liveKeepMs: number
  /** Changes are published: none is dropped before it was. */
  readonly isPublishing: boolean
  /** How long what was sent, and what was given up, is remembered; 0 = for ever. */
  readonly sentKeepMs: number
  readonly now: () => number
  readonly log: { readonly warn: (fields: object, message: string) => void }
  /** How it waits: for a simulation. The result ends it. */
  readonly every?: (ms: number, run: () => void) => () => void
}

/** Begins the upkeep; the result ends it. */
export function startUpkeep(parts: UpkeepParts): () => Promise<void> {
  const { store, liveKeepMs, isPublishing, sentKeepMs, now, log, every = onSystemTimer } = parts
  let underWay: Promise<void> = Promise.resolve()

  const keepUp = async (): Promise<void> => {
    if (store.unavailable() !== null) return
    const position = isPublishing ? store.relayMark() : store.lastPosition()
    const before = { at: now() - liveKeepMs, position }
    await inSteps(() => store.dropChanges(before, STEP_ROWS))
    await inSteps(() => store.dropUnusedTokens(now() - UNUSED_TOKEN_MS, STEP_ROWS))
    if (sentKeepMs === 0) return
    await inSteps(() => store.dropSent(now() - sentKeepMs, STEP_ROWS))
    await inSteps(() => store.dropDead(now() - sentKeepMs, STEP_ROWS))
  }

  const end = every(UPKEEP_MS, () => {
    underWay = keepUp().catch((err: unknown) =>
      log.warn({ err }, 'old rows could not be dropped; tried again later'),
    )
  })

  return async () => {
    end()
    await underWay
  }
}

function onSystemTimer(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref()
  return () => clearInterval(timer)
}

/** Until a step drops less than it might. */
async function inSteps(drop: () => Promise<number>): Promise<void> {
  while ((await drop()) >= STEP_ROWS);
}
