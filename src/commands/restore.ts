/** `vestibule restore`: makes a data folder of a backup, and proves it. */
import { OPTIONS } from '../config.ts'
import { required, runCommand } from './transfer/command.ts'
import { copyStore } from './transfer/copying.ts'
import { verify } from './verify.ts'

const HELP = `usage: vestibule restore --from FOLDER [--data FOLDER] [--skip-verify]

Copies a backup into a data folder that holds no store yet, and proves it as "vestibule verify" does. Move a store that
is there away first: nothing is overwritten. What happened after the backup is unknown to it; docs/operating.md says what
that means for NATS.

  --from FOLDER    what "vestibule backup" made
  --data FOLDER    the data folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}
  --skip-verify    copies only

exit code: 0 restored and proven, 1 something in it does not agree, 2 it could not restore
`

/** Restores; the exit code. */
export function restore(args: readonly string[]): Promise<number> {
  const command = { name: 'restore', help: HELP, texts: ['from'], flags: ['skip-verify'] }
  return runCommand(
    {
      ...command,
      run: async (given) => {
        const from = required(given, 'from')
        await copyStore(from, given.data)
        process.stdout.write(`restored ${from} to ${given.data}\n`)
        return given.flag('skip-verify') ? 0 : verify(['--data', given.data])
      },
    },
    args,
  )
}
