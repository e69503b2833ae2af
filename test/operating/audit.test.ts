/** The audit log: a line for each call, ids as hashes, and what happens where it cannot be written. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { audit as command } from '../../src/commands/audit.ts'
import { AUDIT_SECRET_NOTE, createAudit, hashOfId, openAuditSecret } from '../../src/operating/audit.ts'
import { openStore } from '../../src/store/store.ts'
import { said } from '../helpers/said.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { event, KEY, openServer } from '../live/a-server.ts'

const audit = suite('audit')

const CALL = {
  who: 'desk',
  what: 'GET /identities/{identityId}',
  about: { identityId: 'pat@example.com' },
  outcome: 200,
}

function opened() {
  const folder = tempFolder()
  const path = join(folder.path, 'audit.log')
  const told: string[] = []
  const note = (_: object, message: string) => void told.push(message)
  const log = createAudit({ path, secret: 'a secret', now: () => 0, log: { error: note, info: note } })
  const lines = () =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { path, log, told, lines, remove: folder.remove }
}

audit('a call is one line: who, what, when, about whom as a hash, and what came of it', async () => {
  const { path, log, lines, remove } = opened()
  await log.tell(CALL)
  assert.equal(lines(), [
    {
      time: '1970-01-01T00:00:00.000Z',
      who: 'desk',
      what: 'GET /identities/{identityId}',
      about: { identityId: hashOfId('pat@example.com', 'a secret') },
      outcome: 200,
    },
  ])
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.not.match(readFileSync(path, 'utf8'), 'pat@example.com')
  remove()
})

audit('calls that come together are written together, in order', async () => {
  const { log, lines, remove } = opened()
  await Promise.all(Array.from({ length: 100 }, (_, outcome) => log.tell({ ...CALL, outcome })))
  assert.equal(
    lines().map(({ outcome }) => outcome),
    Array.from({ length: 100 }, (_, outcome) => outcome),
  )
  remove()
})

audit('a file that was moved away is made anew: whoever rotates it tells nobody', async () => {
  const { path, log, lines, remove } = opened()
  await log.tell(CALL)
  renameSync(path, `${path}.1`)
  await log.tell({ ...CALL, who: 'second' })
  assert.equal(
    lines().map(({ who }) => who),
    ['second'],
  )
  remove()
})

audit('[Q2] where it cannot be written calls are answered, the loss is counted and said once', async () => {
  const { path, log, told, lines, remove } = opened()
  mkdirSync(path)
  await log.tell(CALL)
  await log.tell(CALL)
  assert.is(log.lost(), 2)
  assert.is(told.length, 1)
  rmSync(path, { recursive: true })
  await log.tell(CALL)
  assert.is(lines().length, 1)
  assert.is(told.length, 2)
  remove()
})

audit('an identity in another spelling has the same hash; the secret is made once', async () => {
  assert.is(hashOfId(' Ame\u0301lie ', 's'), hashOfId('Am\u00e9lie', 's'))
  assert.is.not(hashOfId('pat', 's'), hashOfId('pat', 't'))
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  const secret = await openAuditSecret(store)
  assert.is(await openAuditSecret(store), secret)
  assert.is(store.note(AUDIT_SECRET_NOTE), secret)
  await store.close()
  folder.remove()
})

audit(
  'every read of a person and every refusal leaves its line; `vestibule audit` finds them by id',
  async () => {
    const server = await openServer()
    await server.track('g1', [event('VisitStarted')])
    for (const path of ['visits/v1', 'visits/v2', 'contacts?globalVisitID=g1', 'rules']) {
      await (await fetch(`${server.url}/backend/data/${path}`, { headers: KEY })).text()
    }
    const poor = { authorization: 'Bearer poor-secret-012345' }
    await (await fetch(`${server.url}/backend/data/visits/v1`, { headers: poor })).text()
    const reader = await server.listen('?globalVisitID=g1')
    reader.close()
    await server.stop()
    const run = async (...args: string[]) => {
      const { code, out } = await said(() => command(['--data', server.path, ...args]))
      const lines =
        out.trim() === ''
          ? []
          : out
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line))
      return { code, calls: lines.map(({ who, what, outcome }) => `${who} ${what} ${outcome}`) }
    }
    assert.equal((await run('--about', 'v1')).calls, [
      'reader GET /visits/{visitId} 200',
      'poor GET /visits/{visitId} 403',
    ])
    assert.equal((await run('--about', 'g1')).calls, ['reader GET /contacts 204', 'reader GET /live 200'])
    assert.equal((await run('--failed', '--who', 'reader', '--what', '/visits')).calls, [
      'reader GET /visits/{visitId} 404',
    ])
    assert.is((await run('--from', '2999-01-01T00:00:00Z')).code, 1)
    assert.is((await run('--to', String(Date.now() + 1_000))).code, 0)
    assert.is((await run('--from', 'yesterday')).code, 2)
    assert.is((await run('--file', '/nowhere')).code, 2)
    await server.close()
  },
)

audit.run()
