/** Every route of HTTP, from the OpenAPI document and beyond, asked as nobody should ask: no fault, no leak, no growth. */
import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Random, randomFrom } from '../../src/commands/load/random.ts'
import { keep, readCorpus, writeCorpus } from '../fuzz/corpus.ts'
import { hostile } from '../fuzz/wild-messages.ts'
import { SECRET, type WatchedServer } from '../helpers/watched-server.ts'
import { within } from '../helpers/within.ts'
import { besiege } from './besieged.ts'
import { openRaw } from './raw-socket.ts'

const routes = suite('hostile routes')

/** FUZZ_SEED repeats a run, FUZZ_REQUESTS makes it longer, FUZZ_KEEP puts what is new in it into the corpus. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32)
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1_000)
console.log(`hostile/routes: FUZZ_SEED=${seed} FUZZ_REQUESTS=${REQUESTS}`)

/** Ids as nobody has them: separators of paths, keys and subjects, prototypes, half encodings, lengths. */
const NASTY = [
  ...[
    '',
    '.',
    '..',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '%2F',
    '%5c',
    'a%2Fb',
    'a:b',
    'a|b',
    'a.b',
    '*',
    '%3E',
    'a.*.%3E',
  ],
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    'null',
    'undefined',
    'NaN',
    '[object%20Object]',
    '-1',
    '1e99',
  ],
  ...[
    '%00',
    '%0d%0aSet-Cookie:%20a=b',
    '%',
    '%E0%A4',
    '%ED%A0%80',
    '%F0%9F%98%80',
    '%C0%AF',
    'e%CC%81',
    '%EF%BF%BF',
  ],
  ...[
    "'%20or%201=1--",
    '%3Cscript%3E',
    '$%7Bjndi:x%7D',
    '%7B%7B7*7%7D%7D',
    '9007199254740993',
    '00000000-0000-8000-8000-000000000000',
  ],
  ...['x'.repeat(257), 'x'.repeat(2_049), '%F0%9F%98%80'.repeat(300)],
] as const
const BEYOND = [
  ...[
    '/',
    '/track',
    '/track?x',
    '/live',
    '/live/tickets',
    '/metrics',
    '/healthz',
    '/readyz',
    '/openapi.json',
    '/demo/',
    '/tracker.js',
  ],
  ...[
    '/tracker.js/..%2f..%2fpackage.json',
    '/demo/..%2f..%2fserver.ts',
    '/demo/%2e%2e/%2e%2e/config.ts',
    '//backend/data/visits',
  ],
  ...[
    '/backend/data',
    '/backend/data/',
    '/BACKEND/data/visits',
    '/backend/data/visits/',
    '/erasures/',
    '/erasures/__proto__',
  ],
]
const METHODS = [
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'HEAD',
  'TRACE',
  'PROPFIND',
]
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  ...[
    { 'content-type': 'text/html' },
    { 'content-type': 'application/json; charset=utf-7' },
    { 'content-type': '' },
  ],
  ...[
    { 'content-encoding': 'gzip' },
    { expect: '100-continue' },
    { range: 'bytes=0-1,2-' },
    { 'accept-language': 'x'.repeat(4_000) },
  ],
  ...[
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: 'https://evil.example\\@shop.example' },
  ],
  ...[
    { 'x-forwarded-for': '::ffff:1,%00,999.999' },
    { 'x-http-method-override': 'DELETE' },
    { 'last-event-id': '-1' },
  ],
  ...[{ 'if-none-match': '*' }, { cookie: '__proto__=1' }, { upgrade: 'h2c', connection: 'Upgrade' }],
]
const LARGE = 65_536
/** What only the inside knows. */
const INSIDE =
  /node_modules|main\.mjs|\.ts:\d|at (async )?\w+ \(|lmdb|ENOENT|EACCES|TypeError|RangeError|\/tmp\//

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> }
}
interface Asked {
  /** The path of the document that it was made of. */
  readonly route: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}
interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function send({ port }: WatchedServer, { method, path, headers, body }: Asked): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      let text = ''
      const done = () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text })
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      answer.once('end', done).once('error', done)
      // A stream that is open is answered enough.
      if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
        done()
        asked.destroy()
      }
    })
    asked.on('error', (cause) => {
      // Who is refused before all of a large body was read is cut off behind the answer, or instead of it.
      if (body !== null && body.length > LARGE) return resolve({ status: 413, headers: {}, body: '' })
      reject(new Error(`${method} ${path.slice(0, 300)}: ${cause.message}`))
    })
    asked.once('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101, headers: {}, body: '' })
    })
    asked.end(body ?? undefined)
  })
  return within(15_000, `${method} ${path.slice(0, 200)}`, answered)
}

/** One request: an operation of the document with hostile values in it, or something beside it. */
function choose(random: Random, { paths }: Described, known: readonly string[]): Asked {
  const value = () => (random.chance(0.3) ? encodeURIComponent(random.pick(known)) : random.pick(NASTY))
  const path = random.chance(0.85) ? random.pick(Object.keys(paths)) : random.pick(BEYOND)
  const operations = paths[path] ?? {}
  const method = random.chance(0.8)
    ? random.pick(Object.keys(operations).concat('get'))
    : random.pick(METHODS)
  const operation = operations[method.toLowerCase()]
  const names = (operation?.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
  const queries = ['page_next', '__proto__', 'key', 'constructor[a]', 'a'.repeat(500), ...names, ...names]
  const query = Array.from({ length: random.below(4) }, () => `${random.pick(queries)}=${value()}`)
  const base = path in paths ? random.pick(['/backend/data', '/server/data', '/frontend/data', '']) : ''
  const example = operation?.requestBody?.content['application/json']?.example
  return {
    route: path,
    method: method.toUpperCase(),
    path: `${base}${path.replace(/\{\w+\}/g, value)}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    headers: {
      'content-type': 'application/json',
      ...(random.chance(0.9) ? { authorization: `Bearer ${SECRET}` } : {}),
      ...(random.chance(0.3) ? random.pick(HEADERS) : {}),
    },
    body: ['get', 'head', 'GET', 'HEAD', 'TRACE'].includes(method) ? null : bodyOf(random, example),
  }
}

/** The example with something unpleasant in it, or no JSON that makes sense. */
function bodyOf(random: Random, example: unknown): string {
  const wild = () =>
    JSON.stringify(hostile(random, 4), (_, value) => (typeof value === 'bigint' ? Number(value) : value))
  switch (random.below(8)) {
    case 0:
      return random.pick([
        '',
        '{',
        'null',
        '[]',
        '"',
        '[[',
        `${'['.repeat(50_000)}`,
        '{"__proto__":{"a":1}}',
        '\u0000',
      ])
    case 1:
      return JSON.stringify({ filler: 'x'.repeat(random.pick([70_000, 300_000])) })
    case 2:
      return wild() ?? 'null'
    default: {
      const fields = Object.entries(Object(Array.isArray(example) ? example[0] : example))
      const spoilt = random.below(fields.length * 2 + 1)
      const whole = fields.map(([name, value], index) => {
        return `${JSON.stringify(name)}:${index === spoilt ? (wild() ?? 'null') : JSON.stringify(value)}`
      })
      const one = `{${[...whole, ...(random.chance(0.2) ? ['"constructor":{"prototype":{}}'] : [])].join(',')}}`
      return Array.isArray(example) ? `[${one}]` : one
    }
  }
}

routes('[Q9] [Q10] no request to any route is a fault, tells of the inside, or holds memory', async () => {
  await besiege({}, async (server) => {
    const random = randomFrom(seed)
    const document = (await server.ask('/openapi.json')).body as unknown as Described
    const known = await someoneKnown(server)
    const statuses = new Map<number, number>()
    const corpus = readCorpus('requests')
    const inputs = Array.from(corpus.values(), (input): Asked => JSON.parse(input))
    assert.ok(inputs.length > 100, 'the corpus is asked first')
    for (let count = 0; count < inputs.length + REQUESTS; count += 1) {
      const asked = inputs[count] ?? choose(random, document, known)
      const { status, headers, body } = await send(server, asked)
      statuses.set(status, 1 + (statuses.get(status) ?? 0))
      const label = `FUZZ_SEED=${seed} request ${count}: ${JSON.stringify(asked).slice(0, 600)} is ${status} ${body.slice(0, 300)}`
      assert.ok(status < 500, label)
      assert.not.ok(INSIDE.test(body) && status >= 400, label)
      assert.not.ok(body.includes(SECRET), label)
      assert.is(headers['set-cookie'], undefined, label)
      assert.is(headers['x-powered-by'], undefined, label)
      const cursor = headers['paging-next']
      if (typeof cursor === 'string' && known.length < 40) known.push(cursor)
      keep(corpus, outcomeOf(status, asked), JSON.stringify(asked))
    }
    if (process.env.FUZZ_KEEP !== undefined) writeCorpus('requests', corpus)
    for (const status of [200, 400, 401, 404, 405]) assert.ok(statuses.has(status), `none was ${status}`)
  })
})

/** Who is refused at the door is refused at every route alike. */
function outcomeOf(status: number, { method, route }: Asked): string {
  return [401, 404, 405].includes(status) ? `${status} ${method}` : `${status} ${method} ${route}`
}

/** Somebody to ask about; the ids. */
async function someoneKnown({ url }: WatchedServer): Promise<string[]> {
  const event = (eventName: string, eventID: string, data: object) => ({
    ...{ eventType: 'SYSTEM', eventName, eventID, visitID: 'v1', pageID: 'p1' },
    ...{ timestamp: Date.now(), url: 'https://shop.example/', data },
  })
  const events = [event('VisitStarted', 'e1', {}), event('SignIn', 'e2', { identityId: 'ada@example.com' })]
  const said = { globalVisitID: 'g1', deviceToken: 'G'.repeat(32), sentAt: Date.now(), events }
  const answer = await fetch(`${url}/track`, { method: 'POST', body: JSON.stringify(said) })
  assert.is(answer.status, 200)
  return ['g1', 'v1', 'p1', 'e1', 'ada@example.com']
}

/** Requests that two readers would cut apart differently. Each hides `GET /healthz`, which must not be answered. */
const SMUGGLED = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
const AMBIGUOUS = [
  `POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: ${SMUGGLED.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  `POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n${SMUGGLED}`,
  `POST /track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  `POST /track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  `POST /track HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n${SMUGGLED}`,
  `GET /nothing HTTP/1.1\r\nHost: x\r\nX: a\r\n\u0000b: c\r\n\r\n${SMUGGLED}`,
  `GET /nothing\u0000 HTTP/1.1\r\nHost: x\r\n\r\n${SMUGGLED}`,
  `GET /nothing HTTP/9.9\r\nHost: x\r\n\r\n${SMUGGLED}`,
  `POST /track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${SMUGGLED}`,
]

routes(
  '[Q9] requests that can be read in two ways are refused whole: nothing can be smuggled in behind them',
  async () => {
    await besiege({}, async (server) => {
      for (const bytes of AMBIGUOUS) {
        const raw = openRaw(server.port)
        raw.write(bytes)
        const heard = await raw.gone(10_000)
        assert.match(heard, /^HTTP\/1\.1 400 /, JSON.stringify(bytes))
        assert.not.match(heard, ' 200 ', JSON.stringify(bytes))
      }
    })
  },
)

routes.run()
