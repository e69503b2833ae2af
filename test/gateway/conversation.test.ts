import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HELD_FRAMES_MAX } from '../../src/gateway/conversation.ts'
import { drain } from '../../src/gateway/reception.ts'
import { within } from '../helpers/within.ts'
import { acks, closeCode, greeted, setting, settle } from './fake-desk.ts'
import { batchOf, event, events, hello, system, TOKEN } from './words.ts'

const test = suite('conversation')

test('[P6] hello is answered with welcome: the visit, the state, the time and the limits', async () => {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const { socket } = await greeted(world)
  assert.is(socket.sent.length, 1)
  const { serverTime, ...welcome } = socket.sent[0] ?? {}
  assert.type(serverTime, 'number')
  assert.equal(welcome, {
    type: 'welcome',
    globalVisitID: 'g1',
    visitID: 'v1',
    state: 'Anonymous',
    limits: { frameBytes: 65_536, batchEvents: 100, inFlight: 16, eventsPerSecond: 50 },
  })
})

test('[P4] a batch is acknowledged whole: kept, duplicates and rejected are told apart, the rest is kept', async () => {
  const world = setting()
  const client = await greeted(world)
  const twice = event()
  const nameless = { ...event(), eventID: undefined }
  const foreign = event({ visitID: 'of-another' })
  const unknown = system('Teleported')
  client.say(events(1, [event({ visitID: 'v1' }), twice, twice, nameless, foreign, unknown]))
  await settle()
  const ack = client.socket.sent.at(-1) as { rejected: { eventID: unknown; code: unknown }[] }
  assert.equal(
    { ...ack, rejected: ack.rejected.map(({ eventID, code }) => [eventID, code]) },
    {
      type: 'ack',
      id: 1,
      accepted: 2,
      duplicates: 1,
      rejected: [
        [null, 'bad_event'],
        [unknown.eventID, 'unknown_event'],
        [foreign.eventID, 'wrong_visitor'],
      ],
      visitID: 'v1',
    },
  )
  assert.is(world.visitors.events().length, 2)
})

test('[P4] nothing is acknowledged before it is kept', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.hold()
  client.say(batchOf(1, 1))
  await settle()
  assert.equal(acks(client), [])
  world.visitors.release()
  await settle()
  assert.equal(acks(client), [1])
})

test('[P4] a batch that is refused whole is acknowledged in its turn, not before those ahead of it', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.hold()
  client.say(batchOf(1, 1))
  client.say(events(2, [system('Teleported')]))
  await settle()
  assert.equal(acks(client), [])
  world.visitors.release()
  await settle()
  assert.equal(acks(client), [1, 2])
  assert.is(client.socket.sent.at(-1)?.visitID, 'v1')
})

test('[P4] an event that names another visitor than the connection is wrong_visitor', async () => {
  const world = setting()
  const client = await greeted(world)
  client.say(events(1, [event({ globalVisitID: 'g1' }), event({ globalVisitID: 'g2', eventID: 'theirs' })]))
  await settle()
  const ack = client.socket.sent.at(-1)
  assert.is(ack?.accepted, 1)
  assert.match(JSON.stringify(ack?.rejected), '"theirs","code":"wrong_visitor"')
  assert.not('globalVisitID' in (world.visitors.events()[0]?.words ?? {}))
})

for (const [what, id] of [
  ['the same', 5],
  ['a smaller', 4],
] as const) {
  test(`[P4] ${what} id again is a bad frame (4500), and a rising one with gaps is not`, async () => {
    const client = await greeted(setting())
    client.say(batchOf(2, 1))
    client.say(batchOf(5, 1))
    await settle()
    assert.equal(acks(client), [2, 5])
    client.say(batchOf(id, 1))
    assert.is(closeCode(client), 4500)
    assert.equal([client.socket.sent.at(-1)?.code, client.socket.sent.at(-1)?.id], ['bad_frame', id])
  })
}

test('[P4] a hundred events are a batch, a hundred and one are a bad frame (4500)', async () => {
  const world = setting()
  const client = await greeted(world)
  client.say(batchOf(1, 100))
  await settle()
  assert.is(client.socket.sent.at(-1)?.accepted, 100)
  client.say(batchOf(2, 101))
  assert.is(closeCode(client), 4500)
  assert.is(client.socket.sent.at(-1)?.id, 2, 'the batch that is refused is named')
  assert.is(world.visitors.events().length, 100)
})

for (const [what, bytes, isBinary] of [
  ['no JSON', Buffer.from('{"type":'), false],
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), false],
  ['no message', Buffer.from('{"type":"shout"}'), false],
  ['no object', Buffer.from('[]'), false],
  ['nothing', Buffer.alloc(0), false],
  ['a binary frame of a text protocol', Buffer.from('{"type":"hello"}'), true],
] as const) {
  test(`[P4] ${what} is a bad frame (4500), before hello and after it`, async () => {
    const world = setting()
    for (const client of [world.open(), await greeted(world)]) {
      client.sayBytes(bytes, isBinary)
      assert.is(closeCode(client), 4500)
      client.say(batchOf(1, 1))
    }
    await settle()
    assert.is(world.visitors.entries.length, 0)
  })
}

test('[P4] what says something before hello is closed 4501', async () => {
  const client = setting().open()
  client.say(batchOf(1, 1))
  assert.is(closeCode(client), 4501)
})

test('[P4] a second hello is a bad frame (4500)', async () => {
  const client = await greeted(setting())
  client.say(hello())
  assert.is(closeCode(client), 4500)
})

test('[P4] `notified` for what was never sent is passed over', async () => {
  const client = await greeted(setting())
  client.say({ type: 'notified', id: 'n1', outcome: 'handled' })
  client.say(batchOf(1, 1))
  await settle()
  assert.equal(acks(client), [1])
})

test('[P6] batches sent right behind the hello wait for the welcome', async () => {
  const world = setting()
  const client = world.open()
  client.say(hello())
  client.say(batchOf(1, 1))
  client.say(batchOf(2, 1))
  assert.ok(client.socket.paused)
  await settle()
  assert.equal(
    client.socket.sent.map(({ type }) => type),
    ['welcome', 'visit', 'ack', 'ack'],
  )
  assert.not(client.socket.paused)
})

test('[P4] sixteen batches are in flight, the seventeenth waits and the socket is not read meanwhile', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.hold()
  for (let id = 1; id <= 16; id += 1) client.say(batchOf(id, 1))
  assert.is(world.desk.inFlight, 16)
  assert.not(client.socket.paused)
  client.say(batchOf(17, 1))
  assert.is(world.desk.inFlight, 16)
  assert.ok(client.socket.paused)
  world.visitors.release()
  await settle()
  assert.equal(acks(client).length, 17)
  assert.not(client.socket.paused)
  assert.equal(client.socket.closes, [])
})

test('[Q2] while the visitors are full sockets are not read; nothing is dropped, and room lets all go on', async () => {
  const world = setting()
  const clients = [await greeted(world), await greeted(world, { globalVisitID: 'g2' })]
  world.visitors.full = true
  for (const client of clients) {
    client.say(batchOf(1, 1))
    client.say(batchOf(2, 1))
    assert.ok(client.socket.paused)
  }
  await settle()
  assert.is(world.visitors.events().length, 0)
  world.visitors.makeRoom()
  await settle()
  for (const client of clients) {
    assert.equal(acks(client), [1, 2])
    assert.not(client.socket.paused)
  }
})

test('[Q2] what could not be kept closes the socket 4001 and is not acknowledged', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.failing = true
  client.say(batchOf(1, 1))
  client.say(batchOf(2, 1))
  await settle()
  assert.equal(acks(client), [])
  assert.equal(client.socket.closes, [{ code: 4001, reason: 'storage unavailable' }])
  assert.is(world.desk.inFlight, 0)
})

test('[Q2] a hello that cannot be kept is closed 4001', async () => {
  const world = setting()
  world.visitors.failing = true
  assert.is(closeCode(await greeted(world)), 4001)
})

test('[Q2] a fault nobody expected closes the socket 4001 and is told in the log', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.record = async () => {
    throw new TypeError('a bug')
  }
  client.say(batchOf(1, 1))
  await settle()
  assert.is(closeCode(client), 4001)
  assert.equal(world.logged, ['error what a client said could not be kept'])
})

test('[Q9] frames too small to be events do not pile up behind one that waits (4003)', async () => {
  const world = setting()
  const client = await greeted(world)
  world.visitors.full = true
  client.say(batchOf(1, 1))
  const frame = Buffer.from('{}')
  for (let held = 0; held < HELD_FRAMES_MAX; held += 1) client.sayBytes(frame)
  assert.is(closeCode(client), undefined)
  client.sayBytes(frame)
  assert.is(closeCode(client), 4003)
  assert.not(client.socket.paused)
  assert.is(world.desk.stalled.size, 0)
})

test('[P4] a mebibyte may be unread; with one byte more the socket is closed 4002', async () => {
  const client = await greeted(setting())
  client.socket.bufferedAmount = 1_048_576
  client.say(batchOf(1, 1))
  await settle()
  assert.equal(acks(client), [1])
  client.socket.bufferedAmount += 1
  client.say(batchOf(2, 1))
  await settle()
  assert.equal(client.socket.closes, [{ code: 4002, reason: 'slow consumer' }])
  assert.equal(acks(client), [1])
})

test('[Q6] a drain acknowledges what was taken, takes nothing more, and closes 1001', async () => {
  const world = setting()
  const client = await greeted(world)
  const silent = world.open()
  world.visitors.hold()
  client.say(batchOf(1, 1))
  const drained = drain(world.desk)
  client.say(batchOf(2, 1))
  await settle()
  assert.equal(client.socket.closes, [])
  world.visitors.release()
  await settle()
  assert.equal(acks(client), [1])
  for (const { socket } of [client, silent]) {
    assert.equal(socket.closes, [{ code: 1001, reason: 'going away' }])
  }
  client.gone()
  silent.gone()
  await within(1_000, 'the drain', drained)
  assert.is(world.visitors.events().length, 1)
})

test('[Q6] sockets that do not go are cut when the time of a drain is over', async () => {
  const world = setting({ drainMs: 1 })
  const client = await greeted(world)
  world.visitors.hold()
  client.say(batchOf(1, 1))
  await within(1_000, 'the drain', drain(world.desk))
  assert.ok(client.socket.terminated)
})

test('[E5] an event is as old as its browser says it was when it sent it, from now to seven days', async () => {
  const world = setting()
  const client = await greeted(world)
  const week = 7 * 24 * 3_600_000
  const sentAt = 10 * week
  client.say(
    events(
      1,
      [0, -5_000, 5_000, week, week + 1].map((age) => event({ timestamp: sentAt - age })),
      sentAt,
    ),
  )
  await settle()
  assert.equal(
    world.visitors.events().map(({ ageMs }) => ageMs),
    [0, 0, 5_000, week, week],
  )
})

test('[P4] what hello said of the language holds for events that say nothing', async () => {
  const world = setting()
  const client = await greeted(world, { languageCode: 'de-DE' })
  client.say(events(1, [event(), event({ languageCode: 'fr-FR' })]))
  await settle()
  assert.equal(
    world.visitors.events().map(({ words }) => words.languageCode),
    ['de-DE', 'fr-FR'],
  )
})

test('[I9] a UserInfo without an id may name a visit, and only one of this browser', async () => {
  const world = setting()
  const client = await greeted(world)
  client.say(
    events(1, [
      system('UserInfo', { visitID: 'w1' }),
      system('UserInfo', { visitID: 'w1', identityId: ' ada ' }),
      system('SignOut', { visitID: 'w1' }),
    ]),
  )
  await settle()
  assert.equal(
    world.visitors.events().map(({ namesVisit, identityId }) => ({ namesVisit, identityId })),
    [
      { namesVisit: { visitID: 'w1', anyVisitor: false }, identityId: null },
      { namesVisit: null, identityId: 'ada' },
      { namesVisit: null, identityId: null },
    ],
  )
})

test('[P6] a wrong token is unauthorized (4503), and says nothing of the visitor', async () => {
  const world = setting()
  await greeted(world)
  const other = await greeted(world, { deviceToken: TOKEN.replace('0', 'f') })
  assert.is(closeCode(other), 4503)
  assert.equal(
    other.socket.sent.map(({ type, code }) => [type, code]),
    [['error', 'unauthorized']],
  )
})

test.run()
