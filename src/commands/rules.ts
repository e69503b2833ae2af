/** `vestibule rules`: how rules did, how other rules would have done, and lifting a pause. A server may run meanwhile. */
import { parseArgs } from 'node:util'
import { OPTIONS } from '../config.ts'
import { RulesRefused } from '../rules/errors.ts'
import { StoreTooNew, StoreUnavailable } from '../store/errors.ts'
import { type Guest, openGuest } from '../store/guest.ts'
import { liftPause } from './rules/lift.ts'
import { printScores } from './rules/score.ts'
import { tryOnHistory } from './rules/try.ts'

const HELP = `usage: vestibule rules score [--data FOLDER]
       vestibule rules try RULES [--data FOLDER] [--samples N] [--show-ids]
       vestibule rules lift NAME [--data FOLDER]

score   prints, for each rule and version, how often its assumptions were right
try     asks other rules about stored history, without any effect: who would have been assumed, how often rightly, and
        what differs from what was. RULES is what ${OPTIONS.rules.key} takes: shipped:NAME, the path of a module, or
        several of them separated by commas. They may need no more than pastLinks. They run without a limit of time.
lift    lets a rule that was paused by its score be asked again; it is judged by what is decided from now on

  --data FOLDER   the folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}. A server may have it open.
  --samples N     differences shown of each kind; default 5
  --show-ids      shows identityIds; else they are hashed

exit code: 0 done, 1 it could not be done, 2 an argument was wrong
`

/** Samples that may be asked for of each kind. */
const SAMPLES_MAX = 1_000

/** What was asked for. */
interface Asked {
  readonly does: Does
  /** The rules to try, or the name of the rule to lift. */
  readonly what: string
  readonly data: string
  readonly samples: number
  readonly showIds: boolean
}

/** Does what was asked for; the exit code. */
export async function rules(args: readonly string[]): Promise<number> {
  const asked = read(args)
  if (typeof asked === 'number') return asked
  try {
    const guest = openGuest(asked.data)
    try {
      return await perform(asked, guest)
    } finally {
      await guest.close()
    }
  } catch (error) {
    const isKnown = [StoreTooNew, StoreUnavailable, RulesRefused].some((kind) => error instanceof kind)
    if (!isKnown || !(error instanceof Error)) throw error
    return refused(error.message, 1)
  }
}

function perform({ does, what, samples, showIds }: Asked, guest: Guest): number | Promise<number> {
  switch (does) {
    case 'score':
      return printScores(guest)
    case 'lift':
      return liftPause(guest, what)
    case 'try':
      return tryOnHistory(guest, { items: itemsOf(what), samples, showIds })
  }
}

/** As the configuration takes them. */
function itemsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** What can be done, and what it needs to be told. */
const NEEDED = {
  score: null,
  try: 'rules to try: shipped:NAME, or the path of a module',
  lift: 'the name of a rule',
} as const
type Does = keyof typeof NEEDED

function isDoes(text: string | undefined): text is Does {
  return text !== undefined && Object.hasOwn(NEEDED, text)
}

/** The arguments, or the exit code of an end at once. */
function read(args: readonly string[]): Asked | number {
  try {
    const options = {
      data: { type: 'string' },
      samples: { type: 'string' },
      'show-ids': { type: 'boolean' },
      help: { type: 'boolean' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (values.help === true) {
      process.stdout.write(HELP)
      return 0
    }
    const [does, ...words] = positionals
    if (!isDoes(does)) return lacks('one of score, try, lift')
    const needed = NEEDED[does]
    const [what = '', more] = needed === null ? ['', ...words] : words
    if (needed !== null && what === '') return lacks(needed)
    if (more !== undefined) return refused(`"${more}" is one argument too many`, 2)
    const samples = Number(values.samples ?? 5)
    if (!/^\d+$/.test(values.samples ?? '5') || samples > SAMPLES_MAX) {
      return refused(`--samples must be a whole number, 0..${SAMPLES_MAX}, got "${values.samples}"`, 2)
    }
    const data = values.data || process.env[OPTIONS.data.key] || OPTIONS.data.fallback
    return { does, what, data, samples, showIds: values['show-ids'] === true }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refused(error.message, 2)
  }
}

function lacks(what: string): number {
  return refused(`it needs ${what}; "vestibule rules --help" tells more`, 2)
}

function refused(why: string, code: number): number {
  process.stderr.write(`vestibule rules: ${why}\n`)
  return code
}
