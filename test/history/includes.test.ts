import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { type House, openHouse } from './house.ts'

const includes = suite('History: includes')
const base = '/backend/data'

interface WithEvents {
  readonly eventIds: string[] | null
  readonly events: { readonly eventID: string }[] | null
  readonly eventsNext?: string
}

/** A visit with so many events on one page. */
async function fill({ scribe }: House, count: number): Promise<void> {
  const visit = scribe.visit('g1', 'v1')
  const page = scribe.page(visit, {})
  const ann = scribe.identity('ann')
  const link = scribe.link(visit, ann, 'Recognized')
  for (let index = 0; index < count; index++) scribe.event(visit.number, { visit, page, link })
  await scribe.commit()
}

const read = async (house: House, path: string): Promise<WithEvents> => {
  const { status, body } = await house.ask(`${base}${path}`)
  assert.is(status, 200, `${path}: ${JSON.stringify(body)}`)
  return (Array.isArray(body) ? body[0] : body) as WithEvents
}

const idsFrom = (last: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `e-1-${last - index}`)

includes('[H1] relations are null until asked for; ids without detail leave the resources null', async () => {
  const house = await openHouse()
  await fill(house, 3)
  assert.equal((await read(house, '/visits/v1')).eventIds, null)
  assert.equal((await read(house, '/visits/v1?include_events=false')).eventIds, null)
  const ids = await read(house, '/visits/v1?include_events=true')
  assert.equal([ids.eventIds, ids.events], [['e-1-3', 'e-1-2', 'e-1-1'], null])
  const detail = await read(house, '/visits/v1?include_events=true&include_events_detail=true')
  assert.equal(
    detail.events?.map(({ eventID }) => eventID),
    detail.eventIds,
  )
  await house.close()
})

includes(
  '[H1] detail without include is 400, and so is an include that the resource does not have',
  async () => {
    const house = await openHouse()
    await fill(house, 1)
    const wrong = [
      ['/visits/v1?include_events_detail=true', 'include_events_detail'],
      ['/visits/v1?include_events=false&include_events_detail=true', 'include_events_detail'],
      ['/visits/v1?include_events=yes', 'include_events'],
      ['/visits/v1?include_events=', 'include_events'],
      ['/visits/v1?include_visits=true', 'include_visits'],
      ['/visits/v1/events?include_pages=true', 'include_pages'],
    ]
    for (const [path, parameter] of wrong) {
      const { status, body } = await house.ask(`${base}${path}`)
      assert.is(status, 400, path)
      assert.is((body as { parameter: string }).parameter, parameter)
    }
    await house.close()
  },
)

includes('[H1] an include holds the newest 1,000 ids; one more, and it says where they go on', async () => {
  const house = await openHouse()
  await fill(house, 1_000)
  const whole = await read(house, '/visits/v1?include_events=true')
  assert.equal(whole.eventIds, idsFrom(1_000, 1_000))
  assert.is(whole.eventsNext, undefined)
  await house.close()

  const more = await openHouse()
  await fill(more, 1_001)
  for (const path of ['/visits/v1', '/visits/v1/pages', '/identities/ann']) {
    const cut = await read(more, `${path}?include_events=true`)
    assert.equal(cut.eventIds, idsFrom(1_001, 1_000), path)
    const rest = await more.ask(cut.eventsNext ?? '')
    assert.is(rest.status, 200, cut.eventsNext)
    assert.equal(
      (rest.body as { eventID: string }[]).map(({ eventID }) => eventID),
      ['e-1-1'],
    )
  }
  await more.close()
})

includes('[H1] with detail it holds the newest 100', async () => {
  const house = await openHouse()
  await fill(house, 101)
  const cut = await read(house, '/visits/v1?include_events=true&include_events_detail=true')
  assert.is(cut.events?.length, 100)
  assert.equal(cut.eventIds, idsFrom(101, 100))
  const rest = await house.ask((cut.eventsNext ?? '').replace('/backend/', '/server/'))
  assert.equal(
    (rest.body as { eventID: string }[]).map(({ eventID }) => eventID),
    ['e-1-1'],
  )
  await house.close()
})

includes('[H1] detail in a collection needs a page_size of at most 100', async () => {
  const house = await openHouse()
  await fill(house, 1)
  const path = `${base}/visits/v1/pages?include_events=true`
  assert.is((await house.ask(`${path}&include_events_detail=true&page_size=100`)).status, 200)
  const { status, body } = await house.ask(`${path}&include_events_detail=true&page_size=101`)
  assert.is(status, 400)
  assert.is((body as { parameter: string }).parameter, 'page_size')
  assert.is((await house.ask(`${path}&page_size=101`)).status, 200, 'ids alone need not')
  await house.close()
})

includes('[H1] includes do not nest', async () => {
  const house = await openHouse()
  await fill(house, 2)
  const { body } = await house.ask(
    `${base}/visits/v1?include_events=true&include_pages=true&include_pages_detail=true` +
      '&include_identities=true&include_identities_detail=true',
  )
  const visit = body as { pages: WithEvents[]; identities: WithEvents[] }
  assert.equal([visit.pages[0]?.eventIds, visit.identities[0]?.eventIds], [null, null])
  await house.close()
})

includes('[H8] a row whose includes the budget no longer covers begins the next page', async () => {
  const house = await openHouse({ config: { ...defaultConfig(), readRows: 60 } })
  const { scribe } = house
  const visit = scribe.visit('g1', 'v1')
  for (let index = 0; index < 6; index++) {
    const page = scribe.page(visit, {})
    for (let event = 0; event < 20; event++) scribe.event(visit.number, { visit, page })
  }
  await scribe.commit()
  const counts: (number | undefined)[] = []
  let path: string | undefined = `${base}/visits/v1/pages?include_events=true`
  for (let pages = 0; path !== undefined; pages++) {
    assert.ok(pages < 10, 'it ends')
    const answer = await house.ask(path)
    for (const page of answer.body as WithEvents[]) counts.push(page.eventIds?.length)
    path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  assert.equal(counts, [20, 20, 20, 20, 20, 20], 'each page once, each with all its events')
  await house.close()
})

includes.run()
