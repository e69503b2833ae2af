import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { openApp, openHouse } from './house.ts'
import { createWorld, pick, type Random, type Remembered, seeded } from './world.ts'

const paging = suite('History: paging')

interface ListAsked {
  readonly path: string
  readonly wanted: (event: Remembered) => boolean
}

const IDENTIFICATIONS = ['SignIn', 'SignOut', 'UserInfo']

/** A list of events chosen at random, and which of the remembered events are in it. */
function chooseList(random: Random, world: ReturnType<typeof createWorld>): ListAsked {
  const visitId = pick(random, world.visits)
  const identityId = pick(random, world.people)
  const globalVisitID = pick(random, world.visitors)
  const session = pick(random, world.sessions)
  const isIdentification = ({ eventName }: Remembered) => IDENTIFICATIONS.includes(eventName)
  const base = '/backend/data'
  return pick<ListAsked>(random, [
    { path: `${base}/visits/${visitId}/events?`, wanted: (event) => event.visitId === visitId },
    {
      path: `${base}/visits/${visitId}/events?eventName=Looked`,
      wanted: (event) => event.visitId === visitId && event.eventName === 'Looked',
    },
    {
      path: `${base}/visits/${visitId}/events?category=shoes`,
      wanted: (event) => event.visitId === visitId && event.category.split(';').includes('shoes'),
    },
    {
      path: `${base}/sessions/${session.sessionId}/events?`,
      wanted: (event) => event.sessionId === session.sessionId,
    },
    {
      path: `${base}/identities/${identityId}/events?`,
      wanted: (event) => event.identityId === identityId,
    },
    {
      path: `${base}/identities/${identityId}/events?globalVisitID=${globalVisitID}&eventType=SYSTEM`,
      wanted: (event) =>
        event.identityId === identityId &&
        event.globalVisitID === globalVisitID &&
        event.eventType === 'SYSTEM',
    },
    { path: `${base}/useridentifications?`, wanted: isIdentification },
    { path: `${base}/useridentifications?all=true`, wanted: ({ eventType }) => eventType === 'SYSTEM' },
    {
      path: `${base}/useridentifications?identityId=${identityId}`,
      wanted: (event) => event.identityId === identityId && isIdentification(event),
    },
    {
      path: `${base}/useridentifications?globalVisitID=${globalVisitID}&identityId=${identityId}`,
      wanted: (event) =>
        event.globalVisitID === globalVisitID && event.identityId === identityId && isIdentification(event),
    },
  ])
}

function idsOf(body: unknown): string[] {
  if (body === null) return []
  if (!Array.isArray(body)) throw new Error(`no list: ${JSON.stringify(body)}`)
  return body.map((item: { readonly eventID: string }) => item.eventID)
}

const SEEDS = process.env.SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.SEED)]

for (const seed of SEEDS) {
  paging(`[H3] nothing is given twice and nothing left out while events arrive (seed ${seed})`, async () => {
    const random = seeded(seed)
    const readRows = pick(random, [40, 100, 20_000])
    const house = await openHouse({ config: { ...defaultConfig(), readRows, readSliceRows: 30 } })
    const world = createWorld(house.scribe, random, { visitors: 4, people: 3 })
    await world.happen(60)
    await world.happen(60)
    for (let list = 0; list < 30; list++) {
      const { path, wanted } = chooseList(random, world)
      const order = pick(random, ['asc', 'desc'])
      const ordered = (events: readonly Remembered[]): string[] => {
        const found = events.filter(wanted).sort((a, b) => a.position - b.position)
        return (order === 'desc' ? found.reverse() : found).map(({ eventID }) => eventID)
      }
      const before = ordered(world.events)
      const given: string[] = []
      let ask: string | null = `${path}&order=${order}&page_size=${1 + Math.floor(random() * 12)}`
      const label = `seed ${seed}, rows ${readRows}: ${ask}`
      for (let pages = 0; ask !== null; pages++) {
        const answer = await house.ask(ask)
        assert.ok([200, 204].includes(answer.status), `${label}: ${JSON.stringify(answer.body)}`)
        given.push(...idsOf(answer.body))
        ask = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
        assert.is(ask !== null, answer.headers.has('paging-next'), label)
        if (random() < 0.2 && pages < 5) await world.happen(8)
        assert.ok(pages < 2_000, `${label} does not end`)
      }
      // Forwards, what arrived meanwhile is in it as far as the last page came; backwards, none of it is.
      if (order === 'desc') assert.equal(given, before, label)
      else {
        assert.equal(given.slice(0, before.length), before, label)
        assert.equal(given, ordered(world.events).slice(0, given.length), label)
      }
    }
    await house.close()
  })
}

paging('[H3] from and to keep a list to server time, both ends included', async () => {
  const random = seeded(77)
  const house = await openHouse()
  const world = createWorld(house.scribe, random, { visitors: 3, people: 2 })
  for (let commit = 0; commit < 8; commit++) await world.happen(30)
  for (let list = 0; list < 40; list++) {
    const { path, wanted } = chooseList(random, world)
    const [a, b] = [pick(random, world.events).at, pick(random, world.events).at]
    const [from, to] = [Math.min(a, b), Math.max(a, b)]
    const expected = world.events
      .filter((event) => wanted(event) && event.at >= from && event.at <= to)
      .sort((one, other) => one.position - other.position)
      .map(({ eventID }) => eventID)
    for (const order of ['asc', 'desc']) {
      const asked = `${path}&page_size=1000&from=${from}&to=${to}&order=${order}`
      const found = idsOf((await house.ask(asked)).body)
      assert.equal(order === 'desc' ? found.reverse() : found, expected, asked)
    }
  }
  await house.close()
})

paging('[H3] a cursor is good after a restart, and for no other query', async () => {
  const house = await openHouse()
  const { scribe, ask } = house
  for (const visitId of ['v1', 'v2']) {
    const visit = scribe.visit('g1', visitId)
    for (let index = 0; index < 5; index++) scribe.event(visit.number, { visit })
  }
  await scribe.commit()
  const first = await ask('/backend/data/visits/v1/events?page_size=2')
  const cursor = first.headers.get('paging-next') ?? ''
  const restarted = await openApp(house.store)
  const headers = { authorization: 'Bearer reader-secret-0123' }
  const next = await restarted.request(`/server/data/visits/v1/events?page_size=3&page_next=${cursor}`, {
    headers,
  })
  assert.equal(idsOf(await next.json()), ['e-1-3', 'e-1-4', 'e-1-5'])
  assert.is(next.headers.get('paging-next'), null)
  const foreign = [
    `/visits/v2/events?page_next=${cursor}`,
    `/visits/v1/events?order=desc&page_next=${cursor}`,
    `/visits/v1/events?eventName=Looked&page_next=${cursor}`,
    `/visits/v1/pages?page_next=${cursor}`,
    `/visitors/g1/stream?page_next=${cursor}`,
    `/contacts?page_next=${cursor}`,
  ]
  for (const path of foreign) {
    const { status, body } = await ask(`/backend/data${path}`)
    assert.is(status, 400, path)
    assert.match(JSON.stringify(body), '"parameter":"page_next"')
  }
  await house.close()
})

paging('[H3] a cursor changed in any of its characters is refused', async () => {
  const house = await openHouse()
  const visit = house.scribe.visit('g1', 'v1')
  for (let index = 0; index < 5; index++) house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  const cursor =
    (await house.ask('/backend/data/visits/v1/events?page_size=2')).headers.get('paging-next') ?? ''
  const changed = [...cursor].map((letter, index) => {
    return cursor.slice(0, index) + (letter === 'A' ? 'B' : 'A') + cursor.slice(index + 1)
  })
  for (const text of [
    ...changed,
    cursor.slice(1),
    cursor.slice(0, -1),
    `${cursor}A`,
    `${cursor}%3D`,
    'x',
    '0',
    `${'A'.repeat(5_000)}`,
  ]) {
    const { status } = await house.ask(`/backend/data/visits/v1/events?page_size=2&page_next=${text}`)
    assert.is(status, 400, text)
  }
  await house.close()
})

paging('[H3] age counts from the first page on every page', async () => {
  let now = 1_700_000_010_000
  const house = await openHouse({ now: () => now })
  const visit = house.scribe.visit('g1', 'v1')
  for (let index = 0; index < 10; index++) {
    house.scribe.event(visit.number, { visit })
    house.scribe.wait(1_000)
  }
  await house.scribe.commit()
  const path = '/backend/data/visits/v1/events?age=5&order=desc&page_size=2'
  const first = await house.ask(path)
  now += 60_000
  const second = await house.ask(`${path}&page_next=${first.headers.get('paging-next')}`)
  assert.equal([...idsOf(first.body), ...idsOf(second.body)], ['e-1-10', 'e-1-9', 'e-1-8', 'e-1-7'])
  assert.is((await house.ask(path)).status, 204, 'asked anew, nothing is that young')
  await house.close()
})

paging('[H3] page_size is 100 by default, at most 1,000', async () => {
  const house = await openHouse()
  const visit = house.scribe.visit('g1', 'v1')
  for (let index = 0; index < 1_001; index++) house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  const path = '/backend/data/visits/v1/events'
  assert.is(idsOf((await house.ask(path)).body).length, 100)
  const most = await house.ask(`${path}?page_size=1000`)
  assert.is(idsOf(most.body).length, 1_000)
  assert.ok(most.headers.has('paging-next'))
  for (const size of ['1001', '0', '-1', '1e2', 'ten', '', '99999999999999999999']) {
    assert.is((await house.ask(`${path}?page_size=${size}`)).status, 400, size)
  }
  await house.close()
})

paging.run()
