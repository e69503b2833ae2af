/** The server beside its peers: the same events, the same acknowledgement, query and push; all in one table. */
import { type Contender, TITLES } from './contenders.ts'
import { NotCarried } from './frames.ts'
import { atExit } from './leaving.ts'
import { connectionsCarried } from './machine.ts'
import { printPeerTable, type Tried } from './peers/rows.ts'
import { type Load, type Side, underLoad } from './peers/under-load.ts'
import { alternate, attempt, failuresOf } from './rounds.ts'
import { shown } from './table.ts'

const CONTENDERS: readonly Contender[] = ['floor', 'postgres', 'workerd', 'ours']

export interface PeersPlan {
  readonly rounds: number
  /** How long each load is measured at a calm pace, and again as fast as acks come. */
  readonly measureMs: number
  /** Browsers at once, a load each; 'most' = as many as the machine carries. */
  readonly connections: readonly (number | 'most')[]
}

/** Batches in flight of all browsers together, where a browser may have so many. */
const IN_FLIGHT = 1_600
const IN_FLIGHT_EACH = 8
/** Browsers of the loads that differ in something else; whoever does not carry so many is not asked for fewer. */
const BROWSERS = 200
/** Of the browsers that were welcomed before one was lost, this share is tried next; of all that were, a half. */
const CARRIED_SHARE = 0.8
const TRIES = 5

/** Prints the table, also of what was measured when it is broken off; whether all went right. */
export async function printPeers({ rounds, measureMs, connections }: PeersPlan): Promise<boolean> {
  const most = connectionsCarried()
  process.stdout.write(
    `this machine lets a process have ${most.toLocaleString('en')} connections at most\n\n`,
  )
  const loads = loadsOf(connections, most)
  const table: Tried[] = []
  const forget = atExit(() => printPeerTable(table))
  const tell = progressOf(loads.length * rounds * CONTENDERS.length)
  for (const load of loads) {
    const carrying: Carrying = { measureMs, carry: new Map() }
    const tried = CONTENDERS.map((contender): Tried => ({ contender, load, attempts: [] }))
    table.push(...tried)
    await alternate(CONTENDERS, rounds, async (contender) => {
      const one = await attempt(() => carried(contender, load, carrying))
      tried.find((row) => row.contender === contender)?.attempts.push(one)
      const saw = one.is === 'failed' ? one.cause.message : `${shown(one.value.eventsPerSecond)} events/s`
      tell(`${load.title}, ${load.connections} browsers, ${TITLES[contender]}: ${saw}`)
    })
  }
  forget()
  printPeerTable(table)
  return table.every(({ attempts }) => failuresOf(attempts) === '')
}

/** A line for each step: which of how many, and since when. */
function progressOf(steps: number): (saw: string) => void {
  const beganMs = performance.now()
  let done = 0
  return (saw) => {
    done += 1
    const seconds = Math.round((performance.now() - beganMs) / 1_000)
    process.stderr.write(`${done} of ${steps}, ${seconds} s: ${saw}\n`)
  }
}

function loadsOf(connections: PeersPlan['connections'], most: number): readonly Load[] {
  const counts = new Set(connections.map((count) => (count === 'most' ? most : Math.min(count, most))))
  const ones = [...counts].map((count) => loadOf(count, { title: '1 a message', eventsPerMessage: 1 }))
  const tens = loadOf(BROWSERS, { title: '10 a message', eventsPerMessage: 10 })
  const visits = loadOf(BROWSERS, { title: 'visits of 15', eventsPerMessage: 1, eventsPerVisitor: 15 })
  return [...ones, tens, visits]
}

function loadOf(
  connections: number,
  more: Pick<Load, 'title' | 'eventsPerMessage'> & { readonly eventsPerVisitor?: number },
): Load {
  const inFlight = Math.max(1, Math.min(IN_FLIGHT_EACH, Math.floor(IN_FLIGHT / connections)))
  return { eventsPerVisitor: null, ...more, connections, inFlight }
}

interface Carrying {
  readonly measureMs: number
  /** The most browsers that each is asked to carry, where it did not carry more, and why it did not. */
  readonly carry: Map<Contender, { readonly connections: number; readonly why: string }>
}

/** Under the load, or as much of it as the contender carries: what the first round found out holds for the others. */
async function carried(contender: Contender, load: Load, { measureMs, carry }: Carrying): Promise<Side> {
  for (let tries = 1; ; tries += 1) {
    const { connections = load.connections, why = null } = carry.get(contender) ?? {}
    try {
      const side = await underLoad(contender, { ...load, connections }, measureMs)
      return { ...side, fewerBecause: why }
    } catch (cause) {
      if (!(cause instanceof NotCarried) || connections <= BROWSERS || tries === TRIES) throw cause
      const fewer = fewerThan(connections, cause.welcomed ?? connections)
      process.stderr.write(
        `${TITLES[contender]} does not carry ${connections} browsers, now ${fewer}: ${cause.message}\n`,
      )
      carry.set(contender, { connections: fewer, why: why ?? cause.message })
    }
  }
}

/** How many are tried after so many were too many. */
function fewerThan(connections: number, welcomed: number): number {
  const held = welcomed < connections ? welcomed * CARRIED_SHARE : connections / 2
  return Math.max(BROWSERS, Math.floor(held))
}
