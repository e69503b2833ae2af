/** The whole server on a disk that is full, that nobody may write any more, or that is slow. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createLog } from '../../src/operating/log.ts'
import { startServer } from '../../src/server.ts'
import { startNumberedClient } from '../end-to-end/numbered-client.ts'
import { type CalmClient, startCalmClient } from '../helpers/calm-client.ts'
import { mountDisk, unmountDisk } from '../helpers/small-disk.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { keptIn, startWatchedServer, type WatchedServer } from '../helpers/watched-server.ts'
import { eventually } from '../helpers/within.ts'

const disk = suite('disk')

const MIB = 1024 * 1024

/** What the log may say of a disk; any other error would be a fault of ours. */
const ABOUT_THE_DISK = [
  'a commit failed; its visitors go on from the disk',
  'the audit log cannot be written; calls are answered without it',
]

/** Two browsers on a server whose disk fails and is mended: what holds for every such fault. */
async function withstand(server: WatchedServer, fault: { begin(): void; end(): void }): Promise<void> {
  const clients = [startCalmClient(server.track), startCalmClient(server.track, { identityId: 'ada' })]
  try {
    for (let times = 0; times < 2; times += 1) {
      await Promise.all(clients.map((one) => one.goesOn()))
      fault.begin()
      const { status, body } = await eventually(20_000, 'it says that it cannot keep anything', async () => {
        const health = await server.ask('/readyz')
        return health.status === 503 ? health : undefined
      })
      assert.is(status, 503)
      assert.match(String(body.reason), /^the (store cannot write|disk of) /)
      await eventually(
        20_000,
        'browsers are told',
        () => clients.every(({ closes }) => closes.includes(4001)) || undefined,
      )
      const known = clients[0]?.visitID
      const read = await server.ask(`/backend/data/visits/${known}`)
      assert.is(read.status, 200, 'reads go on')
      assert.is(read.body.visitId, known)
      assert.is((await server.ask('/healthz')).status, 200)
      fault.end()
      await Promise.all(clients.map((one) => one.goesOn()))
      assert.is((await server.ask('/readyz')).status, 200)
    }
    await proveNothingLost(server, clients)
  } finally {
    for (const client of clients) client.close()
  }
}

async function proveNothingLost(server: WatchedServer, clients: readonly CalmClient[]): Promise<void> {
  await Promise.all(clients.map((one) => one.finish()))
  for (const { closes, told } of clients) {
    assert.ok(
      closes.every((code) => code === 4001),
      `closed with ${closes.join()}`,
    )
    assert.equal(told, [])
  }
  const errors = server.logged.filter(({ level, msg }) => level >= 50 && !ABOUT_THE_DISK.includes(msg))
  assert.equal(errors, [])
  assert.is(await server.end(), 0)
  assert.equal(
    await server.kept(clients.map(({ globalVisitID }) => globalVisitID)),
    clients.map(({ acknowledged }) => acknowledged),
  )
  assert.is(await server.verify(), '')
}

let folder = tempFolder()
disk.before.each(() => {
  folder = tempFolder()
})
disk.after.each(() => folder.remove())

disk(
  '[Q2] a full disk: browsers hear 4001, /readyz says why, reads go on, and with room so does all else',
  async () => {
    // Where this user may not mount a disk, the store's own tests say what holds.
    if (!mountDisk(folder.path, 'size=8m')) return
    const args = ['--disk-reserve-bytes', '0']
    const server = await startWatchedServer({ data: join(folder.path, 'data'), args })
    const filler = join(folder.path, 'filler')
    try {
      await withstand(server, { begin: () => fill(filler), end: () => rmSync(filler) })
    } finally {
      await server.remove()
      unmountDisk(folder.path)
    }
  },
)

disk('[Q2] on a disk that nobody may write it does not start, and says what to do', async () => {
  if (!mountDisk(folder.path, 'size=1m', 'ro')) return
  try {
    const refused = await startWatchedServer({ data: folder.path }).catch((error: unknown) => error)
    assert.match(String(refused), 'ended with 1: vestibule serve:')
    assert.match(String(refused), 'name a folder with VESTIBULE_DATA that this user may write')
  } finally {
    unmountDisk(folder.path)
  }
})

const SLOW_PUT_MS = 2

disk('[Q2] a slow disk makes browsers wait, and loses and doubles nothing', async () => {
  let isSlow = false
  const still = new Int32Array(new SharedArrayBuffer(4))
  const beforePut = () => {
    if (isSlow) Atomics.wait(still, 0, 0, SLOW_PUT_MS)
  }
  const config = {
    ...defaultConfig(),
    port: 0,
    data: folder.path,
    waitingEntries: 8,
    eventsPerSecond: 10_000,
  }
  const server = await startServer({ config, log: createLog('silent'), beforePut })
  const track = `${server.url.replace('http', 'ws')}/track`
  const calm = Array.from({ length: 4 }, () => startCalmClient(track))
  const busy = Array.from({ length: 4 }, () => startNumberedClient(track))
  try {
    await Promise.all(calm.map((one) => one.goesOn()))
    isSlow = true
    await Promise.all(calm.map((one) => one.goesOn()))
    for (const one of busy) one.finish()
    await eventually(30_000, 'all is acknowledged', () => busy.every((one) => one.isDone()) || undefined)
    await Promise.all(calm.map((one) => one.finish()))
    assert.equal(
      calm.flatMap(({ told, closes }) => [...told, ...closes]),
      [],
    )
  } finally {
    for (const one of [...calm, ...busy]) one.close()
    await server.close()
  }
  const kept = await keptIn(
    folder.path,
    [...calm, ...busy].map(({ globalVisitID }) => globalVisitID),
  )
  assert.equal(
    kept,
    [...calm, ...busy].map(({ acknowledged }) => acknowledged),
  )
})

/** Writes until the disk takes no more. */
function fill(path: string): void {
  for (const bytes of [16 * MIB, 64 * 1024, 4_096]) {
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      if (!String(error).includes('ENOSPC')) throw error
    }
  }
}

disk.run()
