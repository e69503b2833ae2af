/** `/live` of a whole server: what is told to whom, and that nothing is left out between two readings. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, within } from '../helpers/within.ts'
import { event, KEY, type LiveServer, openServer, signIn } from './a-server.ts'

const live = suite('live')

let servers: LiveServer[] = []
async function opened(...options: Parameters<typeof openServer>): Promise<LiveServer> {
  const server = await openServer(...options)
  servers.push(server)
  return server
}
live.after.each(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

live('headers and a comment come at once; then each change as it is committed', async () => {
  const server = await opened()
  const reader = await server.listen('')
  assert.is(reader.status, 200)
  assert.match(reader.headers['content-type'] ?? '', 'text/event-stream')
  await eventually(5_000, 'a comment', () => reader.text().startsWith(': vestibule\n') || undefined)
  assert.match(reader.text(), '\nid: 0\n\n')
  await server.track('g1', [event('VisitStarted'), signIn('pat@example.com')])
  const opening = await reader.next()
  assert.is(opening.event, 'visit')
  assert.is(opening.data.visitId, 'v1')
  const change = await reader.next()
  assert.is(change.event, 'identity')
  assert.is(change.data.state, 'Authenticated')
  assert.is(change.data.identityId, 'pat@example.com')
  assert.is(change.id, String(change.data.position))
})

live('a reader that comes back with a position is told all that came after it, once', async () => {
  const server = await opened()
  const query = '?kind=identity,visit,event&globalVisitID=g1'
  const whole = await server.listen(query)
  const first = await server.listen(query)
  const told: string[] = []
  const note = ({ event: kind, data }: { event: string; data: Record<string, unknown> }) =>
    told.push(`${kind} ${data.seq} ${data.n ?? ''}`)
  await server.track('g1', [event('VisitStarted'), event('Looked'), signIn('pat@example.com')])
  while (told.length < 3) note(await first.next())
  const position = first.lastId() ?? ''
  first.close()
  await server.track('g1', [event('Bought'), event('SignOut'), event('Looked')])
  const second = await server.listen(query, { ...KEY, 'last-event-id': position })
  const expected: string[] = []
  while (expected.length < 9) {
    const { event: kind, data } = await whole.next()
    expected.push(`${kind} ${data.seq} ${data.n ?? ''}`)
  }
  while (told.length < expected.length) note(await second.next())
  assert.equal(told, expected)
})

live(
  'a position is said with its last message only, so that a cut between two leaves nothing out',
  async () => {
    const server = await opened()
    const reader = await server.listen('?kind=identity,visit,event&globalVisitID=g1')
    await server.track('g1', [event('VisitStarted')])
    const [first, second] = [await reader.next(), await reader.next()]
    assert.equal([first.event, first.id], ['event', null])
    assert.equal([second.event, second.id], ['visit', '1'])
  },
)

live('filters: a visitor, a person, a state', async () => {
  const server = await opened()
  const visitor = await server.listen('?globalVisitID=g2')
  const person = await server.listen('?kind=identity,visit,event&identityId=pat@example.com')
  const state = await server.listen('?kind=identity&state=Recognized')
  await server.track('g1', [
    event('VisitStarted'),
    event('Looked'),
    signIn('pat@example.com'),
    event('Bought'),
    event('SignOut'),
  ])
  await server.track('g2', [
    event('VisitStarted', { visitID: 'v2' }),
    signIn('sam@example.com', { visitID: 'v2' }),
  ])
  assert.equal((await visitor.next()).data.globalVisitID, 'g2')
  assert.equal((await visitor.next()).data.identityId, 'sam@example.com')
  const told = [await person.next(), await person.next(), await person.next()]
  assert.equal(
    told.map(({ event: kind, data }) => `${kind} ${data.eventName ?? data.state ?? data.visitId}`),
    // What they did as nobody is not theirs.
    ['visit v1', 'event SignIn', 'identity Authenticated'],
  )
  const recognized = await state.next()
  assert.equal([recognized.data.state, recognized.data.globalVisitID], ['Recognized', 'g1'])
})

live('events of everybody are told in the demo only', async () => {
  const server = await opened()
  const refused = await server.listen('?kind=event')
  assert.is(refused.status, 400)
  const shop = await opened({}, true)
  const reader = await shop.listen('?kind=event')
  await shop.track('g1', [event('VisitStarted')])
  await shop.track('g2', [event('Looked', { visitID: 'v2' })])
  assert.is((await reader.next()).data.eventName, 'VisitStarted')
  assert.is((await reader.next()).data.globalVisitID, 'g2')
})

live('[H2] what is wrong is named, and nothing is told without a key that may read', async () => {
  const server = await opened()
  const wrong: readonly (readonly [string, number, string])[] = [
    ['?kind=lease', 400, 'kind'],
    ['?kind=', 400, 'kind'],
    ['?globalVisitID=a%20b', 400, 'globalVisitID'],
    [`?globalVisitID=${'g'.repeat(65)}`, 400, 'globalVisitID'],
    [`?identityId=${'i'.repeat(257)}`, 400, 'identityId'],
    ['?identityId=%20', 400, 'identityId'],
    ['?state=authenticated', 400, 'state'],
    ['?token=x', 400, 'token'],
    ['?state=Anonymous&state=Anonymous', 400, 'state'],
    ['?lastEventId=-1', 400, 'lastEventId'],
  ]
  for (const [query, status, parameter] of wrong) {
    const reader = await server.listen(query)
    await within(5_000, 'the end', reader.over)
    assert.is(reader.status, status, query)
    assert.is(JSON.parse(reader.text()).parameter, parameter, query)
  }
  assert.is((await server.listen('', {})).status, 401)
  assert.is((await server.listen('', { authorization: 'Bearer poor-secret-012345' })).status, 403)
  assert.is(
    (await server.listen(`?globalVisitID=${'g'.repeat(64)}&identityId=${'i'.repeat(256)}`)).status,
    200,
  )
})

live('[H2] a position that is not kept any more, or was never given, is 410', async () => {
  const server = await opened({ liveKeepMs: 0 })
  await server.track('g1', [event('VisitStarted')])
  await eventually(5_000, 'time to pass', async () => {
    return (await server.listen('?lastEventId=0')).status === 410 || undefined
  })
  assert.is((await server.listen('?lastEventId=1')).status, 200, 'nothing came after it')
  assert.is((await server.listen('?lastEventId=2')).status, 410)
})

live('as many streams as configured, and one more is 503', async () => {
  const server = await opened({ liveStreams: 2 })
  const first = await server.listen('')
  await server.listen('')
  const third = await server.listen('')
  assert.is(third.status, 503)
  assert.ok(third.headers['retry-after'])
  first.close()
  await eventually(5_000, 'room', async () => ((await server.listen('')).status === 200 ? true : undefined))
})

live('[Q6] a server that stops ends its streams in order', async () => {
  const server = await opened()
  const reader = await server.listen('')
  await eventually(5_000, 'a comment', () => reader.text() !== '' || undefined)
  await server.stop()
  await within(5_000, 'the end', reader.over)
  assert.match(reader.text(), ': the server is going away\n\n')
})

live.run()
