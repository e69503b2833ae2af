/** backup, restore, export and import: what comes out is what went in, or is refused. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { backup } from '../../src/commands/backup.ts'
import { exportFolder } from '../../src/commands/export.ts'
import { importFolder } from '../../src/commands/import.ts'
import { restore } from '../../src/commands/restore.ts'
import { openStore } from '../../src/store/store.ts'
import { openRawFolder } from '../../src/store/transfer.ts'
import { startVestibule, type Vestibule } from '../browser/vestibule.ts'
import { said } from '../helpers/said.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { event as track } from '../live/a-server.ts'
import { type Folder, longFolder, richFolder } from './damaged-folder.ts'

const transfer = suite('vestibule backup, restore, export, import')

let rich: Folder
let other: ReturnType<typeof tempFolder>
transfer.before.each(async () => {
  rich = await richFolder()
  other = tempFolder()
})
transfer.after.each(() => {
  rich.remove()
  other.remove()
})

/** Every row of a folder as text, but for how often it was opened. */
async function rowsOf(path: string): Promise<readonly string[]> {
  const folder = openRawFolder(path)
  const rows = [...folder.rows()].filter(({ table }) => table !== 'meta')
  await folder.close()
  return rows.map(
    ({ table, key, value }) =>
      `${table} ${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`,
  )
}

transfer('a backup restored is the folder it was made of, row by row, and is proven', async () => {
  const [copy, data] = [join(other.path, 'copy'), join(other.path, 'data')]
  const made = await said(() => backup(['--data', rich.path, '--to', copy]))
  assert.is(made.code, 0, made.err)
  assert.match(made.out, /verified 2 visitors, .*: all agrees/)
  const restored = await said(() => restore(['--from', copy, '--data', data]))
  assert.is(restored.code, 0, restored.err)
  assert.equal(await rowsOf(data), await rowsOf(rich.path))
  assert.is(statSync(join(data, 'data.mdb')).mode & 0o777, 0o600)
  assert.not.ok(existsSync(join(data, 'copying')))
})

transfer('an export imported is the folder it was made of, row by row, and is proven', async () => {
  const long = await longFolder()
  for (const folder of [rich, long]) {
    const name = folder === rich ? 'rich' : 'long'
    const [file, data] = [join(other.path, `${name}.ndjson`), join(other.path, name)]
    const out = await said(() => exportFolder(['--data', folder.path, '--to', file]))
    assert.is(out.code, 0, out.err)
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) JSON.parse(line)
    assert.is(statSync(file).mode & 0o777, 0o600)
    const back = await said(() => importFolder(['--from', file, '--data', data]))
    assert.is(back.code, 0, back.err)
    assert.match(back.out, 'all agrees')
    assert.equal(await rowsOf(data), await rowsOf(folder.path))
  }
  long.remove()
})

transfer('an export to be read tells every entry of every visitor, in order', async () => {
  const { code, out } = await said(() => exportFolder(['--data', rich.path, '--entries']))
  assert.is(code, 0)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const store = await openStore({ path: rich.path, quotaBytes: 0, diskReserveBytes: 0 })
  const count = store.lastPosition()
  await store.close()
  assert.is(lines.length, count)
  const first = lines.filter(({ globalVisitID }) => globalVisitID === 'g1')
  assert.equal(
    first.map(({ seq }) => seq),
    first.map((_, index) => index + 1),
  )
  assert.ok(first.some(({ words }) => words?.eventName === 'SignIn'))
})

transfer('an export that is cut short, changed or none is refused, and nothing of it is left', async () => {
  const file = join(other.path, 'rows.ndjson')
  await said(() => exportFolder(['--data', rich.path, '--to', file]))
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const swapped = [lines[0], lines[2], lines[1], ...lines.slice(3)]
  const wrong: readonly (readonly [string, readonly (string | undefined)[], RegExp])[] = [
    ['cut', lines.slice(0, -1), /cut short/],
    ['a row less', [...lines.slice(0, 3), ...lines.slice(4)], /do not agree/],
    ['in another order', swapped, /do not agree/],
    ['no row', [lines[0], '{}', ...lines.slice(1)], /line 2 of the export is no row/],
    ['no head', lines.slice(1), /no export/],
    ['empty', [], /no export/],
    ['a newer layout', ['{"vestibule":"rows","layout":99}', ...lines.slice(1)], /layout 99/],
  ]
  for (const [what, text, expected] of wrong) {
    const [broken, data] = [join(other.path, 'broken'), join(other.path, 'data')]
    writeFileSync(broken, text.join('\n'))
    const { code, err } = await said(() => importFolder(['--from', broken, '--data', data]))
    assert.is(code, 2, what)
    assert.match(err, expected, what)
    assert.not.ok(existsSync(join(data, 'data.mdb')), what)
    assert.not.ok(existsSync(join(data, 'importing')), what)
    rmSync(broken)
  }
})

transfer('nothing is overwritten, and what is missing is said', async () => {
  const file = join(other.path, 'there')
  appendFileSync(file, '')
  const empty = join(other.path, 'empty')
  mkdirSync(empty)
  const refused: readonly (readonly [string, () => Promise<number>, RegExp])[] = [
    ['backup', () => backup(['--data', rich.path, '--to', rich.path]), /holds a store already/],
    ['backup', () => backup(['--data', empty, '--to', join(other.path, 'x')]), /holds no store/],
    ['backup', () => backup(['--data', rich.path]), /--to is missing/],
    ['backup', () => backup(['--nope']), /--nope/],
    ['restore', () => restore(['--from', rich.path, '--data', rich.path]), /holds a store already/],
    ['restore', () => restore(['--from', empty, '--data', join(other.path, 'y')]), /holds no store/],
    ['export', () => exportFolder(['--data', rich.path, '--to', file]), /EEXIST/],
    ['export', () => exportFolder(['--data', empty]), /holds no store/],
    ['import', () => importFolder(['--from', file, '--data', rich.path]), /holds a store already/],
    ['import', () => importFolder(['--from', '/nowhere', '--data', empty]), /ENOENT/],
  ]
  for (const [name, run, expected] of refused) {
    const { code, err } = await said(run)
    assert.is(code, 2, `${name}: ${err}`)
    assert.match(err, expected)
    assert.match(err, `vestibule ${name}: `)
  }
  for (const run of [backup, restore, exportFolder, importFolder]) {
    assert.match((await said(() => run(['--help']))).out, 'usage: vestibule')
  }
})

transfer('[Q4] no export is made of a folder that a server has; a backup is, while events come', async () => {
  const server = await startVestibule({})
  try {
    let sent = 0
    let isOver = false
    const sending = (async () => {
      while (!isOver) {
        await post(server, sent)
        sent += 1
      }
    })()
    const locked = await said(() => exportFolder(['--data', server.data]))
    assert.is(locked.code, 2)
    assert.match(locked.err, 'is in use by the process')
    for (let round = 0; round < 3; round += 1) {
      const before = sent
      const to = join(other.path, `copy-${round}`)
      const { code, out, err } = await said(() => backup(['--data', server.data, '--to', to]))
      assert.is(code, 0, `${out}${err}`)
      const store = await openStore({ path: to, quotaBytes: 0, diskReserveBytes: 0 })
      const kept = store.visitor(store.visitorNumber('g1'))?.seq ?? 0
      await store.close()
      assert.ok(kept >= before, `${kept} of ${before} acknowledged events are in the copy`)
    }
    isOver = true
    await sending
  } finally {
    await server.stop()
  }
})

async function post({ url }: Vestibule, count: number): Promise<void> {
  const events = [track(count === 0 ? 'VisitStarted' : 'Looked')]
  const body = JSON.stringify({ globalVisitID: 'g1', deviceToken: 'T'.repeat(32), sentAt: 1_000_000, events })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/track`, { method: 'POST', body, headers })
  if (!answer.ok) throw new Error(await answer.text())
  await answer.text()
}

transfer.run()
