import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openHouse } from './house.ts'
import { createViewStub } from './views.ts'

const resources = suite('History: resources')

const base = '/backend/data'

resources('[H6] a visit: endDate 0 and the none session while nobody is signed in', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1', { userAgentId: 'ua-1' })
  scribe.userAgent('ua-1', 'Mozilla/5.0 (X11)')
  scribe.event(visit.number, { visit })
  await scribe.commit()
  const { body } = await ask(`${base}/visits/v1`)
  assert.equal(body, {
    visitId: 'v1',
    startDate: visit.startDate,
    endDate: 0,
    activeSessionId: '00000000-0000-1000-8000-000000000000',
    globalVisitID: 'g1',
    userAgentId: 'ua-1',
    userAgent: 'Mozilla/5.0 (X11)',
    reason: null,
    implicit: false,
    eventIds: null,
    events: null,
    pageIds: null,
    pages: null,
    sessionIds: null,
    sessions: null,
    identityIds: null,
    identities: null,
  })
  await close()
})

resources('[H6] activeSessionId is the open session, also after one that ended', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  const [ann, bob] = [scribe.identity('ann'), scribe.identity('bob')]
  scribe.session(visit, ann, { endDate: visit.startDate + 5, reason: 'switched' })
  const open = scribe.session(visit, bob)
  scribe.event(visit.number, { visit, session: open })
  await scribe.commit()
  const { body } = await ask(`${base}/visits/v1`)
  assert.is((body as { activeSessionId: string }).activeSessionId, open.sessionId)
  await close()
})

resources('[H6] a session: duration in whole seconds, truncated; 0 while it is open', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  const ann = scribe.identity('ann')
  const { startDate } = visit
  const ended = scribe.session(visit, ann, { endDate: startDate + 1_999, reason: 'signedOut' })
  const open = scribe.session(visit, ann)
  scribe.event(visit.number, { visit, session: open })
  await scribe.commit()
  assert.equal((await ask(`${base}/sessions/${ended.sessionId}`)).body, {
    sessionId: ended.sessionId,
    identityId: 'ann',
    startDate,
    endDate: startDate + 1_999,
    duration: 1,
    visitId: 'v1',
    globalVisitID: 'g1',
    reason: 'signedOut',
    eventIds: null,
    events: null,
    pageIds: null,
    pages: null,
  })
  const { body } = await ask(`${base}/sessions/${open.sessionId}`)
  const { duration, endDate } = body as { duration: number; endDate: number }
  assert.equal([duration, endDate], [0, 0])
  await close()
})

resources("[H6] an event: the wire's pageID is browserPageID, and pageID the server's", async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1', { implicit: true })
  const ann = scribe.identity('ann')
  const page = scribe.page(visit, {})
  const session = scribe.session(visit, ann)
  const link = scribe.link(visit, ann, 'Authenticated')
  const first = scribe.event(
    visit.number,
    { visit, page, session, link },
    { category: 'a;b', data: { sku: '42' } },
  )
  scribe.event(visit.number, { visit }, { late: true })
  await scribe.commit()
  const { body } = await ask(`${base}/visits/v1/events`)
  assert.equal(body, [
    {
      eventID: first.words.eventID,
      category: 'a;b',
      eventType: 'BUSINESS',
      eventName: 'Looked',
      serverTimestamp: first.at,
      occurredAt: first.at,
      browserPageID: page.browserPageID,
      globalVisitID: 'g1',
      url: 'https://shop.example/',
      timestamp: first.at - 300,
      visitID: 'v1',
      pageID: page.pageId,
      sessionId: session.sessionId,
      identityId: 'ann',
      languageCode: null,
      title: null,
      referrer: null,
      data: { sku: '42' },
      historyId: '00000000-0001-8000-8000-000000000001',
      seq: 1,
      position: 1,
      implicit: true,
    },
    ...(body as object[]).slice(1),
  ])
  const [, late] = body as Record<string, unknown>[]
  assert.equal([late?.late, late?.implicit, late?.pageID, late?.sessionId], [true, undefined, null, null])
  await close()
})

resources('[H6] a page and a contact keep the casing of their collections', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  const ann = scribe.identity('ann', { contactId: 'C-1' })
  const session = scribe.session(visit, ann)
  const link = scribe.link(visit, ann, 'Authenticated')
  const { startDate } = visit
  const page = scribe.page(visit, { session, link }, { title: 'Cart', endDate: startDate + 61_999 })
  scribe.event(visit.number, { visit, page, session, link })
  scribe.contact(visit, ann, { session: session.ordinal })
  scribe.contact(visit, ann, { n: 2, how: 'agent', scope: 'Recognized', retractedAt: startDate + 9 })
  await scribe.commit()
  assert.equal((await ask(`${base}/visits/v1/pages`)).body, [
    {
      pageID: page.pageId,
      browserPageID: page.browserPageID,
      visitID: 'v1',
      globalVisitID: 'g1',
      sessionId: session.sessionId,
      identityId: 'ann',
      url: 'https://shop.example/',
      title: 'Cart',
      category: '',
      referrer: null,
      startDate,
      endDate: startDate + 61_999,
      duration: 61,
      eventIds: null,
      events: null,
    },
  ])
  const row = { identityId: 'ann', contactId: 'C-1', visitId: 'v1', globalVisitId: 'g1', at: startDate }
  assert.equal((await ask(`${base}/contacts`)).body, [
    { ...row, sessionId: session.sessionId, scope: 'Authenticated', how: 'SignIn' },
    { ...row, sessionId: null, scope: 'Recognized', how: 'agent', retractedAt: startDate + 9 },
  ])
  await close()
})

resources('[H6] an identity: profile, contact, and the scope its links give', async () => {
  const { ask, close, scribe } = await openHouse()
  const value = (text: unknown) => ({ value: text, globalVisitID: 'g1', position: 1, proven: false })
  const profile = { name: value('Ann'), location: value(7), points: value({ a: [1] }) }
  const ann = scribe.identity('ann', { profile, contactId: 'C-1', contact: { tier: 'gold' } })
  const first = scribe.visit('g1', 'v1')
  const early = scribe.link(first, ann, 'Authenticated')
  scribe.event(first.number, { visit: first, link: early })
  const second = scribe.visit('g2', 'v2')
  scribe.link(second, ann, 'WM-Recognized')
  scribe.event(second.number, { visit: second })
  const third = scribe.visit('g3', 'v3')
  scribe.link(third, ann, null)
  scribe.event(third.number, { visit: third })
  await scribe.commit()
  assert.equal((await ask(`${base}/identities/ann`)).body, {
    identityId: 'ann',
    name: 'Ann',
    location: null,
    entityInCS: 'C-1',
    visitScope: 'Authenticated',
    profile: { name: 'Ann', location: 7, points: { a: [1] } },
    contact: { tier: 'gold' },
    firstSeen: ann.firstSeen,
    lastSeen: ann.lastSeen,
    eventIds: null,
    events: null,
    pageIds: null,
    pages: null,
    sessionIds: null,
    sessions: null,
    visitIds: null,
    visits: null,
  })
  early.association = 'Recognized'
  await scribe.commit()
  const scopeOf = async () =>
    ((await ask(`${base}/identities/ann`)).body as { visitScope: string }).visitScope
  assert.is(await scopeOf(), 'WM-Recognized', 'no session is open: the latest link that stands says it')
  await close()
})

resources('[H6] the scope of a person with very many visits is asked of the newest 500', async () => {
  for (const [newer, expected] of [
    [499, 'Authenticated'],
    [500, 'Recognized'],
  ] as const) {
    const { ask, close, scribe } = await openHouse()
    const ann = scribe.identity('ann')
    for (let index = 0; index <= newer; index++) {
      const visit = scribe.visit('g1', `v${index}`)
      scribe.link(visit, ann, index === 0 ? 'Authenticated' : 'Recognized')
      scribe.event(visit.number, { visit })
    }
    await scribe.commit()
    const { body } = await ask(`${base}/identities/ann`)
    assert.is((body as { visitScope: string }).visitScope, expected, `${newer} newer ones`)
    await close()
  }
})

resources('[H6] a visit is found by its aliases, and answers with its own id', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  scribe.alias(visit, 'v1-other-tab')
  scribe.event(visit.number, { visit })
  await scribe.commit()
  for (const path of ['', '/events', '/pages', '/sessions', '/identities']) {
    const own = await ask(`${base}/visits/v1${path}`)
    assert.equal((await ask(`${base}/visits/v1-other-tab${path}`)).body, own.body, path)
  }
  assert.is((await ask(`${base}/useridentifications?all=true&visitId=v1-other-tab`)).status, 204)
  await close()
})

resources(
  '[H5] a visitor: its state, the value of the confidence now, its sockets and open pages',
  async () => {
    const halfLifeMs = 1_000
    const asOf = 1_700_000_000_000
    const house = await openHouse({
      now: () => asOf + 1_500,
      connections: (globalVisitID) => (globalVisitID === 'g1' ? 2 : 0),
      viewVisitor: createViewStub({ confidence: { confidence: 0.9, asOf, halfLifeMs } }),
    })
    const visit = house.scribe.visit('g1', 'v1')
    house.scribe.event(visit.number, { visit })
    await house.scribe.commit()
    assert.equal((await house.ask(`${base}/visitors/g1`)).body, {
      globalVisitID: 'g1',
      seq: 7,
      position: 7,
      state: 'Recognized',
      identityId: 'pat@example.com',
      confidence: 0.318,
      interaction: 'verify',
      since: 1_700_000_000_000,
      visit: { visitId: 'v1', startDate: 1_700_000_000_000, implicit: false },
      session: null,
      pages: [
        { pageID: 'page-1', browserPageID: 'tab-1', url: null, title: null, startDate: 1_700_000_000_000 },
      ],
      connections: 2,
      lastActivity: 1_700_000_001_000,
      rejected: ['sam@example.com'],
      lease: null,
    })
    await house.close()
  },
)

resources('[H5] what is committed is there at the next request, what is not committed is not', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  scribe.event(visit.number, { visit })
  assert.is((await ask(`${base}/visits/v1`)).status, 404)
  await scribe.commit()
  assert.is((await ask(`${base}/visits/v1`)).status, 200)
  await close()
})

resources('[H3] the stream gives every entry by seq, with what it said', async () => {
  const { ask, close, scribe } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  scribe.event(visit.number, { visit })
  scribe.other(visit.number, 'deadline', { deadline: 'idle', due: 5 })
  await scribe.commit()
  const { body } = await ask(`${base}/visitors/g1/stream?order=desc`)
  const [deadline, event] = body as Record<string, unknown>[]
  assert.equal(deadline, {
    seq: 2,
    position: 2,
    at: scribe.now(),
    kind: 'deadline',
    visitId: null,
    sessionId: null,
    identityId: null,
    event: null,
    payload: { deadline: 'idle', due: 5 },
    outcome: null,
  })
  assert.equal([event?.seq, event?.kind, event?.visitId], [1, 'event', 'v1'])
  assert.match(JSON.stringify(event?.event), '"eventID":"e-1-1"')
  await close()
})

resources.run()
