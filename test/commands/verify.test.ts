/** `vestibule verify` as a command: what it says, and with which exit code. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verify } from '../../src/commands/verify.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { event, openRoom } from '../visitors/a-room.ts'
import { there } from './damaged-folder.ts'

const command = suite('vestibule verify')

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs it in this process; what it writes is kept, not shown. */
async function run(...args: string[]): Promise<Said> {
  const said = { out: '', err: '' }
  const { stdout, stderr } = process
  const write = { out: stdout.write, err: stderr.write }
  stdout.write = (text: string | Uint8Array): boolean => {
    said.out += String(text)
    return true
  }
  stderr.write = (text: string | Uint8Array): boolean => {
    said.err += String(text)
    return true
  }
  try {
    return { code: await verify(args), ...said }
  } finally {
    stdout.write = write.out
    stderr.write = write.err
  }
}

async function folderWithHistory(): Promise<{ readonly path: string; readonly remove: () => void }> {
  const room = await openRoom()
  const data = { name: 'Pat Secret', email: 'pat@example.com' }
  await room.record('g1', event('VisitStarted'), event('SignIn', { identityId: 'pat@example.com', data }))
  await room.close()
  return room
}

const readOf = (path: string): Promise<Said> => run('--data', path)

command('[Q1] a folder in order: one line with what was read, exit code 0; again and again', async () => {
  const { path, remove } = await folderWithHistory()
  for (const _ of [1, 2]) {
    const { code, out, err } = await readOf(path)
    assert.is(
      out,
      'verified 1 visitors, 2 entries, 1 visits, 1 sessions, 0 pages, 1 identities, 1 contact rows: all agrees\n',
    )
    assert.equal([code, err], [0, ''])
  }
  remove()
})

command('[Q1] damage: a line for each finding, nothing personal in it, exit code 1', async () => {
  const { path, remove } = await folderWithHistory()
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  const draft = store.createDraft()
  draft.putVisit({ ...there(store.visit(1, 1)), visitId: 'somebody-else', reason: 'closed' })
  draft.putIdentity({ ...there(store.identity(1)), identityId: 'eve@example.com' })
  await store.commit(draft, { at: store.lastAt() })
  await store.close()
  const { code, out } = await readOf(path)
  assert.is(code, 1)
  assert.match(out, /^visitor 1: visit 1\.visitId: expected another text, found another text$/m)
  assert.match(out, /: \d+ findings\n$/)
  assert.not.match(out, /example|Secret|somebody/)
  remove()
})

command('a folder that a server has open is refused: exit code 2', async () => {
  const { path, remove } = await folderWithHistory()
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  const { code, out, err } = await readOf(path)
  assert.equal([code, out], [2, ''])
  assert.match(err, /is in use by/)
  await store.close()
  remove()
})

command('a folder that a later machine has written is refused: exit code 2', async () => {
  const { path, remove } = await folderWithHistory()
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  await store.saveNote('machineVersion', 99)
  await store.close()
  const { code, err } = await readOf(path)
  assert.is(code, 2)
  assert.match(err, /version 99/)
  remove()
})

command('a folder without a store is refused, and none is made: exit code 2', async () => {
  const { path, remove } = tempFolder()
  const missing = join(path, 'none')
  for (const folder of [path, missing]) {
    const { code, err } = await readOf(folder)
    assert.is(code, 2)
    assert.match(err, /holds no store: name its folder with --data/)
  }
  assert.not.ok(existsSync(missing))
  remove()
})

command('wrong arguments: exit code 2; --help: 0', async () => {
  for (const args of [['--nonsense'], ['folder'], ['--data']]) {
    const { code, err } = await run(...args)
    assert.is(code, 2, args.join(' '))
    assert.match(err, /^vestibule verify: /)
  }
  const { code, out } = await run('--help')
  assert.is(code, 0)
  assert.match(out, /^usage: vestibule verify/)
})

command('an empty store is in order', async () => {
  const { path, remove } = tempFolder()
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  await store.close()
  assert.is((await readOf(path)).code, 0)
  remove()
})

command(
  '[Q12] a folder with an erasure that is not done is not judged: the server goes on with it first',
  async () => {
    const { path, remove } = await folderWithHistory()
    const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
    const subject = { name: 'pat@example.com', number: 1, pseudonym: 'p1', position: 2 }
    const row = {
      id: 'e1',
      kind: 'person',
      begunAt: 1,
      finishedAt: 0,
      subject,
      counts: {},
      unreached: [],
    } as const
    await store.erase({ erasure: row })
    await store.close()
    const half = await readOf(path)
    assert.is(half.code, 2)
    assert.match(half.err, '1 erasures are not done')
    assert.not.match(half.err, 'pat')
    const again = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
    await again.erase({ erasure: { ...row, finishedAt: 2, subject: null } })
    await again.close()
    assert.is((await readOf(path)).code, 0)
    remove()
  },
)

command.run()
