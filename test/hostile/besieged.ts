/** A server under attack: little memory, a neighbour who is served all the while, and what must hold when it is over. */
import * as assert from 'uvu/assert'
import { startCalmClient } from '../helpers/calm-client.ts'
import { startWatchedServer, type WatchedServer } from '../helpers/watched-server.ts'
import { eventually } from '../helpers/within.ts'

const MIB = 1024 * 1024
/** A heap past this ends the process: what an attack may grow is bounded by it from the outside. */
const HEAP_MIB_MAX = 128
/** What a run may add: generous, for garbage that is not collected yet; a leak of a run's bytes is far above it. */
const GROWN_HEAP_BYTES = 64 * MIB
const GROWN_RSS_BYTES = 160 * MIB

/** Starts a server, lets it be attacked, and asks whether everything held. */
export async function besiege(
  options: { readonly args?: readonly string[] },
  attack: (server: WatchedServer) => Promise<void>,
): Promise<void> {
  const command = [process.execPath, `--max-old-space-size=${HEAP_MIB_MAX}`] as const
  const server = await startWatchedServer({ command, ...options })
  const neighbour = startCalmClient(server.track)
  try {
    await neighbour.goesOn()
    const before = await heldBy(server)
    await Promise.all([attack(server), neighbour.goesOn()])
    assert.ok(server.isRunning(), 'it runs')
    await neighbour.goesOn()
    await neighbour.finish()
    assert.equal([neighbour.closes, neighbour.told], [[], []], 'the neighbour saw nothing of it')
    await eventually(10_000, 'no memory stays grown', async () => {
      const { heap, rss } = await heldBy(server)
      return (heap < before.heap + GROWN_HEAP_BYTES && rss < before.rss + GROWN_RSS_BYTES) || undefined
    })
    const errors = server.logged.filter(({ level }) => level >= 50)
    assert.equal(errors, [], 'no fault of ours')
    assert.is(await server.end(), 0)
    assert.equal(await server.kept([neighbour.globalVisitID]), [neighbour.acknowledged])
    assert.is(await server.verify(), '')
  } finally {
    neighbour.close()
    await server.remove()
  }
}

async function heldBy(server: WatchedServer): Promise<{ readonly heap: number; readonly rss: number }> {
  return {
    heap: await server.figure('nodejs_heap_size_used_bytes'),
    rss: await server.figure('process_resident_memory_bytes'),
  }
}
