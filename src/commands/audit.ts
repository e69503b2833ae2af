/** `vestibule audit`: reads the audit log: who asked for what, about whom, and what came of it. */
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { OPTIONS } from '../config.ts'
import { AUDIT_SECRET_NOTE, hashOfId } from '../operating/audit.ts'
import { openGuest } from '../store/guest.ts'

const HELP = `usage: vestibule audit [options]

Prints the lines of the audit log that fit, oldest first. It reads beside a running server.

  --data FOLDER      the data folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}
  --file FILE        the log; else ${OPTIONS.auditFile.key}, else audit.log in the data folder; may be given again, for
                     rotated ones
  --who NAME         the key's name, or jwt:<sub>
  --what TEXT        part of the call: "GET /identities", "confirm"
  --about ID         an id of a person, visitor, visit or session as it was asked for: the log holds only its hash
  --from, --to TIME  ISO 8601, or epoch ms
  --failed           only what was refused or failed (400 and above)

exit code: 0 something fits, 1 nothing does, 2 it could not look
`

/** Prints what fits; the exit code. */
export async function audit(args: readonly string[]): Promise<number> {
  try {
    const wanted = await readWanted(args)
    if (wanted === null) {
      process.stdout.write(HELP)
      return 0
    }
    let found = 0
    for (const file of wanted.files) found += await print(file, wanted)
    return found > 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`vestibule audit: ${error.message}\n`)
    return 2
  }
}

interface Wanted {
  readonly files: readonly string[]
  readonly who: string | undefined
  readonly what: string | undefined
  /** The hash of an id. */
  readonly about: string | null
  readonly from: number
  readonly to: number
  readonly failed: boolean
}

async function readWanted(args: readonly string[]): Promise<Wanted | null> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ data: text, who: text, what: text, about: text, from: text, to: text },
      file: { type: 'string', multiple: true },
      failed: { type: 'boolean' },
      help: { type: 'boolean' },
    },
    allowPositionals: false,
  })
  if (values.help === true) return null
  const data = values.data || process.env[OPTIONS.data.key] || OPTIONS.data.fallback
  const files = values.file ?? [process.env[OPTIONS.auditFile.key] || join(data, 'audit.log')]
  for (const file of files)
    if (!existsSync(file)) throw new Error(`${file} is not there: name the log with --file`)
  return {
    files,
    who: values.who,
    what: values.what,
    about: values.about === undefined ? null : hashOfId(values.about, await secretOf(data)),
    from: timeOf(values.from) ?? Number.NEGATIVE_INFINITY,
    to: timeOf(values.to) ?? Number.POSITIVE_INFINITY,
    failed: values.failed === true,
  }
}

/** The secret of the hashes lies in the store. */
async function secretOf(data: string): Promise<string> {
  const guest = openGuest(data)
  try {
    const secret = guest.note(AUDIT_SECRET_NOTE)
    if (typeof secret === 'string') return secret
    throw new Error(`${data} knows no ids of an audit log: no server was started on it yet`)
  } finally {
    await guest.close()
  }
}

function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(time)) throw new Error(`"${text}" is no time: write 2026-01-31T08:00:00Z, or epoch ms`)
  return time
}

/** How many lines of this file fit. */
async function print(file: string, wanted: Wanted): Promise<number> {
  let found = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const call = parse(line)
    if (call === null || !fits(call, wanted)) continue
    found += 1
    process.stdout.write(`${line}\n`)
  }
  return found
}

interface Line {
  readonly time: string
  readonly who: string
  readonly what: string
  readonly about: Readonly<Record<string, string>>
  readonly outcome: number
}

/** A line that a crash cut short is none. */
function parse(line: string): Line | null {
  try {
    // The boundary to what this program has written; what is not of that form has no such fields, and fits nothing.
    return JSON.parse(line) as Line
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function fits(line: Line, { who, what, about, from, to, failed }: Wanted): boolean {
  const time = Date.parse(line.time)
  return (
    time >= from &&
    time <= to &&
    (who === undefined || line.who === who) &&
    (what === undefined || line.what.includes(what)) &&
    (about === null || Object.values(line.about).includes(about)) &&
    (!failed || line.outcome >= 400)
  )
}
