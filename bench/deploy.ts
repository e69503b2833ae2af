/** A deploy of a minute under load, in its true measure: what it did to visits, sign-ins and events. */
import { setTimeout as pause } from 'node:timers/promises'
import { type CalmClient, startCalmClient } from '../test/helpers/calm-client.ts'
import { startWatchedServer, type WatchedServer } from '../test/helpers/watched-server.ts'
import { eventually } from '../test/helpers/within.ts'
import { printCells, shown } from './table.ts'

export interface DeployPlan {
  /** How long the server is away. */
  readonly awayMs: number
}

const BROWSERS = 200
/** Between an ack and the next event of a browser: all together about 400 events a second. */
const PAUSE_MS = 500
const LOAD_MS = 5_000
const PATIENCE_MS = 60_000

/** Prints one table; true where nothing was lost, no visit ended and nobody was signed out. */
export async function printDeploy({ awayMs }: DeployPlan): Promise<boolean> {
  const server = await startWatchedServer()
  const clients = Array.from({ length: BROWSERS }, (_, index) =>
    startCalmClient(server.track, {
      pauseMs: PAUSE_MS,
      ...(index % 2 === 0 ? { identityId: `customer-${index}` } : {}),
    }),
  )
  try {
    await allServed(clients)
    await pause(LOAD_MS)
    const stopMs = await timed(() => server.end())
    await pause(awayMs)
    const startMs = await timed(() => server.start())
    const servedMs = await timed(() => allServed(clients))
    await pause(LOAD_MS)
    await Promise.all(clients.map((one) => one.finish()))
    const visits = await Promise.all(clients.map((one) => ended(server, one)))
    await server.end()
    const kept = await server.kept(clients.map(({ globalVisitID }) => globalVisitID))
    const wrong = {
      'events acknowledged and not there once, in order': clients.filter(
        ({ acknowledged }, index) => kept[index]?.join() !== acknowledged.join(),
      ).length,
      'visits that ended': visits.filter(Boolean).length,
      'people signed out': clients.filter(({ welcomes }, index) => !isAsBefore(welcomes.at(-1)?.state, index))
        .length,
      'browsers told of another visit': clients.filter(({ told }) => told.length > 0).length,
      'what verify finds': (await server.verify()) === '' ? 0 : 1,
    }
    printCells([
      [`a deploy: ${awayMs / 1_000} s away, ${BROWSERS} browsers`, ''],
      ['events acknowledged', shown(clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0))],
      ['SIGTERM until the process is gone, s', shown(stopMs / 1_000)],
      ['start until it listens, s', shown(startMs / 1_000)],
      ['then until every browser is served, s', shown(servedMs / 1_000)],
      ...Object.entries(wrong).map(([name, count]) => [name, String(count)]),
    ])
    return Object.values(wrong).every((count) => count === 0)
  } finally {
    for (const client of clients) client.close()
    await server.remove()
  }
}

async function allServed(clients: readonly CalmClient[]): Promise<void> {
  await eventually(
    PATIENCE_MS,
    'every browser is served',
    () => clients.every((one) => one.isServed()) || undefined,
  )
  await Promise.all(clients.map((one) => one.goesOn(1)))
}

async function ended(server: WatchedServer, { visitID }: CalmClient): Promise<boolean> {
  const { body } = await server.ask(`/backend/data/visits/${visitID}`)
  return body.endDate !== 0
}

function isAsBefore(state: string | undefined, index: number): boolean {
  return state === (index % 2 === 0 ? 'Authenticated' : 'Anonymous')
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}
