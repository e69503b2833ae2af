/** `vestibule import`: makes a data folder of an export, and proves it. */
import { createReadStream, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OPTIONS } from '../config.ts'
import { holdsStore, makeRawFolder, type RawRow } from '../store/transfer.ts'
import { createProgress, type Given, Refused, runCommand } from './transfer/command.ts'
import { readExport } from './transfer/lines.ts'
import { verify } from './verify.ts'

const HELP = `usage: vestibule import [--from FILE] [--data FOLDER] [--skip-verify]

Reads what "vestibule export" wrote, from standard input or a file, into a data folder that holds no store yet, and
proves it as "vestibule verify" does. An export that is cut short or was changed is refused, and nothing of it is left.

  --from FILE      the export
  --data FOLDER    the folder; else ${OPTIONS.data.key}, else ${OPTIONS.data.fallback}
  --skip-verify    imports only

exit code: 0 imported and proven, 1 something in it does not agree, 2 it could not import
`

/** Imports; the exit code. `import` itself is a word of the language. */
export function importFolder(args: readonly string[]): Promise<number> {
  return runCommand({ name: 'import', help: HELP, texts: ['from'], flags: ['skip-verify'], run }, args)
}

async function run(given: Given): Promise<number> {
  const { data } = given
  if (holdsStore(data)) throw new Refused(`${data} holds a store already: name another folder`)
  const from = given.text('from')
  const { head, rows } = await readExport(from === undefined ? process.stdin : createReadStream(from))
  const draft = join(data, 'importing')
  rmSync(draft, { recursive: true, force: true })
  try {
    const count = await putAll(draft, head.layout, rows)
    renameSync(join(draft, 'data.mdb'), join(data, 'data.mdb'))
    process.stdout.write(`imported ${count} rows to ${data}\n`)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return given.flag('skip-verify') ? 0 : verify(['--data', data])
}

/** Rows of one transaction. */
const BATCH_ROWS = 5_000

async function putAll(path: string, layout: number, rows: AsyncIterable<RawRow>): Promise<number> {
  const folder = makeRawFolder(path, layout)
  const [tell, done] = createProgress()
  let count = 0
  let batch: RawRow[] = []
  const put = async (): Promise<void> => {
    await folder.put(batch)
    count += batch.length
    batch = []
    tell(() => `${count} rows`)
  }
  try {
    for await (const row of rows) if (batch.push(row) >= BATCH_ROWS) await put()
    await put()
    return count
  } finally {
    done()
    await folder.close()
  }
}
