#!/usr/bin/env -S node --max-semi-space-size=32
/** The command line: `vestibule COMMAND`. Each command is a file of src/commands/ and returns its exit code. */
import { audit } from './commands/audit.ts'
import { backup } from './commands/backup.ts'
import { exportFolder } from './commands/export.ts'
import { importFolder } from './commands/import.ts'
import { load } from './commands/load.ts'
import { person } from './commands/person.ts'
import { restore } from './commands/restore.ts'
import { rules } from './commands/rules.ts'
import { serve } from './commands/serve.ts'
import { verify } from './commands/verify.ts'

interface Command {
  readonly says: string
  readonly run: (args: string[]) => Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: { says: 'serves browsers, agents and engines', run: serve },
  verify: { says: 'proves that a data folder agrees with itself', run: verify },
  backup: { says: 'copies a data folder while its server goes on', run: backup },
  restore: { says: 'makes a data folder of a backup', run: restore },
  export: { says: 'writes a data folder as lines of JSON', run: exportFolder },
  import: { says: 'makes a data folder of an export', run: importFolder },
  person: { says: 'writes all that is kept of one person, as lines of JSON', run: person },
  audit: { says: 'shows who asked for what, and about whom', run: audit },
  rules: { says: 'how rules did, how others would have done; lifts a pause', run: rules },
  load: { says: 'lets many browsers live on a server, and measures it', run: load },
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { says }]) => `  ${name.padEnd(8)} ${says}`)
  return `usage: vestibule COMMAND [--help]\n\n${lines.join('\n')}\n`
}

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]
if (command === undefined) {
  const asked = ['', '--help', '-h', 'help'].includes(name)
  process.stderr.write(asked ? usage() : `vestibule: "${name}" is not a command\n${usage()}`)
  process.exitCode = asked ? 0 : 2
} else {
  process.exitCode = await command.run(args)
}
