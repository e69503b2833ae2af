import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeHistoryId } from '../../src/history/history-id.ts'
import type { Route } from '../../src/history/route.ts'
import { ROUTES } from '../../src/history/routes.ts'
import { openHouse } from './house.ts'
import { createViewStub } from './views.ts'

const routes = suite('History: routes')

const RULE = {
  name: 'lastSignedInHere',
  version: 1,
  state: 'running',
  reason: null,
  paused: null,
  from: 'shipped',
  on: ['visit.opened'],
  needs: ['pastLinks'],
  made: 3,
  hits: 2,
  misses: 1,
  undecided: 0,
  precision: 0.667,
  low: 0.2,
  high: 0.94,
} as const

/** A visit of Pat, who signs in on a shared browser, and one late event; all kinds of rows at least once. */
async function openShop() {
  const house = await openHouse({
    viewVisitor: createViewStub(),
    viewPast: async ({ globalVisitID }) => createViewStub()(globalVisitID),
    rules: () => [RULE],
  })
  const { scribe } = house
  const visit = scribe.visit('g1', 'v1', { userAgentId: 'ua-1', implicit: true })
  scribe.userAgent('ua-1', 'Mozilla/5.0')
  scribe.alias(visit, 'v1-other-tab')
  const pat = scribe.identity('pat@example.com', {
    profile: {
      name: { value: 'Pat', globalVisitID: 'g1', position: 1, proven: true },
      location: { value: 'Oslo', globalVisitID: 'g1', position: 1, proven: false },
      points: { value: 7, globalVisitID: 'g1', position: 1, proven: false },
    },
    contactId: 'C-9',
    contact: { tier: 'gold' },
  })
  const page = scribe.page(
    visit,
    {},
    { title: 'Shoes', category: 'shoes;sale', referrer: 'https://a.example/' },
  )
  scribe.event(visit.number, { visit, page }, { eventName: 'PageEntered', eventType: 'SYSTEM' })
  scribe.wait(2_500)
  const session = scribe.session(visit, pat)
  const link = scribe.link(visit, pat, 'Recognized')
  scribe.event(visit.number, { visit, page, session, link }, { eventName: 'SignIn', eventType: 'SYSTEM' })
  scribe.contact(visit, pat, { session: session.ordinal })
  const cart = scribe.page(visit, { session, link }, { url: 'https://shop.example/cart' })
  scribe.event(visit.number, { visit, page: cart, session, link }, { category: 'cart', data: { sku: '42' } })
  scribe.wait(999)
  scribe.event(
    visit.number,
    { visit, page: cart, session, link },
    { eventName: 'SignOut', eventType: 'SYSTEM' },
  )
  scribe.contact(visit, pat, { how: 'SignOut', scope: 'Recognized', retractedAt: scribe.now() })
  scribe.other(visit.number, 'presence.went', { visitId: 'v1' })
  scribe.event(visit.number, { visit }, { late: true })
  Object.assign(session, { endDate: session.startDate + 1_999, reason: 'signedOut' })
  await scribe.commit()
  const done = { kind: 'person', begunAt: scribe.now(), finishedAt: scribe.now(), subject: null } as const
  await house.store.erase({ erasure: { ...done, id: 'e1', counts: { entries: 3 }, unreached: ['backups'] } })
  return { ...house, visit, session, page, cart }
}

/** The rows that read; those that write have tests of their own. */
const READING = ROUTES.filter(({ method }) => method === 'GET')

/** A path that answers, for every row that reads. */
const EXAMPLES: Readonly<Record<string, string>> = {
  '/visits': '/visits?globalVisitID=g1&include_events=true',
  '/identities': '/identities?location=Oslo&include_visits=true',
  '/identities/{identityId}/visitors': '/identities/pat@example.com/visitors',
  '/identities/{identityId}/contacts': '/identities/pat@example.com/contacts',
  '/pages/{pageId}': '/pages/PAGE?include_events=true',
  '/events/{historyId}': `/events/${encodeHistoryId({ number: 1, seq: 1 })}`,
  '/visitors/{globalVisitID}/events/{eventID}': '/visitors/g1/events/e-1-1',
  '/user-agents/{userAgentId}': '/user-agents/ua-1',
  '/rules': '/rules',
  '/visits/{visitId}':
    '/visits/v1?include_events=true&include_events_detail=true&include_pages=true&include_pages_detail=true' +
    '&include_sessions=true&include_sessions_detail=true&include_identities=true&include_identities_detail=true',
  '/visits/{visitId}/events': '/visits/v1/events',
  '/visits/{visitId}/pages': '/visits/v1/pages?include_events=true&include_events_detail=true',
  '/visits/{visitId}/sessions': '/visits/v1/sessions?include_pages=true&include_pages_detail=true',
  '/visits/{visitId}/identities': '/visits/v1/identities?include_visits=true&include_visits_detail=true',
  '/identities/{identityId}':
    '/identities/pat@example.com?include_events=true&include_events_detail=true&include_visits=true' +
    '&include_visits_detail=true&include_sessions=true&include_sessions_detail=true&include_pages=true',
  '/identities/{identityId}/visits': '/identities/pat@example.com/visits?include_events=true',
  '/identities/{identityId}/sessions': '/identities/pat@example.com/sessions?include_events=true',
  '/identities/{identityId}/pages': '/identities/pat@example.com/pages?include_events=true',
  '/identities/{identityId}/events': '/identities/pat@example.com/events',
  '/identities/{identityId}/export': '/identities/pat@example.com/export',
  '/sessions/{sessionId}':
    '/sessions/SESSION?include_events=true&include_pages=true&include_pages_detail=true',
  '/sessions/{sessionId}/events': '/sessions/SESSION/events',
  '/sessions/{sessionId}/pages': '/sessions/SESSION/pages?include_events=true',
  '/pages/{pageId}/events': '/pages/PAGE/events',
  '/contacts': '/contacts',
  '/useridentifications': '/useridentifications?all=true',
  '/visitors/{globalVisitID}': '/visitors/g1',
  '/visitors/{globalVisitID}/explain': '/visitors/g1/explain?seq=2',
  '/visitors/{globalVisitID}/stream': '/visitors/g1/stream',
  '/erasures/{id}': '/erasures/e1',
  '/openapi.json': '/openapi.json',
}

function exampleOf(route: Route, ids: { session: string; page: string }): string {
  const example = EXAMPLES[route.path]
  if (example === undefined) throw new Error(`${route.path} has no example in this test`)
  const path = example.replace('SESSION', ids.session).replace('PAGE', ids.page)
  return route.at === 'root' ? path : `/backend/data${path}`
}

routes('[H1] every row answers exactly what its schema says, under both base paths', async () => {
  const { ask, close, session, page } = await openShop()
  for (const route of READING) {
    const path = exampleOf(route, { session: session.sessionId, page: page.pageId })
    const { status, body, headers } = await ask(path)
    assert.is(status, 200, `${path}: ${JSON.stringify(body)}`)
    const isLines = route.isLines === true
    assert.is(headers.get('content-type'), isLines ? 'application/x-ndjson' : 'application/json')
    assert.is(headers.get('cache-control'), 'no-store')
    for (const one of isLines ? Array.from(body as Iterable<unknown>) : [body]) {
      assert.equal(route.answer.parse(one), one, path)
    }
    assert.is(Array.isArray(body), isLines || route.isList || route.path === '/rules', path)
    if (Array.isArray(body)) assert.ok(body.length > 0, `${path} finds something`)
    if (route.at === 'root') continue
    assert.equal((await ask(path.replace('/backend/', '/server/'))).body, body, path)
  }
  await close()
})

routes(
  '[H2] every row refuses an unknown parameter by name, one given twice, and ignores a leading _',
  async () => {
    const { ask, close, session, page } = await openShop()
    for (const route of READING) {
      const [path] = exampleOf(route, { session: session.sessionId, page: page.pageId }).split('?')
      for (const query of ['sort=asc', 'toString=1', 'constructor=1', 'PAGE_SIZE=1', 'eventname=x', '=1']) {
        const { status, body, headers } = await ask(`${path}?${query}`)
        assert.is(status, 400, `${path}?${query}`)
        assert.is(headers.get('content-type'), 'application/problem+json')
        assert.match(JSON.stringify(body), `"parameter":"${query.split('=')[0]}"`)
      }
      assert.is((await ask(`${path}?_=1700000000&_cb=x&_cb=y&__proto__=1`)).status, 200, path)
      for (const name of Object.keys(route.query.shape)) {
        assert.is((await ask(`${path}?${name}=true&${name}=true`)).status, 400, `${path}?${name} twice`)
      }
    }
    await close()
  },
)

routes(
  '[H2] every row says 405 with Allow to another method, and HEAD answers like GET without a body',
  async () => {
    const { ask, close, session, page } = await openShop()
    for (const route of READING) {
      const path = exampleOf(route, { session: session.sessionId, page: page.pageId })
      const posts = ROUTES.some((row) => row.path === route.path && row.method === 'POST')
      for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', ...(posts ? [] : ['POST'])]) {
        const headers = { authorization: 'Bearer reader-secret-0123' }
        const { status, headers: told } = await ask(path, { method, headers })
        assert.is(status, 405, `${method} ${path}`)
        assert.is(told.get('allow'), posts ? 'GET, HEAD, POST' : 'GET, HEAD')
      }
      const head = await ask(path, {
        method: 'HEAD',
        headers: { authorization: 'Bearer reader-secret-0123' },
      })
      assert.is(head.status, 200)
      assert.is(head.body, null)
    }
    await close()
  },
)

routes('[H2] a resource, or a parent, that does not exist is 404; so is a path that no row has', async () => {
  const { ask, close, session, page } = await openShop()
  const nobody = 'ffffffff-0000-5000-8000-000000000000'
  const paths = [
    '/visits/nope',
    '/visits/nope/events?eventName=x',
    '/visits/nope/identities',
    `/sessions/${nobody}`,
    `/sessions/${page.pageId}`,
    '/sessions/v1/events',
    `/pages/${session.sessionId}/events`,
    '/identities/nobody@example.com',
    '/identities/nobody@example.com/visits',
    '/visitors/g9',
    '/visitors/g9/stream',
    '/visits/',
    '/visits/v1/',
    '/visits/v1/events/1',
    '/nope',
    '',
    '/',
  ]
  for (const path of paths) {
    const { status, body } = await ask(`/backend/data${path}`)
    assert.is(status, 404, path)
    assert.match(JSON.stringify(body), '"type":"about:blank","title":"Not Found","status":404')
  }
  await close()
})

routes('[H2] an empty filtered collection is 204, an unfiltered one an empty array', async () => {
  const { ask, close, session } = await openShop()
  const filtered = [
    '/visits/v1/events?eventName=Nope',
    '/visits/v1/events?age=0',
    '/visits/v1/events?from=9999999999999',
    '/visits/v1/events?to=1',
    '/visits/v1/pages?title=Nope',
    '/visits/v1/sessions?identityId=nobody@example.com',
    '/visits/v1/identities?association=WM-Recognized',
    '/contacts?visitId=nope',
    '/contacts?globalVisitID=g9',
    '/contacts?identityId=nobody@example.com',
    '/useridentifications?sessionId=nope',
    '/useridentifications?globalVisitID=g9',
    `/useridentifications?visitId=nope&sessionId=${session.sessionId}`,
  ]
  for (const path of filtered) {
    const { status, body, headers } = await ask(`/backend/data${path}`)
    assert.is(status, 204, path)
    assert.is(body, null)
    assert.not.ok(headers.has('paging-next'))
  }
  const bare = await openHouse()
  for (const path of [
    '/contacts',
    '/useridentifications',
    '/useridentifications?all=true',
    '/contacts?order=desc',
  ]) {
    const { status, body } = await bare.ask(`/backend/data${path}`)
    assert.is(status, 200, path)
    assert.equal(body, [])
  }
  await bare.close()
  await close()
})

routes('[H4] ids in a path are percent-decoded once; an e-mail works raw', async () => {
  const { ask, close, scribe } = await openShop()
  const visit = scribe.visit('g2', 'v2')
  for (const id of ['100%', 'a/b', 'a?b#c', '%41', 'zoë', 'x y', '..', 'a\\b', "o'neil+tag@example.com"]) {
    scribe.link(visit, scribe.identity(id), 'Recognized')
    scribe.event(visit.number, { visit })
  }
  await scribe.commit()
  const identityAt = async (path: string) => {
    const { status, body } = await ask(`/backend/data/identities/${path}`)
    return status === 200 ? (body as { identityId: string }).identityId : status
  }
  assert.is(await identityAt('pat@example.com'), 'pat@example.com')
  assert.is(await identityAt('pat%40example.com'), 'pat@example.com')
  assert.is(await identityAt('100%25'), '100%')
  assert.is(await identityAt('a%2Fb'), 'a/b')
  assert.is(await identityAt('a%3Fb%23c'), 'a?b#c')
  assert.is(await identityAt('%2541'), '%41')
  assert.is(await identityAt('zo%C3%AB'), 'zoë')
  assert.is(await identityAt('zoe%CC%88'), 'zoë', 'composed, as E8 keeps it')
  assert.is(await identityAt('x%20y'), 'x y')
  assert.is(await identityAt('a%5Cb'), 'a\\b')
  assert.is(await identityAt("o'neil+tag@example.com"), "o'neil+tag@example.com")
  assert.is(await identityAt('a%2fb'), 'a/b')
  assert.is(await identityAt('100%'), 400, 'no percent-encoding')
  assert.is(await identityAt('%E0%A4'), 400, 'no UTF-8')
  await close()
})

routes('[H4] hostile ids find nothing and break nothing', async () => {
  const { ask, close } = await openShop()
  const ids = [
    '%00',
    'v1%00',
    '%0d%0aX:1',
    '..%2f..%2fetc',
    '%F0%9F%98%80',
    '%ED%A0%80',
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '-',
    "'%20or%201=1",
    '%2a',
    ':visitId',
    '{visitId}',
    'v'.repeat(65),
    'v'.repeat(4_000),
    '%C3%A9'.repeat(500),
  ]
  for (const id of ids) {
    for (const path of [
      '/visits/ID',
      '/visits/ID/events',
      '/sessions/ID',
      '/identities/ID',
      '/visitors/ID/stream',
      '/pages/ID/events',
    ]) {
      const { status } = await ask(`/backend/data${path.replace('ID', id)}`)
      assert.ok(status === 404 || status === 400, `${path} ${id}: ${status}`)
    }
    for (const filter of ['identityId', 'globalVisitID', 'visitId', 'sessionId']) {
      const { status } = await ask(`/backend/data/contacts?${filter}=${id}`)
      assert.ok(status === 204 || status === 400, `${filter}=${id}: ${status}`)
    }
  }
  await close()
})

routes('[H2] a fault is a 500 that tells nothing of the inside, and is logged without ids', async () => {
  const house = await openHouse({
    viewVisitor: () => {
      throw new Error('secret of the inside')
    },
  })
  const visit = house.scribe.visit('g-private', 'v1')
  house.scribe.event(visit.number, { visit })
  await house.scribe.commit()
  const { status, body, headers } = await house.ask('/backend/data/visitors/g-private')
  assert.is(status, 500)
  assert.is(headers.get('content-type'), 'application/problem+json')
  assert.not.match(JSON.stringify(body), 'inside')
  assert.is(house.faults.length, 1)
  assert.match(JSON.stringify(house.faults), '/visitors/{globalVisitID}')
  assert.not.match(JSON.stringify(house.faults), 'g-private')
  await house.close()
})

routes.run()
