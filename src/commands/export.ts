/** `vestibule export`: a data folder as lines of JSON, to be imported again or to be read. */
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { OPTIONS } from '../config.ts'
import type { Store } from '../store/contract.ts'
import { openStore } from '../store/store.ts'
import { holdsStore, openRawFolder } from '../store/transfer.ts'
import { createProgress, type Given, Refused, runCommand } from './transfer/command.ts'
import { exportLines, writeLines } from './transfer/lines.ts'

const HELP = `usage: vestibule export [--data FOLDER] [--to FILE] [--entries]

Writes a data folder as lines of JSON, to standard output or to a new file. No server may have the folder open: export a
backup where it has. Whoever reads an export reads everything: keep it as you keep the data folder.

  --data FOLDER    the folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}
  --to FILE        a file that is not there yet
  --entries        for reading elsewhere: every entry of every visitor, decoded, by visitor and seq. Without it: every
                   row as it lies there, for "vestibule import"

exit code: 0 all was written, 2 it could not
`

/** Exports; the exit code. `export` itself is a word of the language. */
export function exportFolder(args: readonly string[]): Promise<number> {
  return runCommand({ name: 'export', help: HELP, texts: ['to'], flags: ['entries'], run }, args)
}

async function run(given: Given): Promise<number> {
  const to = given.text('to')
  if (!holdsStore(given.data)) throw new Refused(`${given.data} holds no store: name its folder with --data`)
  const out = to === undefined ? process.stdout : createWriteStream(to, { flags: 'wx', mode: 0o600 })
  // What goes wrong with the file is thrown where it is waited for.
  const failed = to === undefined ? null : finished(out, { readable: false })
  failed?.catch(() => {})
  const written = given.flag('entries') ? writeEntries(given.data, out) : writeRows(given.data, out)
  const count = await (failed === null ? written : Promise.race([written, failed.then(() => 0)]))
  if (to !== undefined) {
    out.end()
    await failed
    process.stdout.write(`exported ${count} lines to ${to}\n`)
  }
  return 0
}

async function writeRows(data: string, out: Writable): Promise<number> {
  const folder = openRawFolder(data)
  const [tell, done] = createProgress()
  const all = folder.count()
  try {
    return await writeLines(
      out,
      counted(exportLines({ vestibule: 'rows', layout: folder.layout }, folder.rows())),
    )
  } finally {
    done()
    await folder.close()
  }

  function* counted(lines: Iterable<string>): Generator<string> {
    let count = 0
    for (const line of lines) {
      yield line
      count += 1
      tell(() => `${count} of ${all} rows`)
    }
  }
}

async function writeEntries(data: string, out: Writable): Promise<number> {
  const store = await openStore({ path: data, quotaBytes: 0, diskReserveBytes: 0 })
  const [tell, done] = createProgress()
  try {
    return await writeLines(out, entryLines(store, tell))
  } finally {
    done()
    await store.close()
  }
}

const SLICE_ROWS = 1_000

function* entryLines(store: Store, tell: ReturnType<typeof createProgress>[0]): Generator<string> {
  for (let from = 1; ; ) {
    const visitors = store.visitors({ from, limit: SLICE_ROWS })
    for (const { number, globalVisitID, keptFrom } of visitors) {
      for (let seq = keptFrom; ; ) {
        const entries = store.entries(number, { from: seq, limit: SLICE_ROWS })
        for (const entry of entries) yield JSON.stringify({ globalVisitID, ...entry })
        const last = entries.at(-1)
        if (last === undefined || entries.length < SLICE_ROWS) break
        seq = last.seq + 1
      }
      tell(() => `visitor ${number}`)
    }
    const last = visitors.at(-1)
    if (last === undefined || visitors.length < SLICE_ROWS) return
    from = last.number + 1
  }
}
