/** The machine under the server: its clock is wrong, it has no file descriptors left. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startCalmClient } from '../helpers/calm-client.ts'
import { startWatchedServer } from '../helpers/watched-server.ts'
import { eventually } from '../helpers/within.ts'

const machine = suite('machine')

const DAY_MS = 86_400_000
const JUMPED = 'the wall clock jumped: no deadline fires until it agrees again'

/** Node with a wall clock that is wrong by so much from the start, and by as much again at each SIGUSR2. */
const wrongBy = (ms: number): readonly [string, ...string[]] => {
  const { href } = new URL(`./turned-clock.mjs?by=${ms}`, import.meta.url)
  return [process.execPath, '--import', href]
}

machine(
  '[Q7] a clock set forward and back, running and over restarts, ends no visit and takes no time back',
  async () => {
    const server = await startWatchedServer({ command: wrongBy(0) })
    const clients = [startCalmClient(server.track), startCalmClient(server.track, { identityId: 'ada' })]
    try {
      await Promise.all(clients.map((one) => one.goesOn()))
      for (const [starts, ms] of [DAY_MS, -DAY_MS, 0].entries()) {
        assert.is(await server.end(), 0)
        await server.start(wrongBy(ms))
        await Promise.all(clients.map((one) => one.goesOn()))
        server.child().kill('SIGUSR2')
        // Each of these servers says it once: the first when it jumps forward, the others because the store is ahead of them.
        await eventually(
          10_000,
          'the log says that the clock jumped',
          () => server.logged.filter(({ msg }) => msg === JUMPED).length === starts + 1 || undefined,
        )
        await Promise.all(clients.map((one) => one.goesOn()))
      }
      await Promise.all(clients.map((one) => one.finish()))
      for (const { told, closes, visitID } of clients) {
        assert.equal([told, closes], [[], [1001, 1001, 1001]])
        assert.is((await server.ask(`/backend/data/visits/${visitID}`)).body.endDate, 0)
      }
      assert.is(clients[1]?.welcomes.at(-1)?.state, 'Authenticated')
      assert.is(await server.end(), 0)
      assert.is(await server.verify(), '', 'of which `at` never falls is a part')
    } finally {
      for (const client of clients) client.close()
      await server.remove()
    }
  },
)

/** Files that the server may open beside those it has. */
const FILES = 40

machine(
  '[Q9] sockets until no file descriptor is left: who is there is served, and others are when it is over',
  async () => {
    const server = await startWatchedServer()
    const clients = [startCalmClient(server.track), startCalmClient(server.track)]
    const hoard: Socket[] = []
    try {
      await Promise.all(clients.map((one) => one.goesOn()))
      leaveFiles(Number(server.child().pid), FILES)
      let refused = 0
      for (let each = 0; each < 3 * FILES; each += 1) {
        const socket = connect(server.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.once('close', () => {
          refused += 1
        })
        hoard.push(socket)
      }
      await eventually(10_000, 'some find no room', () => refused > FILES || undefined)
      await Promise.all(clients.map((one) => one.goesOn()))
      for (const socket of hoard) socket.destroy()
      await eventually(10_000, 'it answers again', async () => {
        const health = await server.ask('/readyz').catch(() => undefined)
        return health?.status === 200 || undefined
      })
      await Promise.all(clients.map((one) => one.finish()))
      assert.equal(
        clients.flatMap(({ told, closes }) => [...told, ...closes]),
        [],
      )
      assert.is(await server.end(), 0)
      assert.equal(
        await server.kept(clients.map(({ globalVisitID }) => globalVisitID)),
        clients.map(({ acknowledged }) => acknowledged),
      )
    } finally {
      for (const socket of hoard) socket.destroy()
      for (const client of clients) client.close()
      await server.remove()
    }
  },
)

/** A running process may open so many files more. */
function leaveFiles(pid: number, more: number): void {
  const most = readdirSync(`/proc/${pid}/fd`).length + more
  assert.is(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${most}:${most}`]).status, 0)
}

machine.run()
