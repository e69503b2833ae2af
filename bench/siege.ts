/** A siege: what a browser notices of attackers who are as busy as they can be. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startContender } from './contenders.ts'
import type { Attacks } from './siege-attackers.ts'
import type { Acks } from './storm-browsers.ts'
import { startBrowsers, watchMemory } from './storm-processes.ts'
import { printCells, shown } from './table.ts'

export interface SiegePlan {
  readonly measureMs: number
}

const NEIGHBOURS = 50
const EVENTS_PER_SECOND = 200
const SEED = 7
/** As in a production server: what guards against hostile clients is not raised. */
const GUARDED = {
  VESTIBULE_EVENTS_PER_SECOND: '50',
  VESTIBULE_EVENTS_BURST: '200',
  VESTIBULE_CONNECTIONS_PER_ADDRESS: '1000',
}

export async function printSiege({ measureMs }: SiegePlan): Promise<void> {
  const server = await startContender('ours', GUARDED)
  const memory = watchMemory(server.pid)
  const neighbours = startBrowsers()
  const attackers = startAttackers()
  try {
    await neighbours.ask({ is: 'open', port: server.port, browsers: NEIGHBOURS })
    await neighbours.ask({ is: 'talk', eventsPerSecond: EVENTS_PER_SECOND })
    await pause(measureMs)
    await neighbours.ask({ is: 'tally' })
    await pause(measureMs)
    const calm = await neighbours.ask<Acks>({ is: 'tally' })
    const calmBytes = memory.now()
    attackers.begin(server.port)
    await pause(measureMs)
    await neighbours.ask({ is: 'tally' })
    const before = await attackers.count()
    await pause(measureMs)
    const besieged = await neighbours.ask<Acks>({ is: 'tally' })
    const attacks = await attackers.count()
    await attackers.end()
    const each = (of: keyof Attacks) => shown(((attacks[of] - before[of]) * 1_000) / measureMs)
    printCells([
      [`${NEIGHBOURS} browsers, ${EVENTS_PER_SECOND} events/s`, 'in peace', 'besieged'],
      ['ack p50, ms', shown(calm.p50Ms), shown(besieged.p50Ms)],
      ['ack p99, ms', shown(calm.p99Ms), shown(besieged.p99Ms)],
      ['acks/s', shown((calm.acks * 1_000) / measureMs), shown((besieged.acks * 1_000) / measureMs)],
      ['sockets lost', shown(calm.lost), shown(besieged.lost)],
      ['resident memory, at its peak, MB', shown(calmBytes / 1e6), shown(memory.peak() / 1e6)],
      ['wild frames/s', '', each('frames')],
      ['sockets of theirs opened/s', '', each('sockets')],
      ['wild bodies/s', '', each('bodies')],
      ['wrong keys/s', '', each('keys')],
      ['pings of who reads nothing/s', '', each('pings')],
    ])
  } finally {
    memory.end()
    await Promise.all([neighbours.end(), attackers.end()])
    await server.stop()
  }
}

function startAttackers() {
  const child = fork(fileURLToPath(new URL('siege-attackers.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  return {
    begin: (port: number) => void child.send({ port, seed: SEED }),
    async count(): Promise<Attacks> {
      child.send('count')
      const [attacks] = await once(child, 'message')
      return attacks
    },
    async end() {
      child.kill()
      await ended
    },
  }
}
