/** The arguments of `vestibule load`, read once; a wrong one is said in one sentence. */
import { parseArgs } from 'node:util'
import { type Codec, JSON_CODEC, MSGPACK_CODEC } from '../../../protocol/codec.ts'

export interface LoadOptions {
  readonly url: string
  readonly codec: Codec
  readonly browsers: number
  /** Events a second, of all browsers together. */
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly eventsPerMessage: number
  readonly truth: string | undefined
  readonly acked: string | undefined
}

/** An argument that is not right; the message is for whoever typed it. */
export class LoadArgumentError extends Error {
  override readonly name = 'LoadArgumentError'
}

export const LOAD_HELP = `vestibule load: browsers that live plausible visits against a running server

  --url URL                 where the server is; default ws://127.0.0.1:8080/track
  --encoding json|msgpack   how messages are encoded; default json
  --browsers N              devices, shared by the people of a household; default 50
  --rate N                  events a second, all browsers together; default 50
  --seconds N               how long things happen; default 30
  --seed N                  the same seed lives the same lives; default: another each time
  --events-per-message N    events that travel together; default 1
  --truth FILE              writes who was really there in each visit, one JSON a line
  --acked FILE              writes each acknowledged eventID with its globalVisitID, one JSON a line

More than 60 browsers from one address wait, unless the server has VESTIBULE_NEW_VISITORS_PER_MINUTE=0.
`

const STRINGS = [
  'url',
  'encoding',
  'browsers',
  'rate',
  'seconds',
  'seed',
  'events-per-message',
  'truth',
  'acked',
] as const
type Name = (typeof STRINGS)[number]

/** The options, or null where help is asked for. Throws `LoadArgumentError`. `anySeed` is taken where none is given. */
export function readLoadOptions(args: readonly string[], anySeed: number): LoadOptions | null {
  const given = parse(args)
  if (given.help === true) return null
  return {
    url: readUrl(given.url ?? 'ws://127.0.0.1:8080/track'),
    codec: readEncoding(given.encoding ?? 'json'),
    browsers: readWhole(given, 'browsers', { byDefault: 50, least: 1, most: 100_000 }),
    rate: readWhole(given, 'rate', { byDefault: 50, least: 1, most: 1_000_000 }),
    seconds: readWhole(given, 'seconds', { byDefault: 30, least: 1, most: 1_000_000 }),
    seed: readWhole(given, 'seed', { byDefault: anySeed, least: 0, most: 2 ** 32 - 1 }),
    eventsPerMessage: readWhole(given, 'events-per-message', { byDefault: 1, least: 1, most: 10_000 }),
    truth: given.truth,
    acked: given.acked,
  }
}

type Given = { readonly [N in Name]?: string } & { readonly help?: boolean }

function parse(args: readonly string[]): Given {
  const strings = Object.fromEntries(STRINGS.map((name) => [name, { type: 'string' as const }]))
  try {
    // What parseArgs gives is what these options say; it cannot tell from a computed table.
    return parseArgs({ args: [...args], options: { ...strings, help: { type: 'boolean' } } }).values as Given
  } catch (cause) {
    const [sentence] = cause instanceof Error ? cause.message.split(/[.\n]/) : []
    throw new LoadArgumentError(`${sentence}; "vestibule load --help" lists what there is`, { cause })
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new LoadArgumentError(`--url must be a ws:// or http:// address, got "${text}"`)
  }
  url.protocol = url.protocol.replace('http', 'ws')
  if (url.pathname === '/') url.pathname = '/track'
  return url.href
}

function readEncoding(text: string): Codec {
  if (text === 'json') return JSON_CODEC
  if (text === 'msgpack') return MSGPACK_CODEC
  throw new LoadArgumentError(`--encoding must be json or msgpack, got "${text}"`)
}

interface Bounds {
  readonly byDefault: number
  readonly least: number
  readonly most: number
}

function readWhole(given: Given, name: Name, { byDefault, least, most }: Bounds): number {
  const text = given[name]
  if (text === undefined) return byDefault
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new LoadArgumentError(`--${name} must be a whole number, ${least}..${most}, got "${text}"`)
}
