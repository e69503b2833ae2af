import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROUTES } from '../../src/history/routes.ts'
import { openRealHouse } from './real-house.ts'
import { pick, type Random, seeded } from './world.ts'

const fuzz = suite('History: fuzz, writing')
const WRITING = ROUTES.filter(({ method }) => method === 'POST')
const FIELDS = [
  ...['identityId', 'agentId', 'reason', 'seq', 'confidence', 'rule', 'version', 'evidence', 'halfLifeMs'],
  ...[
    'engine',
    'purpose',
    'ttlMs',
    'leaseId',
    'channel',
    'data',
    'page',
    'eventName',
    'eventType',
    'eventID',
  ],
  ...[
    'visitId',
    'visitID',
    'globalVisitID',
    'url',
    'pageID',
    'timestamp',
    'userAgent',
    '__proto__',
    'constructor',
  ],
]
const VALUES = [
  ...[null, true, 0, 1, 2, -1, 0.5, 1e308, 60_000, '', 'a', 'pat@example.com', 'guest', 'g1', 'v1', 'SYSTEM'],
  ...[
    'SignIn',
    'UserInfo',
    'SignOut',
    'VisitStarted',
    'PageEntered',
    'AddedToCart',
    '\u0000',
    '\ud800',
    '😀',
  ],
  ...[[], {}, { a: { b: [1] } }, { identityId: 'sam@example.com' }, { visitID: 'v1' }, 'x'.repeat(3_000)],
]

function body(random: Random): unknown {
  const one = () =>
    Object.fromEntries(
      Array.from({ length: Math.floor(random() * 8) }, () => [pick(random, FIELDS), pick(random, VALUES)]),
    )
  const turn = random()
  if (turn < 0.1) return pick(random, VALUES)
  return turn < 0.2 ? [one(), one()] : one()
}

/** What is meant: mostly an example with something changed, so that many get far. */
function chosen(random: Random, example: unknown): unknown {
  const other = body(random)
  if (random() < 0.4) return other
  if (Array.isArray(example)) return random() < 0.5 ? example : [other]
  const change = random() < 0.5 ? {} : { [pick(random, FIELDS)]: pick(random, VALUES) }
  return typeof example === 'object' ? { ...example, ...change } : other
}

const SEEDS = process.env.SEED === undefined ? [1, 2] : [Number(process.env.SEED)]
const EXPECTED = [200, 201, 400, 404, 409, 413, 415]

for (const seed of SEEDS) {
  fuzz(`[Q10] no body makes a fault, and streams stay whole (seed ${seed})`, async () => {
    const random = seeded(seed)
    const notify = async () => ({ id: 'n1', delivered: 1, handled: 0, outcome: 'unanswered' })
    const { record, event, post, ask, store, close } = await openRealHouse({ notify })
    await record('g1', event('VisitStarted'), event('SignIn', { identityId: 'pat@example.com' }))
    const { body: visit } = await ask('/visits/v1?include_sessions=true')
    const ids: Readonly<Record<string, string>> = {
      globalVisitID: 'g1',
      visitId: 'v1',
      sessionId: String((visit.sessionIds as string[])[0]),
    }
    const seen = new Set<number>()
    for (let requests = 0; requests < 800; requests += 1) {
      const route = pick(random, WRITING)
      const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
        random() < 0.95 ? (ids[name] ?? '') : 'nobody',
      )
      const said = chosen(random, route.example)
      const headers =
        random() < 0.1
          ? { 'idempotency-key': pick(random, ['k1', 'k2', 'a b', 'é'.normalize('NFD')[0] ?? '']) }
          : {}
      const { status, body: answer } = await post(path, said, headers)
      const label = `seed ${seed}: ${path} ${JSON.stringify(said).slice(0, 300)} is ${status} ${JSON.stringify(answer).slice(0, 300)}`
      assert.ok(EXPECTED.includes(status), label)
      seen.add(status)
    }
    assert.equal([...seen].filter((status) => status < 413).sort(), [200, 201, 400, 404, 409])
    const number = store.visitorNumber('g1')
    const seqs = store.entries(number, { limit: 10_000 }).map(({ seq }) => seq)
    assert.equal(
      seqs,
      seqs.map((_, index) => index + 1),
    )
    assert.ok(store.entries(number, { limit: 10_000 }).every(({ faulted }) => !faulted))
    await close()
  })
}

fuzz.run()
