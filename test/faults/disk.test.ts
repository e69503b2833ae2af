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
import { canFailCalls, type Failing, type FailingCalls, failCalls } from '../helpers/failing-calls.ts'
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
  'deadlines could not be kept; they are tried again',
]

/** Two browsers on a server whose disk fails and is mended: what holds for every such fault. */
async function withstand(server: WatchedServer, fault: { begin(): unknown; end(): unknown }): Promise<void> {
  const clients = [startCalmClient(server.track), startCalmClient(server.track, { identityId: 'ada' })]
  try {
    for (let times = 0; times < 2; times += 1) {
      await Promise.all(clients.map((one) => one.goesOn()))
      await fault.begin()
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
      await fault.end()
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
    const filler = join(folder.path, 'filler')
    try {
      const server = await startWatchedServer({ data: join(folder.path, 'data'), args })
      try {
        await withstand(server, { begin: () => fill(filler), end: () => rmSync(filler) })
      } finally {
        await server.remove()
      }
    } finally {
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

const WRITES = ['write', 'writev', 'pwrite64', 'pwritev', 'ftruncate', 'fallocate', 'fsync', 'fdatasync']

/** What a server writes to: its rows, and who asked. */
const filesOf = (data: string): readonly string[] => [join(data, 'data.mdb'), join(data, 'audit.log')]

/** A fault that comes over the files of a server, and goes. */
function callsOf(server: WatchedServer, failing: Omit<Failing, 'pid'>) {
  let calls: FailingCalls | undefined
  return {
    async begin() {
      calls = await failCalls({ pid: Number(server.child().pid), ...failing })
    },
    end: () => calls?.end(),
  }
}

disk(
  '[Q2] a disk that turns read-only under it: browsers hear 4001, reads go on, and when it may be written all goes on',
  async () => {
    if (!canFailCalls()) return
    const server = await startWatchedServer({ data: folder.path })
    try {
      await withstand(
        server,
        callsOf(server, { paths: filesOf(folder.path), calls: WRITES, how: 'error=EROFS' }),
      )
    } finally {
      await server.remove()
    }
  },
)

disk(
  '[Q1] [Q2] a disk that writes and cannot flush: what was visible and refused counts once, from the next flush on',
  async () => {
    if (!canFailCalls()) return
    const server = await startWatchedServer({ data: folder.path })
    try {
      await withstand(
        server,
        callsOf(server, { paths: filesOf(folder.path), calls: ['fdatasync'], how: 'error=EIO' }),
      )
    } finally {
      await server.remove()
    }
  },
)

const TRIES = 60

/** Fails one write of a commit, another one with each try: in the end it is the page that says which rows count. */
async function breakOneWrite(server: WatchedServer, tries: number): Promise<void> {
  const calls = await failCalls({
    pid: Number(server.child().pid),
    paths: [join(folder.path, 'data.mdb')],
    calls: ['pwrite64'],
    how: `error=EIO:when=${1 + (tries % 5)}`,
  })
  await eventually(20_000, 'a write fails', () => calls.met() > 0 || !server.isRunning() || undefined)
  await calls.end()
  await eventually(20_000, 'it goes on, or ends', async () => {
    const health = await server.ask('/readyz').catch(() => undefined)
    return health?.status === 200 || !server.isRunning() || undefined
  })
}

disk(
  '[Q1] [Q2] where LMDB gives the folder up the process ends and says so; started again, all that was acknowledged is there',
  async () => {
    if (!canFailCalls()) return
    const server = await startWatchedServer({ data: folder.path })
    const clients = [startCalmClient(server.track), startCalmClient(server.track)]
    try {
      await Promise.all(clients.map((one) => one.goesOn()))
      for (let tries = 0; server.isRunning() && tries < TRIES; tries += 1) await breakOneWrite(server, tries)
      assert.is(server.child().exitCode, 1)
      assert.ok(
        server.logged.some(({ msg }) => msg === 'the store is broken; this process ends, start it again'),
      )
      await server.start()
      await Promise.all(clients.map((one) => one.goesOn()))
      await Promise.all(clients.map((one) => one.finish()))
      assert.is(await server.end(), 0)
      assert.equal(
        await server.kept(clients.map(({ globalVisitID }) => globalVisitID)),
        clients.map(({ acknowledged }) => acknowledged),
      )
      assert.is(await server.verify(), '')
    } finally {
      for (const client of clients) client.close()
      await server.remove()
    }
  },
)

disk(
  '[Q2] a disk that takes a tenth of a second to flush: who reads does not wait for who writes',
  async () => {
    if (!canFailCalls()) return
    const server = await startWatchedServer({ data: folder.path })
    const clients = Array.from({ length: 20 }, () => startCalmClient(server.track))
    try {
      await Promise.all(clients.map((one) => one.goesOn()))
      const slow = callsOf(server, {
        paths: filesOf(folder.path),
        calls: ['fdatasync'],
        how: 'delay_enter=100000',
      })
      await slow.begin()
      let reads = 0
      const served = Promise.all(clients.map((one) => one.goesOn(10)))
      let isOver = false
      void served.finally(() => {
        isOver = true
      })
      while (!isOver) {
        const { status } = await server.ask(`/backend/data/visits/${clients[0]?.visitID}`)
        assert.is(status, 200)
        reads += 1
      }
      await served
      await slow.end()
      assert.ok(reads > 20, `${reads} reads were answered meanwhile`)
      await proveNothingLost(server, clients)
    } finally {
      for (const client of clients) client.close()
      await server.remove()
    }
  },
)

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
