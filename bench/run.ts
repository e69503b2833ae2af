/** `npm run bench`: the server against the floor, its peers and its own history; prints tables of medians. */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, tmpdir } from 'node:os'
import { printDeploy } from './deploy.ts'
import { measureFlush } from './disk.ts'
import { engineRows } from './engine.ts'
import { printGrowth } from './growth.ts'
import { printHistory } from './history.ts'
import { type Idle, idle, paced, type Scale, shortVisits, type Throughput, throughput } from './measures.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { printParts } from './parts.ts'
import { printPeers } from './peers.ts'
import { alternate, attempt, median, type Rounds } from './rounds.ts'
import { printSiege } from './siege.ts'
import { printStorm } from './storm.ts'
import { printTable, type Row } from './table.ts'

interface Plan {
  readonly rounds: number
  readonly scale: Scale
}

/** What a commit of a hundred visitors writes, about: each visitor's row, the end of its stream, what it said last. */
const COMMIT_PAGES = 300

// What was started, and what was filled, is put away at the exit; a table that was begun is printed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const options = readOptions(process.argv.slice(2))
if (options === null) process.stdout.write(HELP)
else if ('parts' in options) await bench(options)
else {
  for (const sentence of options) process.stderr.write(`bench: ${sentence}\n`)
  process.exitCode = 2
}

async function bench({
  parts,
  isQuick,
  rounds,
  measureMs,
  peersMs,
  connections,
  steps,
  hot,
  visitors,
  keep,
  sockets,
  awayMs,
}: Options): Promise<void> {
  const plan: Plan = {
    rounds,
    scale: { measureMs, idleBrowsers: isQuick ? 1_000 : 4_000 },
  }
  const wants = (name: string) => parts.includes(name)
  // What is measured is what is shipped.
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
  const flush = measureFlush(tmpdir())
  const commitFlush = measureFlush(tmpdir(), COMMIT_PAGES)
  process.stdout.write(
    `${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}; ` +
      `a flush of 4 kB takes ${flush.p50Ms.toFixed(2)} ms (p99 ${flush.p99Ms.toFixed(2)} ms), ` +
      `of ${COMMIT_PAGES} such pages, scattered, ${commitFlush.p50Ms.toFixed(1)} ms (p99 ${commitFlush.p99Ms.toFixed(1)} ms)\n\n`,
  )
  const rows: Row[] = []
  const speed = wants('speed') || wants('latency') ? await measureSpeed(plan) : null
  if (speed !== null && wants('speed')) rows.push(...speed.rows)
  if (speed !== null && wants('latency')) rows.push(...(await measureLatency(plan, speed.one, flush.p99Ms)))
  if (wants('disk')) rows.push(...(await measureDisk(plan)))
  if (wants('memory')) rows.push(...(await measureMemory(plan)))
  if (wants('engine')) rows.push(...(await engineRows(plan.scale)))
  if (rows.length > 0) printTable(rows)
  const tables: readonly (readonly [name: string, print: () => Promise<unknown>])[] = [
    ['parts', () => printParts(plan.scale)],
    ['peers', () => printPeers({ rounds, measureMs: peersMs, connections })],
    ['growth', () => printGrowth({ ...plan, sizes: steps, keep })],
    ['history', () => printHistory({ ...plan, sizes: steps, hot, visitors, keep })],
    ['storm', () => printStorm({ rounds, sockets })],
    ['siege', () => printSiege(plan.scale)],
    ['deploy', () => printDeploy({ awayMs })],
  ]
  for (const [name, print] of tables) if (wants(name)) await apart(name, print)
}

/** One that fails, or finds something wrong (false), keeps no other from being printed. */
async function apart(name: string, print: () => Promise<unknown>): Promise<void> {
  const one = await attempt(print)
  if (one.is === 'failed') process.stderr.write(`${name}: ${one.cause.stack}\n`)
  if (one.is === 'failed' || one.value === false) process.exitCode = 1
}

type Both<T> = Rounds<'floor' | 'ours', T>

function both<T>(rounds: number, measure: (contender: 'floor' | 'ours') => Promise<T>): Promise<Both<T>> {
  return alternate(['floor', 'ours'], rounds, measure)
}

async function measureSpeed({ rounds, scale }: Plan) {
  const one = await both(rounds, (contender) => throughput(contender, 1, scale))
  const ten = await both(rounds, (contender) => throughput(contender, 10, scale))
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
  const half = await both(rounds, (contender) => paced(contender, halves[contender], scale))
  const same = await alternate(['floor'], rounds, (contender) => paced(contender, halves.ours, scale))
  const floorMs = median(same.floor, (one) => one.p99Ms)
  const p99Ms = median(half.ours, (one) => one.p99Ms)
  return [
    compared('events/s at half speed', half, ({ eventsPerSecond }) => eventsPerSecond),
    compared('ack p50 at half speed, ms', half, (one) => one.p50Ms),
    {
      ...compared('ack p99 at half speed, ms', half, (one) => one.p99Ms),
      note: `${(p99Ms / flushMs).toFixed(1)} flushes (p99); goal 5`,
    },
    {
      ...{ name: 'the same, the floor at our half speed, ms', floor: floorMs, ours: p99Ms },
      note: `${(floorMs / flushMs).toFixed(1)} flushes by keeping nothing`,
    },
  ]
}

async function measureDisk({ rounds, scale }: Plan): Promise<readonly Row[]> {
  const visits = await both(rounds, (contender) => shortVisits(contender, scale))
  return [
    compared('events/s, visits of 15 events', visits, ({ eventsPerSecond }) => eventsPerSecond),
    diskRow('bytes/event on disk, visits of 15 events', visits.ours),
  ]
}

async function measureMemory({ rounds, scale }: Plan): Promise<readonly Row[]> {
  const browsers = await both(rounds, (contender) => idle(contender, scale))
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
