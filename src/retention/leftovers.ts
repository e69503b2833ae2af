/** Hashes that stayed a while behind what went, and then go too; with the last of them, the visitor (E1, E9). */
import type { FadingRow } from '../store/erased.ts'
import type { RetentionParts } from './contract.ts'
import { HASHES_KEEP_MS } from './limits.ts'

const ROWS_AT_ONCE = 200
const SEEN_AT_ONCE = 2_000

/** Takes what is due. */
export async function takeLeftovers(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { store, now } = parts
  while (!signal.aborted) {
    const rows = store.fading(now(), ROWS_AT_ONCE)
    const done: FadingRow[] = []
    for (const row of rows) {
      if (row.what === 'name' || (await fade(parts, row, signal))) done.push(row)
    }
    if (done.length > 0) await store.dropFading(done, now() + HASHES_KEEP_MS)
    // What waits is asked again in the next round.
    if (rows.length < ROWS_AT_ONCE || done.length < rows.length) return
  }
}

/** False = not now. Its eventIDs first: what a stop leaves of them is found by the visitor's row. */
async function fade(
  { store, visitors, erasures }: RetentionParts,
  { number, before }: FadingRow,
  signal: AbortSignal,
): Promise<boolean> {
  for (let place: string | null = ''; place !== null; ) {
    if (signal.aborted) return false
    place = await store.dropSeen(number, { before, place, limit: SEEN_AT_ONCE })
  }
  const row = store.visitor(number)
  if (row === null || before <= row.seq) return true
  const { globalVisitID } = row
  let isDone = true
  await visitors.inTurn(globalVisitID, (recorder) =>
    recorder.shed(({ row: now, context, isQuiet, draft }) => {
      if (now.keptFrom <= now.seq || !isQuiet || context.visit !== null) return null
      isDone = !erasures.isAtWork()
      if (!isDone) return null
      draft.dropRows({ spans: number, token: globalVisitID })
      return 'gone'
    }),
  )
  return isDone
}
