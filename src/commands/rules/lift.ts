/** `vestibule rules lift NAME`: a paused rule is asked again, by a running server too. */
import { lift } from '../../rules/pauses.ts'
import type { Guest } from '../../store/guest.ts'

export async function liftPause(guest: Guest, name: string): Promise<number> {
  const lifted = await lift(guest, name)
  if (lifted === null) {
    process.stderr.write(`vestibule rules: no rule "${name}" is paused\n`)
    return 1
  }
  process.stdout.write(`${name} is asked again; it was paused because ${lifted.reason}\n`)
  return 0
}
