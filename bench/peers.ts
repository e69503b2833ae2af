/** The server beside its peers: the same generator, the same events, the same acknowledgement. */
import { type Contender, DURABILITY, TITLES } from './contenders.ts'
import { idle, type Scale, shortVisits, type Throughput, throughput } from './measures.ts'
import { alternate, median, type Rounds } from './rounds.ts'
import { printCells, shown } from './table.ts'

const CONTENDERS: readonly Contender[] = ['floor', 'postgres', 'workerd', 'ours']

/** Every object of workerd first makes its database, with some flushes: that is over before it is measured. */
const WARM_UP_MS = 5_000

interface Plan {
  readonly rounds: number
  readonly scale: Scale
}

/** Measures all of them and prints one table: a row a measure, a column a contender. */
export async function printPeers({ rounds, scale: given }: Plan): Promise<void> {
  const scale = { ...given, warmUpMs: WARM_UP_MS }
  const among = <T>(measure: (contender: Contender) => Promise<T>) => alternate(CONTENDERS, rounds, measure)
  const one = await among((contender) => throughput(contender, 1, scale))
  const ten = await among((contender) => throughput(contender, 10, scale))
  const visits = await among((contender) => shortVisits(contender, scale))
  const browsers = await among((contender) => idle(contender, scale))
  printCells([
    ['', ...CONTENDERS.map((contender) => TITLES[contender])],
    ['durability', ...CONTENDERS.map((contender) => DURABILITY[contender])],
    ...loadRows('1 a message', one),
    ...loadRows('10 a message', ten),
    ...loadRows('visits of 15 events', visits),
    row('KB anonymous RSS of an idle browser', browsers, ({ anonymousBytes }) => anonymousBytes / 1_024),
  ])
  process.stdout.write(NOTE)
}

const NOTE = `CPU and memory are of all processes of a server, PostgreSQL's among them. Bytes on disk are without write-ahead logs,
which do not grow with events. The peers keep events and know them again; visits, identities and History are ours alone.
workerd cannot be told to collect its garbage before its memory is read; the others are.
`

function loadRows(name: string, results: Rounds<Contender, Throughput>): readonly (readonly string[])[] {
  return [
    row(`events/s, ${name}`, results, ({ eventsPerSecond }) => eventsPerSecond),
    row(`ack p50, ${name}, ms`, results, ({ p50Ms }) => p50Ms),
    row(`ack p99, ${name}, ms`, results, ({ p99Ms }) => p99Ms),
    row(`CPU ms for 1,000 events, ${name}`, results, ({ cpuMs }) => cpuMs),
    row(`bytes/event on disk, ${name}`, results, ({ diskBytes }) => diskBytes),
  ]
}

function row<T>(name: string, results: Rounds<Contender, T>, of: (one: T) => number): readonly string[] {
  return [name, ...CONTENDERS.map((contender) => shown(median(results[contender], of)))]
}
