import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { type House, openHouse } from './house.ts'
import { pick, seeded } from './world.ts'

const merged = suite('History: lists of a person over many visits')

interface Item {
  readonly eventID?: string
  readonly pageID?: string
  readonly sessionId?: string
  readonly visitId?: string
}

/** Every row of a list, page after page, and how many pages that took. */
async function readAll(house: House, path: string) {
  const items: Item[] = []
  let pages = 0
  for (let next: string | null = `/backend/data${path}`; next !== null; pages++) {
    assert.ok(pages < 5_000, `${path} ends`)
    const answer = await house.ask(next)
    assert.ok(answer.status === 200 || answer.status === 204, JSON.stringify(answer.body))
    if (answer.body !== null) items.push(...(answer.body as Item[]))
    next = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
  }
  return { items, pages }
}

/** A person on a dozen devices, in many visits that overlap, now and then as somebody else. */
async function live(house: House, visits: number) {
  const random = seeded(5)
  const { scribe } = house
  const [ann, bob] = [scribe.identity('ann'), scribe.identity('bob')]
  const devices = Array.from({ length: 12 }, (_, index) => `g${index}`)
  const expected = {
    events: [] as string[],
    pages: [] as string[],
    sessions: [] as string[],
    visits: [] as string[],
  }
  for (let index = 0; index < visits; index++) {
    const visit = scribe.visit(pick(random, devices), `v${index}`)
    const link = scribe.link(visit, ann, 'Recognized')
    const session = scribe.session(visit, ann)
    expected.sessions.push(session.sessionId)
    expected.visits.push(visit.visitId)
    for (let event = 0; event < 3; event++) {
      const isAnn = event < 2
      const page = scribe.page(visit, isAnn ? { link } : {})
      if (isAnn) expected.pages.push(page.pageId)
      const said = scribe.event(visit.number, isAnn ? { visit, page, link, session } : { visit, page })
      if (isAnn) expected.events.push(said.words.eventID)
    }
    if (index % 7 === 0) scribe.event(visit.number, { visit, link: scribe.link(visit, bob, 'Recognized') })
    await scribe.commit()
  }
  return expected
}

merged('[H8] a scan over many links that a budget cuts short goes on from its cursor', async () => {
  const house = await openHouse({ config: { ...defaultConfig(), readRows: 25, readSliceRows: 10 } })
  const expected = await live(house, 70)
  const lists = [
    ['/identities/ann/events', (item: Item) => item.eventID, expected.events],
    ['/identities/ann/pages', (item: Item) => item.pageID, expected.pages],
    ['/identities/ann/sessions', (item: Item) => item.sessionId, expected.sessions],
    ['/identities/ann/visits', (item: Item) => item.visitId, expected.visits],
  ] as const
  for (const [path, idOf, ids] of lists) {
    const forwards = await readAll(house, `${path}?page_size=50`)
    assert.equal(forwards.items.map(idOf), ids, path)
    const backwards = await readAll(house, `${path}?page_size=50&order=desc`)
    assert.equal(backwards.items.map(idOf).reverse(), ids, `${path} backwards`)
    if (path !== '/identities/ann/visits') assert.ok(backwards.pages > 10, 'the budget cut it short')
  }
  await house.close()
})

merged('[H3] without a budget in the way, a page of a person is full', async () => {
  const house = await openHouse()
  const expected = await live(house, 70)
  const { items, pages } = await readAll(house, '/identities/ann/events?page_size=50&order=desc')
  assert.equal(items.map(({ eventID }) => eventID).reverse(), expected.events)
  assert.is(pages, 3)
  await house.close()
})

merged('[H1] a link that was taken back shows nothing of its visit', async () => {
  const house = await openHouse()
  const { scribe } = house
  const visit = scribe.visit('g1', 'v1')
  const ann = scribe.identity('ann')
  const link = scribe.link(visit, ann, null)
  scribe.event(visit.number, { visit, link, page: scribe.page(visit, { link }) })
  await scribe.commit()
  for (const list of ['events', 'pages', 'sessions', 'visits']) {
    assert.equal((await house.ask(`/backend/data/identities/ann/${list}`)).body, [], list)
  }
  assert.equal((await house.ask('/backend/data/visits/v1/identities')).body, [])
  await house.close()
})

merged('[H3] ranges made coarse give nothing twice and nothing that does not belong', async () => {
  const house = await openHouse()
  const { scribe } = house
  const [ann, bob] = [scribe.identity('ann'), scribe.identity('bob')]
  const visit = scribe.visit('g1', 'v1')
  const links = [scribe.link(visit, ann, 'Recognized'), scribe.link(visit, bob, 'Recognized')] as const
  for (let turn = 0; turn < 10; turn++)
    scribe.event(visit.number, { visit, link: links[turn % 2 === 0 ? 0 : 1] })
  const coarse: typeof visit.ranges = [
    [1, 6],
    [4, 8],
    [8, 0],
  ]
  Object.assign(links[0], { ranges: coarse })
  Object.assign(visit, { ranges: coarse })
  await scribe.commit()
  const idsAt = async (path: string) => {
    const { body } = await house.ask(`/backend/data${path}`)
    return (body as Item[]).map(({ eventID }) => eventID)
  }
  const all = Array.from({ length: 10 }, (_, index) => `e-1-${index + 1}`)
  assert.equal(await idsAt('/visits/v1/events'), all)
  assert.equal(await idsAt('/visits/v1/events?order=desc'), all.toReversed())
  assert.equal(await idsAt('/identities/ann/events'), ['e-1-1', 'e-1-3', 'e-1-5', 'e-1-7', 'e-1-9'])
  await house.close()
})

merged('[H8] a filter that finds nothing on many devices at once looks at each row once', async () => {
  const house = await openHouse({ config: { ...defaultConfig(), readRows: 1_800 } })
  const { scribe } = house
  const ann = scribe.identity('ann')
  const devices = Array.from({ length: 20 }, (_, index) => {
    const visit = scribe.visit(`g${index}`, `v${index}`)
    const link = scribe.link(visit, ann, 'Recognized')
    scribe.event(visit.number, { visit, link })
    return { visit, link }
  })
  await scribe.commit()
  for (let turn = 1; turn < 75; turn++) {
    for (const { visit, link } of devices) {
      const page = turn % 10 === 0 ? scribe.page(visit, { link }) : undefined
      scribe.event(visit.number, { visit, link, ...(page && { page }) })
    }
    await scribe.commit()
  }
  for (const list of ['events?eventName=Nothing', 'events?globalVisitID=nobody', 'pages?title=Nothing']) {
    for (const order of ['asc', 'desc']) {
      const answer = await house.ask(`/backend/data/identities/ann/${list}&order=${order}`)
      assert.is(answer.status, 204, `${list} ${order}`)
    }
  }
  const { items } = await readAll(house, '/identities/ann/events?globalVisitID=g7&page_size=50')
  assert.is(items.length, 75)
  await house.close()
})

merged.run()
