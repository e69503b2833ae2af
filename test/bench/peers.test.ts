/** The table of the peers, also where a load failed; and the peers themselves: what each keeps of the same events. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Contender } from '../../bench/contenders.ts'
import { openGenerator } from '../../bench/generator-process.ts'
import { startPostgresPeer } from '../../bench/peers/postgres.ts'
import { peerRows, type Tried } from '../../bench/peers/rows.ts'
import { type Load, type Side, underLoad } from '../../bench/peers/under-load.ts'
import { attempt } from '../../bench/rounds.ts'
import { within } from '../helpers/within.ts'

const peers = suite('the peers')
const LOAD: Load = { title: 'x', connections: 20, eventsPerMessage: 1, eventsPerVisitor: null, inFlight: 4 }
const LIMIT_MS = 120_000
const latency = { p50Ms: 1, p99Ms: 2 }
const SIDE: Side = {
  ...{ connections: 20, fewerBecause: null, eventsPerSecond: 1_000, full: latency, cpuMs: 50 },
  ...{ calmAsked: 500, calmPerSecond: 500, calm: latency, push: latency, query: latency },
  ...{ browserBytes: 2_048, diskBytes: 300 },
}

async function triedOf(contender: Contender, rounds: readonly (Side | Error)[]): Promise<Tried> {
  const measure = (round: Side | Error) => () =>
    round instanceof Error ? Promise.reject(round) : Promise.resolve(round)
  return {
    contender,
    load: LOAD,
    attempts: await Promise.all(rounds.map((round) => attempt(measure(round)))),
  }
}

peers(
  'have a row each, with medians of the rounds that showed something; the last cell says why others did not',
  async () => {
    const failing = new Error('a push that nothing caused')
    const [ours, postgres, workerd] = peerRows([
      await triedOf('ours', [SIDE, { ...SIDE, eventsPerSecond: 3_000 }]),
      await triedOf('postgres', [failing, { ...SIDE, eventsPerSecond: 500 }, failing]),
      await triedOf('workerd', [failing]),
    ])
    assert.equal([ours?.[4], ours?.[5], ours?.at(-1)], ['2,000', '1.00 x', ''])
    assert.equal(
      [postgres?.[4], postgres?.[5], postgres?.at(-1)],
      ['500', '4.00 x', '2 of 3 failed: a push that nothing caused'],
    )
    assert.equal(workerd?.slice(0, 3), ['20', 'x', 'workerd + SQLite'])
    assert.equal(workerd?.slice(4), [...Array(9).fill('-'), '1 of 1 failed: a push that nothing caused'])
  },
)

peers('who carries fewer browsers than were asked for has their number, and the reason', async () => {
  const [row] = peerRows([
    await triedOf('workerd', [{ ...SIDE, connections: 12, fewerBecause: 'no file is left' }]),
  ])
  assert.equal([row?.[0], row?.at(-1)], ['12', 'does not carry 20: no file is left'])
})

peers('a row of which no round has ended is not there', async () => {
  assert.equal(peerRows([await triedOf('ours', [])]), [])
})

peers('the floor and workerd do all that is asked of them', async () => {
  for (const contender of ['floor', 'workerd'] as const) {
    const side = await within(LIMIT_MS, contender, underLoad(contender, LOAD, 200))
    assert.is(side.connections, LOAD.connections)
    assert.is(Number.isNaN(side.query.p50Ms), contender === 'floor')
    assert.is(side.diskBytes > 0, contender === 'workerd')
  }
})

/** Whether the machine has PostgreSQL: no test installs it. */
if (existsSync('/usr/lib/postgresql'))
  peers(
    'PostgreSQL keeps events, and the visits, pages, sessions, people and changes that follow',
    async () => {
      const server = await startPostgresPeer()
      const generator = await openGenerator({ port: server.port, connections: 8, greeting: 2, signsIn: true })
      try {
        await generator.measure(300, { warmUpMs: 10, eventsPerMessage: 10 })
        const { events } = await generator.leave()
        const count = (what: string) => countIn(server.folder, what)
        assert.is(count('events'), events)
        assert.equal([count('visitors'), count('visits')], [8, 8])
        assert.is(count("changes WHERE kind = 'visit'"), 8)
        const signed = count("events WHERE name IN ('SignIn', 'SignOut')")
        assert.ok(signed > 0)
        assert.is(count("changes WHERE kind = 'identity'"), signed)
        assert.is(count('sessions'), count("events WHERE name = 'SignIn'"))
        assert.is(count('sessions WHERE ended_at IS NULL'), count("visitors WHERE state = 'Authenticated'"))
        assert.equal(
          [count('identities'), count('links')],
          [8, 8].map(() => count('visitors WHERE identity_id IS NOT NULL')),
        )
        assert.is(count('pages WHERE started_at IS NOT NULL'), count("events WHERE name = 'PageEntered'"))
        assert.is(count('pages WHERE ended_at IS NOT NULL'), count("events WHERE name = 'PageExited'"))
      } finally {
        await generator.end()
        await server.stop()
      }
      assert.not(existsSync(server.folder))
    },
  )

function countIn(folder: string, what: string): number {
  const psql = ['--host', folder, '--username', 'bench', '--dbname', 'postgres', '--tuples-only']
  return Number(
    execFileSync('psql', [...psql, '--command', `SELECT count(*) FROM ${what}`], { encoding: 'utf8' }),
  )
}

peers.run()
