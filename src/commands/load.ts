/** `vestibule load`: a plausible crowd against a running server. */
import { type Ledger, openLedger } from './load/ledger.ts'
import { LOAD_HELP, LoadArgumentError, type LoadOptions, readLoadOptions } from './load/options.ts'
import { progressLine, summary } from './load/report.ts'
import { runLoad } from './load/run.ts'

/** Runs it and tells how it went. 0 = all was acknowledged, 1 = not all, 2 = an argument was wrong. */
export async function load(args: readonly string[]): Promise<number> {
  const options = read(args)
  if (typeof options === 'number') return options
  const ledger = open(options)
  if (ledger === null) return 2
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  const ended = await runLoad(options, {
    ledger,
    signal: stop.signal,
    progress: (progress) => tell(progressLine(progress)),
  })
  process.off('SIGINT', onInterrupt)
  await ledger.close()
  const { text, ok } = summary(options, ended)
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  process.stdout.write(text)
  return ok ? 0 : 1
}

function read(args: readonly string[]): LoadOptions | number {
  try {
    const options = readLoadOptions(args, Date.now() % 2 ** 32)
    if (options !== null) return options
    process.stdout.write(LOAD_HELP)
    return 0
  } catch (cause) {
    if (!(cause instanceof LoadArgumentError)) throw cause
    process.stderr.write(`vestibule load: ${cause.message}\n`)
    return 2
  }
}

function open({ truth, acked }: LoadOptions): Ledger | null {
  try {
    return openLedger(truth, acked)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    process.stderr.write(`vestibule load: --truth or --acked cannot be written: ${why}\n`)
    return null
  }
}

/** On a terminal one line that changes, else one line after another. */
function tell(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}
