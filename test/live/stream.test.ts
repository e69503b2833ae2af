/** One stream: it waits for its reader, and what waits is on disk. */
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { PassThrough } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLive, type LiveParts } from '../../src/live/live.ts'
import { startStream } from '../../src/live/stream.ts'
import { createWindows } from '../../src/live/windows.ts'
import type { ChangeRow, CommitRow } from '../../src/store/rows.ts'
import { eventually, within } from '../helpers/within.ts'
import { openReader } from './a-server.ts'

const stream = suite('live: streams')

/** Commits of one entry each, whose change carries `bytes`. */
function createRows(bytes: number) {
  const rows: { readonly commit: CommitRow; readonly change: ChangeRow }[] = []
  const reads = { count: 0 }
  return {
    reads,
    add(): void {
      const position = rows.length + 1
      const stretches = [{ number: 1, firstSeq: position, count: 1, contents: 8 }]
      const data = { state: 'Anonymous', position, padding: 'x'.repeat(bytes) }
      rows.push({
        commit: { position, at: position, stretches },
        change: {
          position,
          n: 1,
          number: 1,
          globalVisitID: 'g1',
          seq: position,
          at: position,
          kind: 'identity',
          name: 'anonymous',
          data,
        },
      })
    },
    store: {
      lastPosition: () => rows.length,
      commits: ({ from = 0, to = 0, limit }: { from?: number; to?: number; limit: number }) => {
        reads.count += 1
        return rows
          .filter(({ commit }) => commit.position >= from && commit.position <= to)
          .slice(0, limit)
          .map(({ commit }) => commit)
      },
      changes: ({ from = 0, to = 0 }: { from?: number; to?: number }) =>
        rows.map(({ change }) => change).filter(({ position }) => position >= from && position <= to),
      entries: () => [],
      visitorNumber: () => 1,
      identityNumber: () => 0,
      linksOfIdentity: () => [],
      name: () => null,
      link: () => null,
    },
  }
}

async function openLive(bytes: number, over: Partial<LiveParts<{ readonly name: string }>['config']> = {}) {
  const rows = createRows(bytes)
  const committed = new EventEmitter()
  const clock = { uptime: 0 }
  const live = createLive({
    store: rows.store,
    onCommitted: (listener) => {
      const tell = () => listener({ changes: [], visits: [] })
      committed.on('commit', tell)
      return () => committed.off('commit', tell)
    },
    access: {
      admit: async () => ({ name: 'desk' }),
      slow: async () => null,
      holds: () => true,
      onReplaced: () => () => {},
    },
    audit: async () => {},
    describeEvent: () => ({}),
    config: { liveKeepMs: 1_000_000, liveStallMs: 1_000, liveStreams: 10, ...over },
    allEvents: false,
    clock: { now: () => 0, uptime: () => clock.uptime },
    log: { error: (fields) => assert.unreachable(JSON.stringify(fields)) },
  })
  const app = new Hono()
  app.route('/', live.app)
  const http = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    live,
    rows,
    clock,
    listen: (query = '') => openReader(`http://127.0.0.1:${port}/live?kind=identity${query}`, {}),
    commit: (count: number) => {
      for (let made = 0; made < count; made += 1) rows.add()
      committed.emit('commit')
    },
    close: async () => {
      await live.close()
      await new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      })
    },
  }
}

stream('a reader that takes nothing is not buffered for: it is cut past liveStallMs, not at it', async () => {
  const { live, clock, listen, commit, close } = await openLive(100_000)
  const reader = await listen()
  reader.pause()
  commit(400)
  // Far more than all buffers between: it stalls, and most of the 40 MB is never read from the store.
  await eventually(5_000, 'the stream to stall', () => {
    live.sweep()
    return live.count() === 1 && reader.text().length < 4_000_000 ? true : undefined
  })
  clock.uptime = 1_000
  live.sweep()
  assert.is(live.count(), 1)
  await eventually(5_000, 'the cut', () => {
    clock.uptime += 1_001
    live.sweep()
    return live.count() === 0 || undefined
  })
  reader.resume()
  await within(5_000, 'the end', reader.over)
  await close()
})

stream('a stream whose reader takes nothing is cut where another is ended', async () => {
  const rows = createRows(10)
  rows.add()
  const opened = (takes: boolean) => {
    const response = new PassThrough()
    if (!takes) response.write = () => false
    const told = startStream({
      response,
      after: 0,
      readWindow: createWindows(rows.store),
      tell: () => [{ position: 1, kind: 'visit', data: {} }],
      keptSince: () => 0,
      uptime: () => 7,
      failed: (error) => assert.unreachable(String(error)),
    })
    return { response, told }
  }
  const [taking, stalled] = [opened(true), opened(false)]
  await eventually(5_000, 'the stall', () => (stalled.told.stalledAt() === 7 ? true : undefined))
  await Promise.all([taking.told.end('over'), stalled.told.end('over')])
  assert.ok(taking.response.writableEnded && !taking.response.destroyed)
  assert.ok(stalled.response.destroyed)
  assert.match(String(taking.response.read()), ': over\n\n')
})

stream('streams that are asked for together count together', async () => {
  const { listen, close } = await openLive(10, { liveStreams: 3 })
  const readers = await Promise.all(Array.from({ length: 8 }, () => listen()))
  assert.is(readers.filter(({ status }) => status === 200).length, 3)
  for (const reader of readers) reader.close()
  await close()
})

stream('a slow reader that reads on misses nothing', async () => {
  const { listen, commit, close } = await openLive(50_000)
  const reader = await listen()
  reader.pause()
  commit(200)
  commit(200)
  reader.resume()
  for (let position = 1; position <= 400; position += 1) {
    assert.is((await reader.next()).data.position, position)
  }
  await close()
})

stream('streams at the same place share what is read', async () => {
  const { rows, listen, commit, close } = await openLive(10)
  const readers = await Promise.all(Array.from({ length: 8 }, () => listen('&globalVisitID=g1')))
  const before = rows.reads.count
  commit(3)
  for (const reader of readers) for (let count = 0; count < 3; count += 1) await reader.next()
  assert.ok(rows.reads.count - before <= 3, `${rows.reads.count - before} reads`)
  await close()
})

stream('a beat says how far it is, so that a quiet reader can come back later', async () => {
  const { live, listen, commit, close } = await openLive(10)
  const reader = await listen('&globalVisitID=g9')
  commit(5)
  await eventually(5_000, 'the position', () => {
    live.sweep()
    return reader.text().includes('\nid: 5\n') || undefined
  })
  await close()
})

stream('[Q1] what is committed and not on disk yet is not told', () => {
  const rows = createRows(1)
  for (let made = 0; made < 3; made += 1) rows.add()
  const readWindow = createWindows({ ...rows.store, lastPosition: () => 2 })
  assert.is(readWindow(0)?.until, 2)
  assert.is(readWindow(2), null)
})

stream('a window ends with a commit, and all that is read together covers everything once', () => {
  const rows = createRows(1)
  for (let made = 0; made < 500; made += 1) rows.add()
  const readWindow = createWindows(rows.store)
  const positions: number[] = []
  for (let after = 0; ; ) {
    const window = readWindow(after)
    if (window === null) break
    positions.push(...window.changes.map(({ position }) => position))
    after = window.until
  }
  assert.equal(
    positions,
    Array.from({ length: 500 }, (_, index) => index + 1),
  )
})

stream.run()
