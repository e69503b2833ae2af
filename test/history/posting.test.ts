import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openRealHouse, READS } from './real-house.ts'

const posting = suite('History: events that come with a key')
const PAT = 'pat@example.com'
const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const location = ({ headers }: { headers: Headers }) =>
  (headers.get('location') ?? '').replace('/backend/data', '')

posting('[V1] POST /visits opens a visit of a new visitor, and of one that is named', async () => {
  const { post, ask, close } = await openRealHouse()
  const made = await post('/visits', { url: 'https://shop.example/', userAgent: 'Kiosk/2', screen: '1x1' })
  assert.is(made.status, 201)
  assert.match(String(made.body.globalVisitID), V4)
  assert.equal([made.body.endDate, made.body.userAgent, made.body.implicit], [0, 'Kiosk/2', false])
  const read = await ask(location(made))
  assert.equal(read.body, made.body)
  const events = (await ask(`${location(made)}/events`)).body as unknown as Record<string, unknown>[]
  assert.equal([events[0]?.timestamp, events[0]?.data], [0, { screen: '1x1' }])
  const named = await post('/visits', { globalVisitID: 'g7', visitId: 'w7' })
  assert.equal([named.status, named.body.globalVisitID, named.body.visitId], [201, 'g7', 'w7'])
  await close()
})

posting(
  '[E1] the same Idempotency-Key again is 200 with the first resource, for every row that makes something',
  async () => {
    const { post, ask, close } = await openRealHouse()
    const twice = async (path: string, body: object, key: string) => {
      const first = await post(path, body, { 'idempotency-key': key })
      const again = await post(path, body, { 'idempotency-key': key })
      assert.equal([first.status, again.status], [201, 200], path)
      assert.equal(again.body, first.body, path)
      assert.is(location(again), location(first))
      return first
    }
    const visit = await twice('/visits', {}, 'k1')
    const { visitId } = visit.body
    await twice(`/visits/${visitId}/events`, { eventName: 'CalledBack' }, 'k2')
    const session = await twice(`/visits/${visitId}/sessions`, { identityId: PAT }, 'k3')
    await twice(`/sessions/${session.body.sessionId}/pages`, { url: 'https://shop.example/' }, 'k4')
    const events = (await ask(`/visits/${visitId}/events`)).body as unknown as unknown[]
    assert.is(events.length, 4)
    const other = await post(`/visits/${visitId}/events`, { eventName: 'Else' }, { 'idempotency-key': 'k3' })
    assert.equal([other.status, other.body.reason], [409, 'keyUsed'])
    await close()
  },
)

posting('[I1] POST sessions signs somebody in, without a proof; the profile is believed', async () => {
  const { post, ask, record, event, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const made = await post('/visits/v1/sessions', { identityId: PAT, name: 'Pat', data: { tier: 'gold' } })
  assert.equal([made.status, made.body.identityId, made.body.visitId], [201, PAT, 'v1'])
  assert.equal((await ask(location(made))).body, made.body)
  const visitor = (await ask('/visitors/g1')).body
  assert.equal([visitor.state, visitor.identityId], ['Authenticated', PAT])
  const person = (await ask(`/identities/${PAT}`)).body
  assert.equal([person.name, (person.profile as Record<string, unknown>).tier], ['Pat', 'gold'])
  await close()
})

posting(
  '[E10] POST pages enters a page of an open session; of one that is over it is a conflict',
  async () => {
    const { post, ask, record, event, close } = await openRealHouse()
    await record('g1', event('VisitStarted'), event('SignIn', { identityId: PAT }))
    const { body } = await ask('/visits/v1?include_sessions=true')
    const [sessionId] = body.sessionIds as string[]
    const made = await post(`/sessions/${sessionId}/pages`, {
      url: 'https://shop.example/cart',
      title: 'Cart',
    })
    assert.equal(
      [made.status, made.body.sessionId, made.body.title, made.body.identityId],
      [201, sessionId, 'Cart', PAT],
    )
    const pages = (await ask(`/sessions/${sessionId}/pages`)).body as unknown as unknown[]
    assert.equal(pages, [made.body])
    await record('g1', event('SignOut'))
    const over = await post(`/sessions/${sessionId}/pages`, { url: 'https://shop.example/' })
    assert.equal([over.status, over.body.reason], [409, 'ended'])
    await close()
  },
)

posting('[I9] with history:write a UserInfo may name the visit of another visitor', async () => {
  const { post, ask, record, event, close } = await openRealHouse()
  await record('g1', event('VisitStarted'), event('SignIn', { identityId: PAT }))
  await record('g2', event('VisitStarted', {}, { visitID: 'w2' }))
  const info = { eventType: 'SYSTEM', eventName: 'UserInfo', data: { visitID: 'v1' } }
  assert.is((await post('/visits/w2/events', info)).status, 201)
  const visitor = (await ask('/visitors/g2')).body
  assert.equal([visitor.state, visitor.identityId], ['Recognized', PAT])
  await close()
})

posting('[E2] [E6] [E8] [E9] what a browser would be refused is refused, with what is wrong', async () => {
  const { post, record, event, close } = await openRealHouse()
  await record('g1', event('VisitStarted'))
  const refused: readonly [string, object, number, string | undefined][] = [
    ['/visits/v1/events', { eventName: 'Nope', eventType: 'SYSTEM' }, 400, 'eventName'],
    ['/visits/v1/events', { eventName: 'no spaces' }, 400, 'eventName'],
    ['/visits/v1/events', {}, 400, 'eventName'],
    ['/visits/v1/events', { eventName: 'A', pageID: '!' }, 400, 'pageID'],
    ['/visits/v1/events', { eventName: 'A', visitID: 'v2' }, 400, 'visitID'],
    ['/visits/v1/events', { eventName: 'A', globalVisitID: 'g2' }, 400, 'globalVisitID'],
    ['/visits/v1/events', { eventName: 'A', data: { x: 'x'.repeat(16 * 1024) } }, 413, undefined],
    ['/visits/v1/sessions', { identityId: 'guest' }, 400, 'data.identityId'],
    ['/visits/v1/sessions', {}, 400, 'identityId'],
    ['/visits', { globalVisitID: 'a b' }, 400, 'globalVisitID'],
    ['/visits', { globalVisitID: 'g2', visitId: 'v1' }, 409, undefined],
    ['/visits/nope/events', { eventName: 'A' }, 404, undefined],
    ['/sessions/00000000-0000-5000-8000-000000000000/pages', { url: 'x' }, 404, undefined],
  ]
  for (const [path, body, status, parameter] of refused) {
    const answer = await post(path, body)
    assert.equal(
      [answer.status, answer.body.parameter],
      [status, parameter],
      `${path} ${JSON.stringify(body)}`,
    )
  }
  const key = await post('/visits/v1/events', { eventName: 'A' }, { 'idempotency-key': 'a b' })
  assert.equal([key.status, key.body.parameter], [400, 'Idempotency-Key'])
  const two = await post('/visits/v1/events', { eventName: 'A', eventID: 'e8' }, { 'idempotency-key': 'e9' })
  assert.equal([two.status, two.body.parameter], [400, 'eventID'])
  assert.is((await post('/visits', {}, { authorization: READS })).status, 403)
  await close()
})

posting('[V11] after consent was withdrawn nothing is recorded: a conflict that says so', async () => {
  const { post, record, event, close } = await openRealHouse()
  const withdrawn = event('ConsentWithdrawn', {}, { eventType: 'SYSTEM' })
  await record('g1', event('VisitStarted'), withdrawn)
  const answer = await post('/visits/v1/events', { eventName: 'A' })
  assert.equal([answer.status, answer.body.reason], [409, 'withdrawn'])
  await close()
})

posting.run()
