import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import type { Listing } from '../../src/history/listing.ts'
import { walkedListing } from '../../src/history/walked.ts'
import { type House, openHouse } from './house.ts'
import { openRealHouse, START } from './real-house.ts'
import { createViewStub } from './views.ts'

const walked = suite('History: lists whose rows are walked for')
const PAT = 'pat@example.com'

/** All pages of a list, and how many they were. */
async function allPages(house: House, path: string) {
  const found: Record<string, unknown>[] = []
  let pages = 0
  for (let next: string | null = path; next !== null; pages += 1) {
    const { status, body, headers } = await house.ask(next)
    assert.ok(status === 200 || status === 204, `${next}: ${JSON.stringify(body)}`)
    found.push(...(Array.isArray(body) ? body : []))
    next = /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? null
    assert.ok(pages < 1_000, 'it ends')
  }
  return { found, pages }
}

walked('[H8] a row is decided over as many reads as it takes, and each row once', () => {
  const rows = Array.from({ length: 40 }, (_, index) => index + 1)
  const outer: Listing<number, number> = {
    placeSchema: undefined as never,
    read: (place, limit) => {
      const found = rows.filter((row) => row > (place ?? 0)).slice(0, limit)
      const seen = found.map((row) => ({ row, place: row }))
      return { seen, place: found.at(-1) ?? place, looked: found.length, done: found.length < limit }
    },
  }
  // Row n takes n steps; every third belongs.
  const listing = walkedListing(outer, (row, at, limit) => {
    const from = at ?? 0
    const to = Math.min(row, from + limit)
    return { belongs: to < row ? null : row % 3 === 0, at: to, looked: to - from }
  })
  for (const limit of [1, 2, 7, 1_000]) {
    const found: number[] = []
    let place: Parameters<typeof listing.read>[0] = null
    for (let reads = 0; ; reads += 1) {
      const stretch = listing.read(place, limit)
      found.push(...stretch.seen.map(({ row }) => row))
      place = stretch.place
      if (stretch.done) break
      assert.ok(reads < 2_000, 'it ends')
    }
    assert.equal(
      found,
      rows.filter((row) => row % 3 === 0),
      `limit ${limit}`,
    )
  }
})

walked('[H8] people by the browser of any of their visits, however many they had', async () => {
  const house = await openHouse({ config: { ...defaultConfig(), readRows: 100 } })
  const { scribe } = house
  scribe.userAgent('kiosk', 'Kiosk/2')
  const pat = scribe.identity(PAT)
  const sam = scribe.identity('sam@example.com')
  for (let count = 0; count < 620; count += 1) {
    const visit = scribe.visit('g1', `v${count}`, count === 0 ? { userAgentId: 'kiosk' } : {})
    scribe.event(visit.number, { visit, link: scribe.link(visit, pat, 'Recognized') })
    if (count === 1) scribe.link(visit, sam, 'Recognized')
  }
  await scribe.commit()
  const { found, pages } = await allPages(house, '/backend/data/identities?userAgent=Kiosk/2')
  assert.equal(
    found.map(({ identityId }) => identityId),
    [PAT],
  )
  assert.ok(pages > 6, `${pages} pages`)
  const none = await allPages(house, '/backend/data/identities?userAgent=Kiosk/2&location=Oslo')
  assert.equal(none, { found: [], pages: 1 })
  await house.close()
})

walked('[H8] a device is given once, also where a person came to it late', async () => {
  const house = await openHouse({
    viewVisitor: createViewStub(),
    config: { ...defaultConfig(), readRows: 60 },
  })
  const { scribe } = house
  const pat = scribe.identity(PAT)
  for (let count = 0; count < 220; count += 1) {
    const visit = scribe.visit('g1', `v${count}`)
    // Somebody else's device before; once taken back.
    const association = count === 180 ? null : 'Recognized'
    const known = count < 180 ? {} : { link: scribe.link(visit, pat, association) }
    scribe.event(visit.number, { visit, ...known })
  }
  const other = scribe.visit('g2', 'w1')
  scribe.event(other.number, { visit: other, link: scribe.link(other, pat, 'Authenticated') })
  await scribe.commit()
  for (const order of ['asc', 'desc']) {
    const path = `/backend/data/identities/${PAT}/visitors?order=${order}`
    const { found, pages } = await allPages(house, path)
    const ids = found.map(({ globalVisitID }) => globalVisitID)
    assert.equal(ids, order === 'asc' ? ['g1', 'g2'] : ['g2', 'g1'])
    assert.ok(pages > 3, `${pages} pages`)
  }
  await house.close()
})

walked(
  '[H7] of a visit in which very many were known, those that come next are given, each once',
  async () => {
    const house = await openHouse()
    const { scribe } = house
    const visit = scribe.visit('g1', 'v1')
    // Who is numbered last is known first.
    const people = Array.from({ length: 700 }, (_, index) => scribe.identity(`p${index}`)).reverse()
    for (const person of people)
      scribe.event(visit.number, { visit, link: scribe.link(visit, person, 'Recognized') })
    await scribe.commit()
    for (const order of ['asc', 'desc']) {
      const path = `/backend/data/visits/v1/identities?order=${order}&page_size=150`
      const { found } = await allPages(house, path)
      const expected = people.map(({ identityId }) => identityId)
      assert.equal(
        found.map(({ identityId }) => identityId),
        order === 'asc' ? expected : expected.reverse(),
      )
    }
    await house.close()
  },
)

walked('[H8] what was before the window is not looked at: the first page has what is asked for', async () => {
  const house = await openRealHouse({ config: { readRows: 60 } })
  const { record, event, wait, ask } = house
  const visit = async (count: number, identityId: string) => {
    const words = { visitID: `v${count}` }
    await record(`g${count}`, event('VisitStarted', {}, words), event('SignIn', { identityId }, words))
  }
  for (let count = 0; count < 150; count += 1) await visit(count, PAT)
  for (let count = 0; count < 150; count += 1) await visit(1_000 + count, `p${count}`)
  wait(60_000)
  const since = START + 60_000
  await visit(2_000, PAT)
  await visit(2_001, 'sam@example.com')
  for (const [list, count] of [
    ['/contacts', 2],
    [`/identities/${PAT}/contacts`, 1],
    [`/identities/${PAT}/visits`, 1],
    [`/identities/${PAT}/visitors`, 1],
    [`/visits?identityId=${PAT}`, 1],
    ['/visits', 2],
    ['/identities', 1],
  ] as const) {
    for (const order of ['asc', 'desc']) {
      const { body, headers } = await ask(
        `${list}${list.includes('?') ? '&' : '?'}from=${since}&order=${order}`,
      )
      assert.is(Array.isArray(body) && body.length, count, `${list} ${order}`)
      assert.is(headers.get('paging-next'), null, `${list} ${order}`)
    }
  }
  await house.close()
})

walked('[H8] what is live costs what it gives, however many visits are over', async () => {
  const house = await openHouse({ config: { ...defaultConfig(), readRows: 50 } })
  const { scribe } = house
  for (let count = 0; count < 300; count += 1) {
    const isOver = count % 150 !== 149
    const visit = scribe.visit(
      `g${count}`,
      `v${count}`,
      isOver ? { endDate: scribe.now(), reason: 'closed' } : {},
    )
    scribe.event(visit.number, { visit })
  }
  await scribe.commit()
  for (const order of ['asc', 'desc']) {
    const { body, headers } = await house.ask(`/backend/data/visits?live=true&order=${order}`)
    const ids = (body as { visitId: string }[]).map(({ visitId }) => visitId)
    assert.equal(ids, order === 'asc' ? ['v149', 'v299'] : ['v299', 'v149'])
    assert.is(headers.get('paging-next'), null)
  }
  await house.close()
})

walked.run()
