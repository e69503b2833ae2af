/** Q12 over the whole server: what History says of what is not kept any more; copies of such a folder. */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { backup } from '../../src/commands/backup.ts'
import { exportFolder } from '../../src/commands/export.ts'
import { importFolder } from '../../src/commands/import.ts'
import { verify } from '../../src/commands/verify.ts'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { DAY_MS } from '../../src/retention/limits.ts'
import { startServer } from '../../src/server.ts'
import { said } from '../helpers/said.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { event } from '../visitors/a-room.ts'
import { type House, openHouse } from './a-house.ts'
import { visits } from './a-life.ts'

const server = suite('retention over the whole server')

const KEY = 'keeping-secret-0123'
const BASE = '/backend/data'

type Ask = (
  path: string,
) => Promise<{ readonly status: number; readonly said: unknown; readonly next: string }>

/** Asks a server over the house's folder, which is its own meanwhile. */
async function asking(house: House, ask: (ask: Ask) => Promise<void>): Promise<void> {
  await house.retention.close()
  await house.erasures.close()
  await house.room.close()
  const keys = `desk:${KEY}:history:read+metrics`
  const config = { ...defaultConfig(), data: house.room.path, port: 0, keys, restartGraceMs: 0 }
  const { url, close } = await startServer({ config, log: createLog('silent') })
  await ask(async (path) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${KEY}` } })
    const text = await response.text()
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    return {
      status: response.status,
      said: isJson && text !== '' ? JSON.parse(text) : text,
      next: response.headers.get('paging-next') ?? '',
    }
  })
  await close()
  await house.room.start()
  await house.crash()
}

const seqsOf = (list: unknown): readonly number[] =>
  (list as readonly { seq: number }[]).map(({ seq }) => seq)

server('[H2] a moment before what is kept is a 410; lists begin later, and their cursors go on', async () => {
  const house = await openHouse({ keepDays: 10 })
  const { room } = house
  await visits(room, 'g1', 'old')
  const oldAt = room.store.lastAt()
  room.passes(8 * DAY_MS)
  await visits(room, 'g1', 'new')
  await room.record('g1', event('Viewed', { visit: 'new-visit' }))
  const newAt = room.store.lastAt()
  let cursor = ''
  await asking(house, async (ask) => {
    const page = await ask(`${BASE}/visitors/g1/stream?page_size=3&from=${oldAt - DAY_MS}`)
    assert.equal(seqsOf(page.said), [1, 2, 3])
    cursor = page.next
    assert.is((await ask(`${BASE}/visitors/g1?seq=2`)).status, 200)
  })
  await house.ages(5)
  const kept = room.store.visitor(room.store.visitorNumber('g1'))?.keptFrom ?? 0
  assert.ok(kept > 3)
  await asking(house, async (ask) => {
    const stream = `${BASE}/visitors/g1/stream`
    const going = await ask(`${stream}?page_size=3&from=${oldAt - DAY_MS}&page_next=${cursor}`)
    assert.is(going.status, 200)
    assert.equal(seqsOf(going.said), [kept, kept + 1, kept + 2])
    assert.is(seqsOf((await ask(stream)).said)[0], kept)
    assert.is((await ask(`${stream}?from=${oldAt}`)).status, 410)
    assert.is((await ask(`${stream}?from=${newAt}`)).status, 200)
    assert.is((await ask(`${BASE}/visitors/g1?seq=${kept - 1}`)).status, 410)
    assert.is((await ask(`${BASE}/visitors/g1?seq=${kept}`)).status, 200)
    assert.is((await ask(`${BASE}/visitors/g1?at=${oldAt}`)).status, 410)
    assert.is((await ask(`${BASE}/visitors/g1?at=${newAt}`)).status, 200)
    assert.is((await ask(`${BASE}/visits/old-visit`)).status, 404)
    assert.is((await ask(`${BASE}/identities/old@example.com`)).status, 404)
    const contacts = await ask(`${BASE}/contacts`)
    const people = (contacts.said as readonly { identityId: string }[]).map(({ identityId }) => identityId)
    assert.equal([...new Set(people)], ['new@example.com'])
    const users = await ask(`${BASE}/useridentifications`)
    assert.is((users.said as readonly unknown[]).length, 1)
    assert.match(String((await ask('/metrics')).said), /vestibule_retention_kept_since_seconds 17\d{8}/)
  })
  await house.end()
})

server('[Q12] a folder of which a part is gone is proven, copied, exported and imported', async () => {
  const house = await openHouse({ keepDays: 10 })
  const { room } = house
  await visits(room, 'g1', 'old')
  await visits(room, 'g2', 'lone')
  room.passes(8 * DAY_MS)
  await visits(room, 'g1', 'new')
  await house.ages(5)
  await house.retention.close()
  await house.erasures.close()
  await room.close()
  const other = tempFolder()
  const [copy, file, data] = [join(other.path, 'copy'), join(other.path, 'rows'), join(other.path, 'data')]
  const commands = [
    () => verify(['--data', room.path]),
    () => backup(['--data', room.path, '--to', copy]),
    () => exportFolder(['--data', room.path, '--to', file]),
    () => importFolder(['--from', file, '--data', data]),
    () => verify(['--data', data]),
  ]
  for (const command of commands) {
    const told = await said(command)
    assert.is(told.code, 0, told.out + told.err)
  }
  other.remove()
  await room.start()
  await house.crash()
  await house.end()
})

server.run()
