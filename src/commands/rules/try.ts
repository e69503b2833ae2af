/** `vestibule rules try`: other rules on stored history, and what differs from what was. */
import { normalizeIdentityId } from '../../../protocol/events.ts'
import { loadRules } from '../../rules/modules.ts'
import { createTrial } from '../../rules/trial/trial.ts'
import type { Guest } from '../../store/guest.ts'
import { entriesOf, visitorsOf } from '../verify/reading.ts'
import { createFindings, type FindingsOptions } from './trial-findings.ts'

export interface TryOptions extends FindingsOptions {
  /** What the configuration names rules by. */
  readonly items: readonly string[]
}

/** Reads the whole folder; the exit code. Rejects with `RulesRefused` where the rules cannot be tried. */
export async function tryOnHistory(guest: Guest, { items, ...options }: TryOptions): Promise<number> {
  const loaded = await loadRules(items)
  const findings = createFindings(options)
  const { assumed, compared } = findings
  const trial = createTrial({ loaded, toIdentityId: normalizeIdentityId, assumed, compared })
  const mayBeSkipped = loaded.every(({ rule }) => rule.needs.length > 0)
  const progress = createProgress()
  const begunAt = performance.now()
  let [visitors, entries] = [0, 0]
  for (const row of visitorsOf(guest)) {
    // Nobody was ever linked to it: rules that need past links are not asked, and nothing was assumed.
    const isEmpty = mayBeSkipped && guest.contactsOfVisitor(row.number, { limit: 1 }).length === 0
    if (!isEmpty) trial.visitor(row, entriesOf(guest, row.number, row.keptFrom))
    visitors += 1
    entries += row.seq - row.keptFrom + 1
    if (visitors % REFRESH_VISITORS === 0) guest.refresh()
    progress(visitors, entries)
  }
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE)
  const { asked, slowestMs } = trial.rules.counts()
  const seconds = (performance.now() - begunAt) / 1_000
  process.stdout.write(
    `${visitors} visitors, ${entries} entries in ${seconds.toFixed(1)} s (${Math.round(entries / seconds)} entries/s); ` +
      `rules were asked ${asked} times, at most ${slowestMs.toFixed(1)} ms each\n\n${findings.text()}`,
  )
  for (const [name, why] of trial.rules.failed()) {
    process.stdout.write(`\n${name} failed and was asked no more: ${why}\n`)
  }
  return trial.rules.failed().size === 0 ? 0 : 1
}

/** A running server's file must not grow because of what is read here. */
const REFRESH_VISITORS = 500
const CLEAR_LINE = '\r\u001b[K'
const PROGRESS_MS = 500

/** On a terminal one line says how far it is. */
function createProgress(): (visitors: number, entries: number) => void {
  let next = 0
  return (visitors, entries) => {
    if (!process.stderr.isTTY || performance.now() < next) return
    next = performance.now() + PROGRESS_MS
    process.stderr.write(`${CLEAR_LINE}${visitors} visitors, ${entries} entries`)
  }
}
