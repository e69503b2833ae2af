/** The command line of the benches. */
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** What runs when none is named. */
export const DEFAULT_PARTS: readonly string[] = ['speed', 'latency', 'disk', 'engine']
export const PARTS: readonly string[] = [
  ...DEFAULT_PARTS,
  'memory',
  'parts',
  'peers',
  'growth',
  'history',
  'storm',
  'siege',
  'deploy',
]

const SECONDS = 4
const QUICK_SECONDS = 2
const PEERS_SECONDS = 2

export const HELP = `npm run bench -- [--quick] [--rounds N] [--seconds N] [PART...] [OPTION...]

  speed     acknowledged events a second, 1 and 10 events a message
  latency   of acks, at half of the speed
  disk      bytes on disk for one event, in visits of 15 events
  engine    from a sign-in to an engine over NATS, beside a NATS round trip
  memory    of a browser that is connected and idle
  parts     what an event takes of the wire's checks, the statechart and LMDB alone: as near to the floor as can be
  peers     the same events, acks, pushes and queries asked of the floor, of ws + PostgreSQL (installs it), of a workerd
            Durable Object a visitor, and of us; some 15 minutes
  growth    what an event costs as what is stored grows; some 10 minutes, most of them to fill
  history   pages of the History API as what is stored grows, alone and beside 100 clients; a person of many events read
            in vain and erased; the start with many asleep
  storm     many browsers come at once, are cut off and come again at once: until when all are served, memory, and the
            acks of those who stayed
  siege     acks of browsers while attackers are as busy as they can be
  deploy    the server goes away under load and comes back: events lost, visits ended, people signed out
  --quick   one short round, and little stored: the order of magnitude
  --rounds N      of each measure, 3 by default; the tables have the medians
  --seconds N     that each load is measured, ${SECONDS} by default, for peers ${PEERS_SECONDS}
  --connections   for peers: browsers at once, 20,200,2000,most by default; most = what the machine lets a process have
  --steps         for growth and history: events stored, 100000,1000000,10000000 by default
  --hot N         for history: events of the one person, 1000000 by default
  --sockets N     for storm: as many come, as many as the machine lets a process have by default
  --away S        for deploy: seconds without a server, 60 by default
  --visitors N    for history: as many sleep at the start, 1000000 by default
  --keep FOLDER   for growth and history: what was filled is kept there, and used again

None named = ${DEFAULT_PARTS.join(', ')}: less than four minutes. The folder that is written is in ${tmpdir()}; TMPDIR
names another.
`

export interface Options {
  readonly parts: readonly string[]
  readonly isQuick: boolean
  readonly rounds: number
  readonly measureMs: number
  /** Of peers, where there are so many loads that each is shorter. */
  readonly peersMs: number
  readonly connections: readonly (number | 'most')[]
  readonly steps: readonly number[]
  readonly hot: number
  readonly visitors: number
  /** 0 = as many as the machine lets a process have. */
  readonly sockets: number
  readonly awayMs: number
  readonly keep: string | null
}

/** The options; a sentence for each that is wrong; null = help is wanted. */
export function readOptions(args: readonly string[]): Options | readonly string[] | null {
  const parsed = parse(args)
  if (parsed instanceof Error) return [parsed.message]
  const { values, positionals } = parsed
  if (values.help === true) return null
  const wrong = positionals
    .filter((name) => !PARTS.includes(name))
    .map((name) => `"${name}" is none of ${PARTS.join(', ')}`)
  const whole = (
    name: 'rounds' | 'seconds' | 'hot' | 'visitors' | 'sockets' | 'away',
    fallback: number,
  ): number => {
    const value = values[name]
    if (value !== undefined && !isWhole(value))
      wrong.push(`--${name} must be a whole number, 1 or more, got "${value}"`)
    return Number(value ?? fallback)
  }
  const rising = (name: 'connections' | 'steps', fallback: string): readonly string[] => {
    const list = (values[name] ?? fallback).split(',')
    const isMost = (item: string) => name === 'connections' && item === 'most'
    const isRising = list.every(
      (item, index) => index === 0 || isMost(item) || Number(item) > Number(list[index - 1]),
    )
    if (!list.every((item) => isMost(item) || isWhole(item)) || !isRising)
      wrong.push(`--${name} must be rising whole numbers, separated by commas, got "${list}"`)
    return list
  }
  const isQuick = values.quick === true
  const options: Options = {
    parts: positionals.length === 0 ? DEFAULT_PARTS : positionals,
    isQuick,
    rounds: whole('rounds', isQuick ? 1 : 3),
    measureMs: whole('seconds', isQuick ? QUICK_SECONDS : SECONDS) * 1_000,
    peersMs: Number(values.seconds ?? PEERS_SECONDS) * 1_000,
    connections: rising('connections', isQuick ? '20,200' : '20,200,2000,most').map((item) =>
      item === 'most' ? item : Number(item),
    ),
    steps: rising('steps', isQuick ? '100000' : '100000,1000000,10000000').map(Number),
    hot: whole('hot', isQuick ? 100_000 : 1_000_000),
    visitors: whole('visitors', isQuick ? 20_000 : 1_000_000),
    sockets: whole('sockets', isQuick ? 1_000 : 0),
    awayMs: whole('away', isQuick ? 5 : 60) * 1_000,
    keep: values.keep ?? null,
  }
  return wrong.length > 0 ? wrong : options
}

function isWhole(value: string): boolean {
  return /^[1-9]\d*$/.test(value)
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    ...{ quick: flag, help: flag },
    ...{ rounds: text, seconds: text, connections: text, steps: text, hot: text, visitors: text, keep: text },
    ...{ sockets: text, away: text },
  }
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}
