import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BASES, type Route } from '../../src/history/route.ts'
import { ROUTES } from '../../src/history/routes.ts'
import { openHouse } from './house.ts'
import { createViewStub } from './views.ts'
import { createWorld, pick, type Random, seeded } from './world.ts'

const fuzz = suite('History: fuzz')

const HOSTILE = [
  '',
  '0',
  '-1',
  '1e9',
  'true',
  'false',
  'null',
  'NaN',
  '[object Object]',
  '__proto__',
  '9007199254740993',
  '%00',
  '%',
  '%F0%9F%98%80',
  '%E0%A4',
  '..',
  '%2e%2e%2f',
  'a;b',
  'all%20categories',
  'asc',
  'desc',
  'SYSTEM',
  'Authenticated',
  '%22%3E%3Cscript%3E',
  '%0d%0aSet-Cookie:%20a=b',
  "'%20or%20'1'='1",
  'x'.repeat(3_000),
  '00000000-0000-5000-8000-000000000000',
]

/** A request made of what exists, what is hostile, and cursors that were given for something else. */
function chooseRequest(random: Random, route: Route, known: readonly string[]): string {
  const value = () => (random() < 0.5 ? encodeURIComponent(pick(random, known)) : pick(random, HOSTILE))
  const path = route.path.replace(/\{\w+\}/g, value)
  const names = [...Object.keys(route.query.shape), 'page_next', 'unknown', '_', 'key']
  const query = Array.from({ length: Math.floor(random() * 4) }, () => `${pick(random, names)}=${value()}`)
  return `${route.at === 'root' ? '' : pick(random, BASES)}${path}?${query.join('&')}`
}

const READING = ROUTES.filter(({ method }) => method === 'GET')
const SEEDS = process.env.SEED === undefined ? [1, 2] : [Number(process.env.SEED)]

for (const seed of SEEDS) {
  fuzz(`[Q10] no request to any row is a fault or tells of the inside (seed ${seed})`, async () => {
    const random = seeded(seed)
    const house = await openHouse({
      viewVisitor: createViewStub(),
      viewPast: async ({ globalVisitID }) => createViewStub()(globalVisitID),
    })
    const world = createWorld(house.scribe, random, { visitors: 3, people: 2 })
    await world.happen(40)
    const sessions = world.sessions.map(({ sessionId }) => sessionId)
    const pages = world.events.map(({ pageID }) => pageID)
    const known = [...world.visits, ...world.people, ...world.visitors, ...sessions, ...pages.slice(0, 9)]
    const statuses = new Set<number>()
    for (let requests = 0; requests < 1_500; requests++) {
      const route = pick(random, READING)
      const path = chooseRequest(random, route, known)
      const { status, headers, body } = await house.ask(path)
      statuses.add(status)
      const label = `seed ${seed}: ${path} is ${status} ${JSON.stringify(house.faults)}`
      assert.ok([200, 204, 400, 404].includes(status), label)
      const type = headers.get('content-type')
      const good = route.isLines === true ? 'application/x-ndjson' : 'application/json'
      const expected = status === 200 ? good : 'application/problem+json'
      assert.is(type, status === 204 ? null : expected, label)
      assert.is(headers.get('set-cookie'), null, label)
      assert.not.match(JSON.stringify(body), 'node_modules', label)
      const cursor = headers.get('paging-next')
      if (cursor !== null && known.length < 60) known.push(cursor)
    }
    assert.equal([...statuses].sort(), [200, 204, 400, 404], 'all kinds of answers were given')
    await house.close()
  })
}

fuzz.run()
