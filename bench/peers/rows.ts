/** The table of the peers: a row for each contender under each load; the last cell says what did not go as asked. */
import { type Contender, DURABILITY, TITLES } from '../contenders.ts'
import type { Latency } from '../latency.ts'
import { type Attempt, failuresOf, measuredOf, median } from '../rounds.ts'
import { printCells, shown } from '../table.ts'
import type { Load, Side } from './under-load.ts'

/** What the rounds of one contender under one load showed, so far. */
export interface Tried {
  readonly contender: Contender
  readonly load: Load
  readonly attempts: Attempt<Side>[]
}

const HEAD = [
  ...['browsers', 'load', 'server', 'durability', 'events/s', 'vestibule is', 'ack ms', 'CPU s/1,000'],
  ...['calm: ack ms', 'push ms', 'query ms', 'KB/browser', 'bytes/event', ''],
]
const WORDS = [1, 2, 3, HEAD.length - 1]

const NOTE = `Latencies are p50 / p99. Events/s, the ack beside them and CPU: as fast as acks come. Calm: at an equal pace for all,
shown where one could not keep it. A push is the change of identity that a sign-in or sign-out makes, known to the tab when
it is on disk; a query is the newest 100 events of a visit, over HTTP. Every ack is checked, and at the end the newest
events of 50 browsers, read back. CPU and memory are of all processes of a server, PostgreSQL's among them; memory is
anonymous, after the first two events of each, and shown from 1,000 browsers on: with fewer the process itself weighs more.
Bytes on disk are of all tables, without write-ahead logs, which do not grow with events. workerd cannot be told to
collect its garbage before its memory is read; the others are. What each keeps and checks: docs/performance.md.
`

/** Also of a run that was broken off: a row with no round is not there. */
export function printPeerTable(table: readonly Tried[]): void {
  printCells([HEAD, ...peerRows(table)], WORDS)
  process.stdout.write(NOTE)
}

export function peerRows(table: readonly Tried[]): readonly (readonly string[])[] {
  return table
    .filter(({ attempts }) => attempts.length > 0)
    .map((tried) => {
      const ours = table.find(({ contender, load }) => contender === 'ours' && load === tried.load)
      return rowOf(tried, median(measuredOf(ours?.attempts ?? []), perSecond))
    })
}

const perSecond = ({ eventsPerSecond }: Side) => eventsPerSecond

function rowOf({ contender, load, attempts }: Tried, oursPerSecond: number): readonly string[] {
  const sides = measuredOf(attempts)
  const of = (figure: (side: Side) => number) => median(sides, figure)
  const pair = (latency: (side: Side) => Latency) => {
    const [p50, p99] = [of((side) => latency(side).p50Ms), of((side) => latency(side).p99Ms)]
    return Number.isNaN(p50) ? '-' : `${shown(p50)} / ${shown(p99)}`
  }
  const ratio = oursPerSecond / of(perSecond)
  const cpuSeconds = of(({ cpuMs }) => cpuMs / 1_000)
  const [asked, kept] = [of(({ calmAsked }) => calmAsked), of(({ calmPerSecond }) => calmPerSecond)]
  const atLess = kept < asked * 0.9 ? ` at ${shown(kept)}/s` : ''
  const browsers = sides.length === 0 ? load.connections : of(({ connections }) => connections)
  return [
    Math.round(browsers).toLocaleString('en'),
    load.title,
    TITLES[contender],
    DURABILITY[contender],
    shown(of(perSecond)),
    Number.isNaN(ratio) ? '-' : `${shown(ratio)} x`,
    pair(({ full }) => full),
    Number.isNaN(cpuSeconds) ? '-' : cpuSeconds.toFixed(3),
    pair(({ calm }) => calm) + atLess,
    pair(({ push }) => push),
    pair(({ query }) => query),
    shown(of(({ browserBytes }) => browserBytes / 1_024)),
    shown(of(({ diskBytes }) => diskBytes)),
    [fewerOf(load, sides), failuresOf(attempts)].filter((text) => text !== '').join('; '),
  ]
}

/** Why it was asked for fewer browsers than the others. */
function fewerOf({ connections }: Load, sides: readonly Side[]): string {
  const why = sides.find(({ fewerBecause }) => fewerBecause !== null)?.fewerBecause ?? null
  return why === null ? '' : `does not carry ${connections.toLocaleString('en')}: ${why}`
}
