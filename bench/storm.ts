/** A reconnect storm: as many sockets as the machine carries come at once, and are cut off and come again at once. */
import { setTimeout as pause } from 'node:timers/promises'
import { DURABILITY, startContender, TITLES } from './contenders.ts'
import { connectionsCarried } from './machine.ts'
import { alternate, median, type Rounds } from './rounds.ts'
import type { Acks, Served } from './storm-browsers.ts'
import { type Browsers, startBrowsers, watchMemory } from './storm-processes.ts'
import { printCells, shown } from './table.ts'

export interface StormPlan {
  readonly rounds: number
  /** As many come at once; 0 = as many as the machine carries. */
  readonly sockets: number
}

type Contender = 'floor' | 'ours'

interface Storm {
  readonly opened: Served
  readonly again: Served
  /** Of those who stay: before the cut, and from the cut until the last one is served again. */
  readonly calm: Acks
  readonly during: Acks
  readonly peakBytes: number
  readonly restedBytes: number
}

/** Who is not cut off, and what they say, all together. */
const STAYING = 50
const EVENTS_PER_SECOND = 200
const CALM_MS = 3_000

export async function printStorm({ rounds, sockets }: StormPlan): Promise<void> {
  const most = sockets === 0 ? connectionsCarried() : sockets
  const storms = await alternate<Contender, Storm>(['floor', 'ours'], rounds, (contender) =>
    storm(contender, most),
  )
  process.stdout.write(`a storm of ${most} browsers; ${STAYING} stay and say ${EVENTS_PER_SECOND} events/s\n`)
  printCells([
    ['', TITLES.floor, TITLES.ours],
    ['durability', DURABILITY.floor, DURABILITY.ours],
    row('all came at once: half is served after, s', storms, ({ opened }) => opened.halfMs / 1_000),
    row('all came at once: the last is served after, s', storms, ({ opened }) => opened.allMs / 1_000),
    row('all were cut: half is served again after, s', storms, ({ again }) => again.halfMs / 1_000),
    row('all were cut: the last is served again after, s', storms, ({ again }) => again.allMs / 1_000),
    row('connections that took, a browser', storms, ({ again }) => again.tries / most),
    row('ack p99 of who stayed, before, ms', storms, ({ calm }) => calm.p99Ms),
    row('ack p50 of who stayed, in the storm, ms', storms, ({ during }) => during.p50Ms),
    row('ack p99 of who stayed, in the storm, ms', storms, ({ during }) => during.p99Ms),
    row('sockets lost by who stayed', storms, ({ during }) => during.lost),
    row('resident memory at its peak, MB', storms, ({ peakBytes }) => peakBytes / 1e6),
    row('resident memory two seconds later, MB', storms, ({ restedBytes }) => restedBytes / 1e6),
  ])
}

function row(name: string, storms: Rounds<Contender, Storm>, of: (one: Storm) => number): string[] {
  return [name, shown(median(storms.floor, of)), shown(median(storms.ours, of))]
}

async function storm(contender: Contender, most: number): Promise<Storm> {
  const server = await startContender(contender)
  const memory = watchMemory(server.pid)
  const staying = startBrowsers()
  const crowd = startBrowsers()
  try {
    await staying.ask({ is: 'open', port: server.port, browsers: STAYING })
    await staying.ask({ is: 'talk', eventsPerSecond: EVENTS_PER_SECOND })
    const opened = await crowd.ask<Served>({ is: 'open', port: server.port, browsers: most })
    await calmed(staying)
    await pause(CALM_MS)
    const calm = await staying.ask<Acks>({ is: 'tally' })
    const again = await crowd.ask<Served>({ is: 'cut' })
    const during = await staying.ask<Acks>({ is: 'tally' })
    await pause(2_000)
    return { opened, again, calm, during, peakBytes: memory.peak(), restedBytes: memory.now() }
  } finally {
    memory.end()
    await Promise.all([staying.end(), crowd.end()])
    await server.stop()
  }
}

/** What waited while all came has been acknowledged. */
async function calmed(staying: Browsers): Promise<void> {
  let slowest = Number.POSITIVE_INFINITY
  while (slowest > 500) {
    await pause(1_000)
    slowest = (await staying.ask<Acks>({ is: 'tally' })).p99Ms
  }
}
