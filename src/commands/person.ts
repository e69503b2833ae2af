/** `vestibule person`: all that is kept of one person, as lines of JSON: what they may ask for. */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { OPTIONS } from '../config.ts'
import { personLines } from '../history/person-lines.ts'
import { type Guest, openGuest } from '../store/guest.ts'
import { hiddenIn, hidingStore } from '../visitors/hiding.ts'

const HELP = `usage: vestibule person ID [--data FOLDER]

Writes all that is kept of the person with this identityId, one JSON object a line, each with its kind: person, visit,
session, page, contact, entry. It reads beside a running server.

  --data FOLDER   the data folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}

exit code: 0 written, 1 nobody is called so, 2 it could not look
`

/** Writes the lines; the exit code. */
export async function person(args: readonly string[]): Promise<number> {
  try {
    const options = { data: { type: 'string' }, help: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [identityId] = positionals
    if (values.help === true || identityId === undefined) {
      process.stdout.write(HELP)
      return values.help === true ? 0 : 2
    }
    const guest = openGuest(values.data || process.env[OPTIONS.data.key] || OPTIONS.data.fallback)
    try {
      return await write(guest, identityId)
    } finally {
      await guest.close()
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`vestibule person: ${error.message}\n`)
    return 2
  }
}

async function write(guest: Guest, identityId: string): Promise<number> {
  const reads = hidingStore(guest, hiddenIn(guest))
  const row = guest.identity(guest.identityNumber(identityId.normalize('NFC').trim()))
  if (row === null) {
    process.stderr.write('vestibule person: nobody is called so\n')
    return 1
  }
  for (const line of personLines(reads, row)) {
    if (line === null) guest.refresh()
    else if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain')
  }
  return 0
}
