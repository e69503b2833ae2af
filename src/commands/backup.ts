/** `vestibule backup`: a consistent copy of a data folder, while its server goes on; proven before it is one. */
import { OPTIONS } from '../config.ts'
import { required, runCommand } from './transfer/command.ts'
import { copyStore } from './transfer/copying.ts'
import { verify } from './verify.ts'

const HELP = `usage: vestibule backup --to FOLDER [--data FOLDER] [--skip-verify]

Copies the store of a data folder as it is at this moment, also while a server has it open, and proves the copy as
"vestibule verify" does. The audit log and the made key are files of their own, and not part of it.

  --to FOLDER      a new folder, or one that holds no store
  --data FOLDER    the data folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}
  --skip-verify    copies only

exit code: 0 copied and proven, 1 something in the copy does not agree, 2 it could not copy
`

/** Copies; the exit code. */
export function backup(args: readonly string[]): Promise<number> {
  const command = { name: 'backup', help: HELP, texts: ['to'], flags: ['skip-verify'] }
  return runCommand(
    {
      ...command,
      run: async (given) => {
        const to = required(given, 'to')
        await copyStore(given.data, to)
        process.stdout.write(`copied ${given.data} to ${to}\n`)
        return given.flag('skip-verify') ? 0 : verify(['--data', to])
      },
    },
    args,
  )
}
