import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drain } from '../../src/gateway/reception.ts'
import { type Client, greeted, setting, settle } from './fake-desk.ts'
import { event, events, hello, system } from './words.ts'

const test = suite('presence')

async function says(client: Client, ...list: unknown[]): Promise<void> {
  client.say(events(client.connection.lastId + 1, list))
  await settle()
}

function told(client: Client, ...types: string[]): unknown[] {
  return client.socket.sent.filter(({ type }) => types.includes(String(type)))
}

test('[V4] a hello that names the open visit counts: it came, and when it goes, it went', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const client = await greeted(world, { visitID: 'v1' })
  assert.equal(world.visitors.presence(), ['presence.came v1'])
  client.gone()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1'])
})

test('[V4] a hello that names no visit, or another than the open one, does not count and never went', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  for (const over of [{}, { visitID: 'v0' }]) (await greeted(world, over)).gone()
  await settle()
  assert.equal(world.visitors.presence(), [])
})

test('[V4] a socket counts from its first event in the open visit, after the ack, and once', async () => {
  const world = setting()
  const client = await greeted(world)
  await says(client, system('VisitStarted'))
  assert.equal(
    world.visitors.entries.map(({ entry }) => entry.type),
    ['event', 'presence.came'],
  )
  await says(client, event(), event())
  assert.equal(world.visitors.presence(), ['presence.came v1'])
})

test('[V4] of two tabs only the first comes and only the last goes', async () => {
  const world = setting()
  const first = await greeted(world)
  await says(first, system('VisitStarted'))
  const second = await greeted(world, { visitID: 'v1' })
  first.gone()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1'])
  second.gone()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1'])
})

test('[V4] in a new visit a socket counts from its first event there, and goes from that one only', async () => {
  const world = setting()
  const first = await greeted(world)
  const second = await greeted(world)
  await says(first, system('VisitStarted'))
  await says(second, event())
  await says(first, system('VisitStarted', {}, { visitID: 'v2' }))
  first.gone()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.came v2', 'presence.went v2'])
  second.gone()
  await settle()
  assert.is(world.visitors.presence().length, 3)
})

test('[V4] a socket that went while its first event was on the way had come, and went', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.hold()
  client.say(events(1, [system('VisitStarted')]))
  client.gone()
  world.visitors.release()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1'])
})

test('[V4] a visit that a duplicate names is not one this socket is in', async () => {
  const world = setting()
  const client = await greeted(world)
  const once = event()
  await says(client, once)
  const other = await greeted(world)
  await says(other, once)
  assert.is(other.connection.countsFor, null)
})

test('[V4] [Q7] closings by the server, 1001 and 4001, are no departure', async () => {
  const world = setting({ drainMs: 1 })
  world.visitors.make('g1', 'v1')
  world.visitors.make('g2', 'v2')
  const failed = await greeted(world, { visitID: 'v1' })
  const drained = await greeted(world, { globalVisitID: 'g2', visitID: 'v2' })
  world.visitors.failing = true
  failed.say(events(1, [event()]))
  await settle()
  world.visitors.failing = false
  failed.gone()
  await drain(world.desk)
  drained.gone()
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.came v2'])
})

test('[V4] closings for what the client did are departures', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const client = await greeted(world, { visitID: 'v1' })
  client.say({ type: 'shout' })
  await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1'])
})

test('[V4] where a coming cannot be kept, all sockets of the visitor are closed 4001 and come again', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const client = await greeted(world)
  world.visitors.hold()
  const tab = world.open()
  tab.say(hello({ visitID: 'v1' }))
  world.visitors.release()
  const { record } = world.visitors
  world.visitors.record = async () => {
    throw new Error('no room on the disk')
  }
  await settle()
  for (const { socket } of [client, tab]) assert.is(socket.closes[0]?.code, 4001)
  world.visitors.record = record
})

test('[V4] a departure that cannot be kept is told in the log', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const client = await greeted(world, { visitID: 'v1' })
  world.visitors.failing = true
  client.gone()
  await settle()
  assert.equal(world.logged, ['warn a departure was not kept: the visit will end by inactivity'])
})

test('[V7] every socket of the visitor hears of another visit, before the ack of the batch that made it', async () => {
  const world = setting()
  const [first, second] = [await greeted(world), await greeted(world)]
  const stranger = await greeted(world, { globalVisitID: 'g2' })
  await says(first, system('VisitStarted'))
  await says(first, system('VisitStarted', {}, { visitID: 'v2' }))
  assert.equal(
    told(first, 'visit', 'ack').map((message) => (message as { visitID: string }).visitID),
    ['v1', 'v1', 'v2', 'v2'],
  )
  assert.equal(told(second, 'visit'), [
    { type: 'visit', visitID: 'v1' },
    { type: 'visit', visitID: 'v2', reason: 'superseded' },
  ])
  assert.equal(told(stranger, 'visit'), [])
})

test('[V11] withdrawn consent reaches every socket of the visitor, and later events are rejected', async () => {
  const world = setting()
  const [first, second] = [await greeted(world), await greeted(world)]
  await says(first, system('VisitStarted'))
  await says(first, system('ConsentWithdrawn'))
  for (const client of [first, second]) {
    assert.equal(told(client, 'visit').at(-1), { type: 'visit', visitID: null, reason: 'withdrawn' })
  }
  await says(second, event())
  assert.match(JSON.stringify(second.socket.sent.at(-1)), '"code":"withdrawn"')
  assert.is(second.socket.sent.at(-1)?.visitID, null)
})

test('[P6] a visitor has twenty sockets; the twenty-first is closed 4005, and one that goes makes room', async () => {
  const world = setting()
  const clients = []
  for (let count = 0; count < 20; count += 1) clients.push(await greeted(world))
  for (const { socket } of clients) assert.is(socket.closes.length, 0)
  const one = await greeted(world)
  assert.is(one.socket.closes[0]?.code, 4005)
  assert.is((await greeted(world, { globalVisitID: 'g2' })).socket.closes.length, 0)
  clients[0]?.gone()
  assert.is((await greeted(world)).socket.closes.length, 0)
})

/** An identity change of g1, as it is committed. */
function change(name: string, identityId: string | null) {
  const change = {
    position: 1,
    n: 1,
    number: 1,
    globalVisitID: 'g1',
    seq: 1,
    at: 1,
    name,
    data: { identityId },
  }
  return { visits: [], changes: [{ ...change, kind: 'identity' as const }] }
}

test('[P4] `identity` is sent only where the site turned it on', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.emit(change('authenticated', 'ada'))
  assert.equal(told(client, 'identity'), [])
})

test('[Q9] `identity` never names one that this browser did not state itself', async () => {
  const world = setting({ tellBrowser: true })
  const [client, stranger] = [await greeted(world), await greeted(world, { globalVisitID: 'g2' })]
  await says(client, system('SignIn', { identityId: 'ada' }))
  world.visitors.emit(change('authenticated', 'ada'))
  world.visitors.emit(change('wm-recognized', 'bob'))
  world.visitors.emit(change('anonymous', null))
  assert.equal(told(client, 'identity'), [
    { type: 'identity', state: 'Authenticated', identityId: 'ada' },
    { type: 'identity', state: 'WM-Recognized' },
    { type: 'identity', state: 'Anonymous' },
  ])
  assert.equal(told(stranger, 'identity'), [])
})

test('[Q9] a browser is told of the last identities it stated, not of ever so many', async () => {
  const world = setting({ tellBrowser: true })
  const client = await greeted(world)
  for (let person = 0; person <= 32; person += 1) {
    await says(client, system('UserInfo', { identityId: `person-${person}` }))
  }
  for (const identityId of ['person-0', 'person-1']) world.visitors.emit(change('recognized', identityId))
  assert.equal(told(client, 'identity'), [
    { type: 'identity', state: 'Recognized' },
    { type: 'identity', state: 'Recognized', identityId: 'person-1' },
  ])
})

test('[Q9] an identity stated without proof is not one this browser may be told of', async () => {
  const world = setting({ tellBrowser: true, identitySecret: 'secret' })
  const client = await greeted(world)
  await says(client, system('SignIn', { identityId: 'ada' }))
  world.visitors.emit(change('authenticated', 'ada'))
  assert.equal(told(client, 'identity'), [{ type: 'identity', state: 'Authenticated' }])
})

test('[Q9] an identity stated for another visitor is not one this browser may be told of', async () => {
  const world = setting({ tellBrowser: true })
  const client = await greeted(world)
  await says(client, system('SignIn', { identityId: 'ada' }, { globalVisitID: 'g2' }))
  world.visitors.emit(change('authenticated', 'ada'))
  assert.equal(told(client, 'identity'), [{ type: 'identity', state: 'Authenticated' }])
})

test('[Q9] with its last socket a visitor is forgotten', async () => {
  const world = setting()
  const clients = [await greeted(world), await greeted(world)]
  const { present } = clients[0]?.connection ?? {}
  for (const client of clients) client.gone()
  await settle()
  assert.equal(present?.connections, [])
  assert.is(world.desk.connections.size, 0)
  assert.is((await greeted(world)).connection.present === present, false)
})

test.run()
