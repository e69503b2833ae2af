import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openRealHouse, type RealHouse, START } from './real-house.ts'

const lists = suite('History: lists over many visitors')
const PAT = 'pat@example.com'
const MINUTE = 60_000

/** Three visitors: g1 Pat, visit over; g2 Pat, open; g3 nobody, open, with another browser. */
async function openStreet(): Promise<RealHouse> {
  const house = await openRealHouse()
  const { record, event, wait } = house
  await record(
    'g1',
    event('VisitStarted'),
    event('SignIn', { identityId: PAT }, { data: { location: 'Oslo' } }),
  )
  wait(40 * MINUTE)
  await record(
    'g2',
    event('VisitStarted', {}, { visitID: 'w2' }),
    event('UserInfo', { identityId: PAT }, { visitID: 'w2' }),
  )
  const userAgent = { id: '3b241101-e2bb-5255-8caf-4136c566a963', text: 'Kiosk/2' }
  await record(
    'g3',
    event('VisitStarted', { userAgent }, { visitID: 'w3' }),
    event('Looked', {}, { visitID: 'w3' }),
  )
  // Its deadline has passed: it hears of it with its next entry.
  await record('g1', { type: 'presence.went', visitId: 'v1' })
  return house
}

const idsOf = (body: unknown, name = 'visitId') => (body as Record<string, unknown>[]).map((row) => row[name])

lists('[H1] /visits gives all visits in the order they were opened, and narrows by each filter', async () => {
  const { ask, close } = await openStreet()
  const visits = async (query: string) => {
    const { status, body } = await ask(`/visits${query}`)
    return status === 204 ? 204 : idsOf(body)
  }
  assert.equal(await visits(''), ['v1', 'w2', 'w3'])
  assert.equal(await visits('?order=desc'), ['w3', 'w2', 'v1'])
  assert.equal(await visits('?live=true'), ['w2', 'w3'])
  assert.equal(await visits('?live=true&order=desc'), ['w3', 'w2'])
  assert.equal(await visits('?age=600'), ['w2', 'w3'])
  assert.equal(await visits(`?to=${START + MINUTE}`), ['v1'])
  assert.equal(await visits('?globalVisitID=g2'), ['w2'])
  assert.equal(await visits('?globalVisitID=g1&live=true'), 204)
  assert.equal(await visits('?globalVisitID=nobody'), 204)
  assert.equal(await visits(`?identityId=${PAT}`), ['v1', 'w2'])
  assert.equal(await visits(`?identityId=${PAT}&live=true`), ['w2'])
  assert.equal(await visits(`?identityId=${PAT}&globalVisitID=g3`), 204)
  assert.equal(await visits('?identityId=nobody@example.com'), 204)
  assert.equal(await visits('?userAgent=Kiosk/2'), ['w3'])
  assert.is((await ask('/visits?live=false')).body.parameter, 'live')
  await close()
})

lists('[H3] every way to list visits gives each once, a page at a time', async () => {
  const { ask, close } = await openStreet()
  for (const [query, expected] of [
    ['?', ['v1', 'w2', 'w3']],
    ['?live=true&', ['w2', 'w3']],
    [`?identityId=${PAT}&`, ['v1', 'w2']],
  ] as const) {
    for (const order of ['asc', 'desc'] as const) {
      const found: unknown[] = []
      let path: string | null = `/visits${query}order=${order}&page_size=1`
      for (let pages = 0; path !== null && pages < 20; pages += 1) {
        const { body, headers } = await ask(path)
        found.push(...(Array.isArray(body) ? idsOf(body) : []))
        const link = /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1]
        path = link === undefined ? null : link.replace('/backend/data', '')
      }
      assert.equal(found, order === 'asc' ? [...expected] : [...expected].reverse(), `${query}${order}`)
    }
  }
  await close()
})

lists('[H1] includes of /visits, and people by where they live and by their browser', async () => {
  const { ask, close } = await openStreet()
  const [visit] = (await ask('/visits?include_sessions=true&include_events=true')).body as unknown as Record<
    string,
    unknown
  >[]
  assert.equal(visit?.eventIds, ['e2', 'e1'])
  assert.is(Array.isArray(visit?.sessionIds) && visit.sessionIds.length, 1)
  const people = async (query: string) => (await ask(`/identities${query}`)).body
  assert.equal(idsOf(await people(''), 'identityId'), [PAT])
  assert.equal(idsOf(await people('?location=Oslo'), 'identityId'), [PAT])
  assert.is((await ask('/identities?location=Rome')).status, 204)
  assert.equal(idsOf(await people('?userAgent=Mozilla/5.0'), 'identityId'), [PAT])
  assert.is((await ask('/identities?userAgent=Kiosk/2')).status, 204)
  await close()
})

lists('[H1] a person has devices, each once; live ones are those where they are now', async () => {
  const { ask, record, event, wait, close } = await openStreet()
  const devices = async (query = '') =>
    idsOf((await ask(`/identities/${PAT}/visitors${query}`)).body, 'globalVisitID')
  assert.equal(await devices(), ['g1', 'g2'])
  assert.equal(await devices('?live=true'), ['g2'])
  wait(60 * MINUTE)
  await record(
    'g1',
    event('VisitStarted', {}, { visitID: 'v5' }),
    event('SignIn', { identityId: PAT }, { visitID: 'v5' }),
  )
  assert.equal(await devices(), ['g1', 'g2'])
  await record('g2', { type: 'presence.went', visitId: 'w2' })
  assert.equal(await devices('?live=true'), ['g1'])
  const contacts = (await ask(`/identities/${PAT}/contacts`)).body
  assert.equal(idsOf(contacts, 'how'), ['SignIn', 'UserInfo', 'SignIn'])
  assert.is((await ask('/identities/nobody/visitors')).status, 404)
  await close()
})

lists('[E7] one event is found by its historyId, and by the id that its sender gave it', async () => {
  const { ask, close } = await openStreet()
  const byName = await ask('/visitors/g3/events/e6')
  assert.equal([byName.status, byName.body.eventName], [200, 'Looked'])
  const byHistory = await ask(`/events/${byName.body.historyId}`)
  assert.equal(byHistory.body, byName.body)
  const presence = String(byName.body.historyId).replace(/.$/, '3')
  for (const path of [
    '/events/nope',
    `/events/${presence}`,
    '/visitors/g3/events/e1',
    '/visitors/g9/events/e1',
  ]) {
    assert.is((await ask(path)).status, 404, path)
  }
  const { body } = await ask('/visits/w3')
  assert.is((await ask(`/user-agents/${body.userAgentId}`)).body.userAgent, 'Kiosk/2')
  assert.is((await ask('/user-agents/nope')).status, 404)
  await close()
})

lists.run()
