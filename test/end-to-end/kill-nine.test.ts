/** Q1: the server may be killed at any moment, any number of times; what it acknowledged is there, once and in order. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verify } from '../../src/commands/verify.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'
import { type NumberedClient, startNumberedClient } from './numbered-client.ts'
import { buildServer, end, freePort, startServerProcess } from './server-process.ts'

const killing = suite('kill -9')

const KILLS = 10
const CLIENTS = 6
/** Acks that are waited for before each kill, so that it comes in the middle of the load. */
const ACKS_A_ROUND = 60

killing('[Q1] every acknowledged event is there once, in order, after ten kills', async () => {
  const folder = tempFolder()
  const built = await buildServer()
  const port = await freePort()
  const args = ['--port', String(port), '--data', folder.path, '--log-level', 'silent']
  const unlimited = [
    '--new-visitors-per-minute',
    '0',
    '--events-per-second',
    '100000',
    '--events-burst',
    '100000',
  ]
  const clients = Array.from({ length: CLIENTS }, () => startNumberedClient(`ws://127.0.0.1:${port}/track`))
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const server = await startServerProcess(built.file, [...args, ...unlimited])
      const before = acknowledgedBy(clients)
      try {
        await eventually(20_000, 'the load is acknowledged', () =>
          acknowledgedBy(clients) >= before + ACKS_A_ROUND * (1 + (kill % 3)) ? true : undefined,
        )
      } finally {
        await end(server, 'SIGKILL')
      }
    }
    const last = await startServerProcess(built.file, [...args, ...unlimited])
    try {
      for (const client of clients) client.finish()
      await eventually(20_000, 'all is acknowledged', () =>
        clients.every((one) => one.isDone()) ? true : undefined,
      )
    } finally {
      assert.is(await end(last, 'SIGTERM'), 0)
    }
  } finally {
    for (const client of clients) client.close()
    built.remove()
  }
  await proveAcknowledged(folder.path, clients)
  assert.is(await verify(['--data', folder.path]), 0)
  folder.remove()
})

const acknowledgedBy = (clients: readonly NumberedClient[]): number =>
  clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)

async function proveAcknowledged(path: string, clients: readonly NumberedClient[]): Promise<void> {
  const store = await openStore({ path, quotaBytes: 0, diskReserveBytes: 0 })
  for (const { globalVisitID, acknowledged } of clients) {
    const entries = store.entries(store.visitorNumber(globalVisitID), { limit: 1_000_000 })
    const kept = entries.filter(isStoredEvent).map(({ words }) => words.eventID)
    assert.ok(kept.length > 0)
    assert.equal(kept, acknowledged)
  }
  await store.close()
}

killing.run()
