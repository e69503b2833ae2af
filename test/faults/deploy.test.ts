/** A deploy and a storm of reconnects under load: what was acknowledged is kept, no visit ends, nobody is signed out. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalmClient, startCalmClient } from '../helpers/calm-client.ts'
import { startWatchedServer, type WatchedServer } from '../helpers/watched-server.ts'
import { eventually } from '../helpers/within.ts'

const deploy = suite('deploys and storms')

const BROWSERS = 24
/** A deploy of a minute against a leave grace of 30 s and an idle time of half an hour, in shorter measure. */
const GRACES = ['--leave-grace-ms', '400', '--visit-idle-ms', '900', '--restart-grace-ms', '60000']
const AWAY_MS = 1_000

/** What befell the browsers: nothing may have. */
const complaintsOf = (clients: readonly CalmClient[]): readonly string[] =>
  clients.flatMap(({ told, welcomes, visitID }) => [
    ...told,
    ...welcomes.slice(1).flatMap((welcome) => (welcome.visitID === visitID ? [] : [`${welcome.visitID}`])),
  ])

async function allServed(clients: readonly CalmClient[]): Promise<void> {
  await eventually(
    60_000,
    'every browser is served',
    () => clients.every((one) => one.isServed()) || undefined,
  )
  await Promise.all(clients.map((one) => one.goesOn(1)))
}

async function proveKept(server: WatchedServer, clients: readonly CalmClient[]): Promise<void> {
  assert.equal(
    await server.kept(clients.map(({ globalVisitID }) => globalVisitID)),
    clients.map(({ acknowledged }) => acknowledged),
  )
  assert.is(await server.verify(), '')
}

deploy(
  '[Q6] [Q7] deploys under load keep what was acknowledged, end no visit and sign nobody out',
  async () => {
    const server = await startWatchedServer({ args: GRACES })
    const clients = Array.from({ length: BROWSERS }, (_, index) =>
      startCalmClient(server.track, index % 2 === 0 ? { identityId: `customer-${index}` } : {}),
    )
    try {
      for (let deploys = 0; deploys < 2; deploys += 1) {
        await allServed(clients)
        assert.is(await server.end(), 0)
        await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
        await server.start()
      }
      await allServed(clients)
      await Promise.all(clients.map((one) => one.finish()))
      assert.equal(complaintsOf(clients), [])
      for (const { closes, visitID } of clients) {
        assert.equal(closes, [1001, 1001])
        const { body } = await server.ask(`/backend/data/visits/${visitID}`)
        assert.is(body.endDate, 0)
      }
      for (const [index, { welcomes }] of clients.entries()) {
        assert.is(welcomes.at(-1)?.state, index % 2 === 0 ? 'Authenticated' : 'Anonymous')
      }
      assert.is(await server.end(), 0)
      await proveKept(server, clients)
    } finally {
      for (const client of clients) client.close()
      await server.remove()
    }
  },
)

const STORM = 200
const STAYING = 4

deploy(
  '[Q7] [Q9] hundreds of browsers cut off at once come back and are served; who stayed sees nothing',
  async () => {
    const server = await startWatchedServer()
    const staying = Array.from({ length: STAYING }, () => startCalmClient(server.track))
    const cut = Array.from({ length: STORM }, () => startCalmClient(server.track, { pauseMs: 1_000 }))
    try {
      await allServed([...staying, ...cut])
      for (let storms = 0; storms < 2; storms += 1) {
        for (const client of cut) client.cut()
        await Promise.all(staying.map((one) => one.goesOn(5)))
        await allServed(cut)
        assert.equal(
          cut.map(({ closes }) => closes.length),
          cut.map(() => storms + 1),
        )
      }
      assert.is(await server.figure('vestibule_sockets'), STORM + STAYING)
      // The storm after a crash: all come at once to a server that has just begun.
      await server.end('SIGKILL')
      await server.start()
      await allServed([...staying, ...cut])
      await Promise.all([...staying, ...cut].map((one) => one.finish()))
      assert.equal(complaintsOf([...staying, ...cut]), [])
      assert.equal(
        staying.map(({ closes }) => closes),
        staying.map(() => [1006]),
      )
      assert.is(await server.end(), 0)
      await proveKept(server, [...staying, ...cut])
    } finally {
      for (const client of [...staying, ...cut]) client.close()
      await server.remove()
    }
  },
)

deploy.run()
