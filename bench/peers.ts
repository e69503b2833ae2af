/** The server beside its peers: the same events, the same acknowledgement, query and push; all in one table. */
import { type Contender, DURABILITY, TITLES } from './contenders.ts'
import { NotCarried } from './frames.ts'
import { connectionsCarried } from './machine.ts'
import { idle, type Scale } from './measures.ts'
import { type Load, type Side, underLoad } from './peers/under-load.ts'
import { alternate, median } from './rounds.ts'
import { printCells, shown } from './table.ts'

const CONTENDERS: readonly Contender[] = ['floor', 'postgres', 'workerd', 'ours']

export interface PeersPlan {
  readonly rounds: number
  readonly scale: Scale
  /** Browsers at once, a load each; 'most' = as many as the machine carries. */
  readonly connections: readonly (number | 'most')[]
}

/** Batches in flight of all browsers together, where a browser may have so many. */
const IN_FLIGHT = 1_600
const IN_FLIGHT_EACH = 8
/** Browsers of the loads that differ in something else. */
const BROWSERS = 200

/** Measures all of them and prints the table: a row for each contender under each load. */
export async function printPeers({ rounds, scale, connections }: PeersPlan): Promise<void> {
  const most = connectionsCarried()
  process.stdout.write(
    `this machine lets a process have ${most.toLocaleString('en')} connections at most\n\n`,
  )
  const rows: (readonly string[])[] = []
  const carry: Carry = new Map()
  for (const load of loadsOf(connections, most)) {
    const results = await alternate(CONTENDERS, rounds, async (contender) => {
      process.stderr.write(`${load.title}, ${load.connections} browsers: ${TITLES[contender]}\n`)
      return await carried(contender, load, { scale, carry })
    })
    const oursPerSecond = median(results.ours, ({ eventsPerSecond }) => eventsPerSecond)
    rows.push(
      ...CONTENDERS.map((contender) => rowOf(load, contender, { sides: results[contender], oursPerSecond })),
    )
  }
  const browsers = await alternate(CONTENDERS, rounds, (contender) => idle(contender, scale))
  for (const contender of CONTENDERS) {
    const kilobytes = median(browsers[contender], ({ anonymousBytes }) => anonymousBytes / 1_024)
    const head = [scale.idleBrowsers.toLocaleString('en'), 'idle', TITLES[contender], DURABILITY[contender]]
    rows.push([...head, ...NOTHING, shown(kilobytes), ''])
  }
  printCells([HEAD, ...rows], [1, 2, 3])
  process.stdout.write(NOTE)
}

const HEAD = [
  ...['browsers', 'load', 'server', 'durability', 'events/s', 'vestibule is', 'ack ms', 'CPU s/1,000'],
  ...['calm: ack ms', 'push ms', 'query ms', 'KB/browser', 'bytes/event'],
]
const NOTHING = ['', '', '', '', '', '', '']

const NOTE = `Latencies are p50 / p99. Events/s, the ack beside them and CPU: as fast as acks come. Calm: at an equal pace for all,
shown where one could not keep it. A push is the change of identity that a sign-in or sign-out makes, known to the tab when
it is on disk; a query is the newest 100 events of a visit, over HTTP. Every ack is checked, and at the end the newest
events of 50 browsers, read back. CPU and memory are of all processes of a server, PostgreSQL's among them; memory is
anonymous, after the first two events of each, and shown from 1,000 browsers on: with fewer the process itself weighs more.
Bytes on disk are without write-ahead logs, which do not grow with events. workerd cannot be told to collect its garbage
before its memory is read; the others are. Visits, sessions, pages, History's other lists, device tokens and keys are kept
or checked by ours alone.
`

function loadsOf(connections: PeersPlan['connections'], most: number): readonly Load[] {
  const counts = connections.map((count) => (count === 'most' ? most : Math.min(count, most)))
  const ones = counts.map((count) => loadOf(count, { title: '1 a message', eventsPerMessage: 1 }))
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

/** The most browsers that each is known to carry, where it is fewer than were asked of it. */
type Carry = Map<Contender, number>

interface Carrying {
  readonly scale: Scale
  readonly carry: Carry
}

/** Under the load, or as much of it as the contender carries: half as many browsers until it does. */
async function carried(contender: Contender, load: Load, { scale, carry }: Carrying): Promise<Side> {
  const connections = Math.min(load.connections, carry.get(contender) ?? load.connections)
  try {
    return await underLoad(contender, { ...load, connections }, scale)
  } catch (cause) {
    if (!(cause instanceof NotCarried) || connections <= BROWSERS) throw cause
    process.stderr.write(`${TITLES[contender]} does not carry ${connections} browsers: ${cause.message}\n`)
    carry.set(contender, Math.floor(connections / 2))
    return await carried(contender, load, { scale, carry })
  }
}

interface Shown {
  readonly sides: readonly Side[]
  readonly oursPerSecond: number
}

function rowOf({ title }: Load, contender: Contender, { sides, oursPerSecond }: Shown): readonly string[] {
  const of = (figure: (side: Side) => number) => median(sides, figure)
  const pair = (p50: (side: Side) => number, p99: (side: Side) => number) =>
    `${shown(of(p50))} / ${shown(of(p99))}`
  const perSecond = of(({ eventsPerSecond }) => eventsPerSecond)
  const [asked, kept] = [of(({ calmAsked }) => calmAsked), of(({ calmPerSecond }) => calmPerSecond)]
  const atLess = kept < asked * 0.9 ? ` at ${shown(kept)}/s` : ''
  return [
    of(({ connections }) => connections).toLocaleString('en'),
    title,
    TITLES[contender],
    DURABILITY[contender],
    shown(perSecond),
    `${shown(oursPerSecond / perSecond)} x`,
    pair(
      ({ full }) => full.p50Ms,
      ({ full }) => full.p99Ms,
    ),
    of(({ cpuMs }) => cpuMs / 1_000).toFixed(3),
    pair(
      ({ calm }) => calm.p50Ms,
      ({ calm }) => calm.p99Ms,
    ) + atLess,
    pair(
      ({ push }) => push.p50Ms,
      ({ push }) => push.p99Ms,
    ),
    contender === 'floor'
      ? '-'
      : pair(
          ({ query }) => query.p50Ms,
          ({ query }) => query.p99Ms,
        ),
    shown(of(({ browserBytes }) => browserBytes / 1_024)),
    shown(of(({ diskBytes }) => diskBytes)),
  ]
}
