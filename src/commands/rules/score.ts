/** `vestibule rules score`: the scores that are in the folder. */
import { rulesInForce } from '../../rules/view.ts'
import type { Guest } from '../../store/guest.ts'
import { scoreTable } from './score-table.ts'

/** What is scored, whether it runs now or not: a folder does not tell which rules a server was started with. */
export function printScores(guest: Guest): number {
  const standings = rulesInForce(guest, { heads: [], offOf: () => null })
  if (standings.length === 0) {
    process.stdout.write('no rule has assumed anything yet\n')
    return 0
  }
  const lines = standings.map((standing) => ({ ...standing, says: standing.paused === null ? '' : 'paused' }))
  process.stdout.write(scoreTable(lines))
  for (const { name, version, paused } of standings) {
    if (paused === null) continue
    const when = new Date(paused.at).toISOString()
    process.stdout.write(
      `\n${name} ${version} is paused since ${when} (position ${paused.position}): ${paused.reason}\n`,
    )
  }
  return 0
}
