/** `npm run bench`: the server against the floor, in alternating rounds; prints one table of medians. */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { measureFlush } from './disk.ts'
import { engineRows } from './engine.ts'
import { type Idle, idle, paced, type Scale, shortVisits, type Throughput, throughput } from './measures.ts'
import type { Contender } from './server-process.ts'
import { printTable, type Row } from './table.ts'

const HELP = `npm run bench -- [--quick] [--rounds N] [speed] [latency] [disk] [memory] [engine]

  speed     acknowledged events a second, 1 and 10 events a message
  latency   of acks, at half of the speed
  disk      bytes on disk for one event, in visits of 15 events
  memory    of a browser that is connected and idle
  engine    from a sign-in to an engine over NATS, beside a NATS round trip
  --quick   one short round: the order of magnitude
  --rounds  of each measure, 3 by default; the table has the medians

None named = all. The folder that is written is in ${tmpdir()}; TMPDIR names another.
`

const CONTENDERS: readonly Contender[] = ['floor', 'ours']

interface Plan {
  readonly rounds: number
  readonly scale: Scale
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, rounds: { type: 'string' }, help: { type: 'boolean' } },
})
const MEASURES = ['speed', 'latency', 'disk', 'memory', 'engine']
if (values.help === true) process.stdout.write(HELP)
else if (isWrong()) process.exitCode = 2
else await bench()

function isWrong(): boolean {
  const unknown = positionals.find((name) => !MEASURES.includes(name))
  if (unknown !== undefined) process.stderr.write(`bench: "${unknown}" is none of ${MEASURES.join(', ')}\n`)
  const isNumber = values.rounds === undefined || /^[1-9]\d*$/.test(values.rounds)
  if (!isNumber)
    process.stderr.write(`bench: --rounds must be a whole number, 1 or more, got "${values.rounds}"\n`)
  return unknown !== undefined || !isNumber
}

async function bench(): Promise<void> {
  const isQuick = values.quick === true
  const plan: Plan = {
    rounds: Number(values.rounds ?? (isQuick ? 1 : 3)),
    scale: { measureMs: isQuick ? 2_000 : 4_000, idleBrowsers: isQuick ? 1_000 : 4_000 },
  }
  // What is measured is what is shipped.
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
  const wants = (name: string) => positionals.length === 0 || positionals.includes(name)
  const flush = measureFlush(tmpdir())
  process.stdout.write(
    `${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}; ` +
      `a flush of 4 kB takes ${flush.p50Ms.toFixed(2)} ms (p99 ${flush.p99Ms.toFixed(2)} ms)\n\n`,
  )
  const rows: Row[] = []
  const speed = wants('speed') || wants('latency') ? await measureSpeed(plan) : null
  if (speed !== null && wants('speed')) rows.push(...speed.rows)
  if (speed !== null && wants('latency')) rows.push(...(await measureLatency(plan, speed.one, flush.p99Ms)))
  if (wants('disk')) rows.push(...(await measureDisk(plan)))
  if (wants('memory')) rows.push(...(await measureMemory(plan)))
  if (wants('engine')) rows.push(...(await engineRows(plan.scale)))
  printTable(rows)
}

type Both<T> = Readonly<Record<Contender, readonly T[]>>

/** Contenders take turns, so that what else the machine does meets both. */
async function alternate<T>(rounds: number, measure: (contender: Contender) => Promise<T>): Promise<Both<T>> {
  const results: Record<Contender, T[]> = { floor: [], ours: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of CONTENDERS) results[contender].push(await measure(contender))
  }
  return results
}

async function measureSpeed({ rounds, scale }: Plan) {
  const one = await alternate(rounds, (contender) => throughput(contender, 1, scale))
  const ten = await alternate(rounds, (contender) => throughput(contender, 10, scale))
  const rows: readonly Row[] = [
    speedRow('events/s, 1 a message', one, 0.4),
    speedRow('events/s, 10 a message', ten, 0.2),
    compared('ack p50 at full speed, 1 a message, ms', one, ({ p50Ms }) => p50Ms),
    compared('ack p99 at full speed, 1 a message, ms', one, ({ p99Ms }) => p99Ms),
    compared('ack p50 at full speed, 10 a message, ms', ten, ({ p50Ms }) => p50Ms),
    compared('ack p99 at full speed, 10 a message, ms', ten, ({ p99Ms }) => p99Ms),
    compared('CPU ms for 1,000 events, 1 a message', one, ({ cpuMs }) => cpuMs),
    compared('CPU ms for 1,000 events, 10 a message', ten, ({ cpuMs }) => cpuMs),
    diskRow('bytes/event on disk, long visits, 1 a message', one.ours),
    diskRow('bytes/event on disk, long visits, 10 a message', ten.ours),
  ]
  return { one, rows }
}

async function measureLatency({ rounds, scale }: Plan, full: Both<Throughput>, flushMs: number) {
  const halves = {
    floor: median(full.floor, ({ eventsPerSecond }) => eventsPerSecond) / 2,
    ours: median(full.ours, ({ eventsPerSecond }) => eventsPerSecond) / 2,
  }
  const half = await alternate(rounds, (contender) => paced(contender, halves[contender], scale))
  const p99Ms = median(half.ours, (one) => one.p99Ms)
  return [
    compared('events/s at half speed', half, ({ eventsPerSecond }) => eventsPerSecond),
    compared('ack p50 at half speed, ms', half, (one) => one.p50Ms),
    {
      ...compared('ack p99 at half speed, ms', half, (one) => one.p99Ms),
      note: `${(p99Ms / flushMs).toFixed(1)} flushes (p99); goal 5`,
    },
  ]
}

async function measureDisk({ rounds, scale }: Plan): Promise<readonly Row[]> {
  const visits = await alternate(rounds, (contender) => shortVisits(contender, scale))
  return [
    compared('events/s, visits of 15 events', visits, ({ eventsPerSecond }) => eventsPerSecond),
    diskRow('bytes/event on disk, visits of 15 events', visits.ours),
  ]
}

async function measureMemory({ rounds, scale }: Plan): Promise<readonly Row[]> {
  const browsers = await alternate(rounds, (contender) => idle(contender, scale))
  const kilobytes = (name: string, of: (one: Idle) => number) =>
    compared(name, browsers, (one) => of(one) / 1_024)
  return [
    kilobytes('KB heap of an idle browser', ({ heapBytes }) => heapBytes),
    {
      ...kilobytes('KB anonymous RSS of an idle browser', ({ anonymousBytes }) => anonymousBytes),
      note: 'goal: at most 15 KB, and twice the floor',
    },
  ]
}

function speedRow(name: string, both: Both<Throughput>, goal: number): Row {
  return {
    ...compared(name, both, ({ eventsPerSecond }) => eventsPerSecond),
    note: `goal ${goal.toFixed(2)}`,
  }
}

function diskRow(name: string, ours: readonly Throughput[]): Row {
  const bytes = median(ours, ({ diskBytes }) => diskBytes)
  const json = median(ours, ({ jsonBytes }) => jsonBytes)
  return {
    name,
    floor: null,
    ours: bytes,
    note: `${(bytes / json).toFixed(2)} x its JSON of ${json.toFixed(0)}; goal 1.50`,
  }
}

function compared<T>(name: string, both: Both<T>, of: (one: T) => number): Row {
  return { name, floor: median(both.floor, of), ours: median(both.ours, of) }
}

function median<T>(results: readonly T[], of: (one: T) => number): number {
  const sorted = results.map(of).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
