/** What backup, restore, export and import share: their options, what they say of a refusal, and how far they are. */
import { parseArgs } from 'node:util'
import { OPTIONS } from '../../config.ts'
import { StoreLocked, StoreTooNew, StoreUnavailable } from '../../store/errors.ts'

/** A wrong option, or something that is not as it must be: said in one sentence. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export interface Command {
  readonly name: string
  readonly help: string
  /** Options with a value, beside `--data`; and those without. */
  readonly texts: readonly string[]
  readonly flags: readonly string[]
  /** The exit code. */
  readonly run: (given: Given) => Promise<number>
}

export interface Given {
  readonly data: string
  readonly text: (name: string) => string | undefined
  readonly flag: (name: string) => boolean
}

/** Runs it; 2 where it was refused. */
export async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  try {
    const given = read(command, args)
    if (given !== null) return await command.run(given)
    process.stdout.write(command.help)
    return 0
  } catch (error) {
    const isKnown = [Refused, StoreLocked, StoreTooNew, StoreUnavailable].some(
      (kind) => error instanceof kind,
    )
    if (!(error instanceof Error) || !(isKnown || isOfArgumentsOrFiles(error))) throw error
    process.stderr.write(`vestibule ${command.name}: ${error.message}\n`)
    return 2
  }
}

function read({ texts, flags }: Command, args: readonly string[]): Given | null {
  const options = {
    ...Object.fromEntries([...texts, 'data'].map((name) => [name, { type: 'string' }] as const)),
    ...Object.fromEntries([...flags, 'help'].map((name) => [name, { type: 'boolean' }] as const)),
  }
  const { values } = parseArgs({ args: [...args], options, allowPositionals: false })
  if (values.help === true) return null
  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    data: text('data') ?? (process.env[OPTIONS.data.key] || OPTIONS.data.fallback),
    text,
    flag: (name) => values[name] === true,
  }
}

function isOfArgumentsOrFiles(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return code.startsWith('ERR_PARSE_ARGS') || 'syscall' in error
}

/** The value of an option that must be there. */
export function required({ text }: Given, name: string): string {
  const value = text(name)
  if (value === undefined) throw new Refused(`--${name} is missing; see --help`)
  return value
}

const CLEAR_LINE = '\r\u001b[K'
const PROGRESS_MS = 500

/** On a terminal one line says how far it is; the second function takes it away. */
export function createProgress(): readonly [tell: (line: () => string) => void, done: () => void] {
  let next = 0
  const isShown = process.stderr.isTTY
  return [
    (line) => {
      if (!isShown || performance.now() < next) return
      next = performance.now() + PROGRESS_MS
      process.stderr.write(`${CLEAR_LINE}${line()}`)
    },
    () => {
      if (isShown) process.stderr.write(CLEAR_LINE)
    },
  ]
}
