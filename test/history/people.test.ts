import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openHouse } from './house.ts'

const people = suite('History: contacts and user identifications')

/** Ann and Bob on a shared device, Ann on another one. */
async function openShop() {
  const house = await openHouse()
  const { scribe } = house
  const [ann, bob] = [scribe.identity('ann', { contactId: 'C-1' }), scribe.identity('bob')]
  const shared = scribe.visit('g1', 'v1')
  const enter = (visit: typeof shared, who: typeof ann, how: string) => {
    const session = scribe.session(visit, who)
    const link = scribe.link(visit, who, 'Recognized')
    scribe.event(visit.number, { visit, session, link }, { eventName: how, eventType: 'SYSTEM' })
    scribe.contact(visit, who, { session: session.ordinal, how })
    return session
  }
  scribe.event(shared.number, { visit: shared }, { eventName: 'VisitStarted', eventType: 'SYSTEM' })
  const first = enter(shared, ann, 'SignIn')
  scribe.wait(1_000)
  const second = enter(shared, bob, 'SignIn')
  await scribe.commit()
  scribe.wait(1_000)
  const own = scribe.visit('g2', 'v2')
  enter(own, ann, 'UserInfo')
  scribe.event(own.number, { visit: own }, { eventName: 'SignIn' })
  await scribe.commit()
  const rows = async (path: string) => {
    const { body } = await house.ask(`/backend/data${path}`)
    return (body ?? []) as Record<string, unknown>[]
  }
  return { ...house, first, second, rows }
}

people('[H2] contacts are filtered by identity, visitor, visit and session, each and together', async () => {
  const { rows, close, first } = await openShop()
  const cases = [
    ['', 'ann/v1 bob/v1 ann/v2'],
    ['?order=desc', 'ann/v2 bob/v1 ann/v1'],
    ['?identityId=ann', 'ann/v1 ann/v2'],
    ['?identityId=%20ann%20', 'ann/v1 ann/v2'],
    ['?globalVisitID=g1', 'ann/v1 bob/v1'],
    ['?visitId=v2', 'ann/v2'],
    [`?sessionId=${first.sessionId}`, 'ann/v1'],
    ['?identityId=ann&globalVisitID=g1', 'ann/v1'],
    ['?identityId=bob&visitId=v2', ''],
    ['?globalVisitID=g1&visitId=v2', ''],
    [`?visitId=v2&sessionId=${first.sessionId}`, ''],
    [`?identityId=ann&globalVisitID=g1&visitId=v1&sessionId=${first.sessionId}`, 'ann/v1'],
  ] as const
  for (const [query, expected] of cases) {
    const found = (await rows(`/contacts${query}`)).map((row) => `${row.identityId}/${row.visitId}`)
    assert.is(found.join(' '), expected, query)
  }
  await close()
})

people('[H3] contact rows of one entry are told apart by a cursor', async () => {
  const house = await openHouse()
  const { scribe } = house
  const visit = scribe.visit('g1', 'v1')
  const everyone = ['ann', 'bob', 'cy', 'di', 'ed'].map((name) => scribe.identity(name))
  scribe.event(visit.number, { visit })
  everyone.forEach((who, index) => {
    scribe.contact(visit, who, { n: index + 1 })
  })
  await scribe.commit()
  for (const [order, expected] of [
    ['asc', 'ann bob cy di ed'],
    ['desc', 'ed di cy bob ann'],
  ]) {
    const found: unknown[] = []
    let path: string | undefined = `/backend/data/contacts?page_size=2&order=${order}`
    while (path !== undefined) {
      const answer = await house.ask(path)
      found.push(...(answer.body as { identityId: string }[]).map(({ identityId }) => identityId))
      path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1]
    }
    assert.is(found.join(' '), expected)
  }
  await house.close()
})

people('[H2] from, to and age keep contacts to their time', async () => {
  const at = 1_700_000_000_000
  const { rows, close } = await openShop()
  const count = async (query: string) => (await rows(`/contacts?${query}`)).length
  assert.is(await count(`from=${at + 1_000}`), 2)
  assert.is(await count(`to=${at + 1_000}`), 2)
  assert.is(await count(`from=${at + 1_000}&to=${at + 1_000}&order=desc`), 1)
  assert.is(await count(`from=${at + 1}&to=${at + 2}`), 0)
  assert.is(await count('age=1'), 0, 'the app asks much later')
  await close()
})

people('[H2] user identifications: who says who it is; all=true gives every SYSTEM event', async () => {
  const { rows, close, second } = await openShop()
  const cases = [
    ['', 'SignIn SignIn UserInfo'],
    ['?all=true', 'VisitStarted SignIn SignIn UserInfo'],
    ['?all=false', 'SignIn SignIn UserInfo'],
    ['?identityId=ann', 'SignIn UserInfo'],
    ['?identityId=ann&visitId=v1', 'SignIn'],
    ['?globalVisitID=g2', 'UserInfo'],
    ['?visitId=v1&all=true', 'VisitStarted SignIn SignIn'],
    [`?sessionId=${second.sessionId}`, 'SignIn'],
    ['?identityId=nobody', ''],
  ] as const
  for (const [query, expected] of cases) {
    const found = (await rows(`/useridentifications${query}`)).map(({ eventName }) => eventName)
    assert.is(found.join(' '), expected, query)
  }
  await close()
})

people('[E11] category matches one of several; all categories is any', async () => {
  const { scribe, ask, close } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  for (const category of ['shoes; sale', 'hats', '']) {
    scribe.event(visit.number, { visit }, { category })
    scribe.page(visit, {}, { category })
  }
  scribe.event(visit.number, { visit })
  await scribe.commit()
  const count = async (category: string, list: string) => {
    const { body } = await ask(`/backend/data/visits/v1/${list}?category=${encodeURIComponent(category)}`)
    return ((body ?? []) as unknown[]).length
  }
  for (const list of ['events', 'pages']) {
    assert.is(await count('sale', list), 1)
    assert.is(await count('shoes', list), 1)
    assert.is(await count('shoe', list), 0)
    assert.is(await count('shoes; sale', list), 0)
    assert.is(await count('all categories', list), 2)
  }
  assert.is((await ask('/backend/data/visits/v1/events?category=')).status, 400)
  await close()
})

people('[H2] events and pages are filtered by each of their fields', async () => {
  const { scribe, ask, close } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  const [ann, bob] = [scribe.identity('ann'), scribe.identity('bob')]
  scribe.link(visit, ann, 'Authenticated')
  scribe.link(visit, bob, 'Recognized')
  scribe.session(visit, ann)
  scribe.session(visit, bob)
  scribe.page(visit, {}, { url: 'https://a.example/', title: 'A' })
  scribe.page(visit, {}, { url: 'https://b.example/', title: 'B' })
  scribe.event(visit.number, { visit }, { eventName: 'A', url: 'https://a.example/', browserPageID: 'pa' })
  scribe.event(visit.number, { visit }, { eventName: 'SignOut', eventType: 'SYSTEM', browserPageID: 'pb' })
  await scribe.commit()
  const matching = [
    'events?eventName=A',
    'events?eventType=SYSTEM',
    'events?url=https://a.example/',
    'events?browserPageID=pb',
    'pages?title=A',
    'pages?url=https://b.example/',
    'sessions?identityId=bob',
    'identities?association=Authenticated',
  ]
  for (const path of matching) {
    const { status, body } = await ask(`/backend/data/visits/v1/${path}`)
    assert.is(status, 200, path)
    assert.is((body as unknown[]).length, 1, path)
  }
  for (const path of [
    'events?eventType=system',
    'identities?association=recognized',
    'events?age=-1',
    'events?age=1.5',
  ]) {
    assert.is((await ask(`/backend/data/visits/v1/${path}`)).status, 400, path)
  }
  await close()
})

people.run()
