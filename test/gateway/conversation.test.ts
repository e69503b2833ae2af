import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HELD_FRAMES_MAX } from '../../src/gateway/conversation.ts'
import { drain } from '../../src/gateway/reception.ts'
import { sweep } from '../../src/gateway/sweep.ts'
import { within } from '../helpers/within.ts'
import { type Client, type Setting, setting, settle } from './fake-desk.ts'
import { batchOf, event, events, hello, system, TOKEN } from './words.ts'

const test = suite('conversation')

async function greeted(world: Setting, over: Record<string, unknown> = {}): Promise<Client> {
  const client = world.open()
  client.say(hello(over))
  await settle()
  return client
}

function acks(client: Client): unknown[] {
  return client.socket.sent.filter(({ type }) => type === 'ack').map(({ id }) => id)
}

function closeCode(client: Client): number | undefined {
  return client.socket.closes[0]?.code
}

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
    assert.is(client.socket.sent.at(-1)?.code, 'bad_frame')
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
  assert.equal(world.logged, ['error a batch was not recorded'])
})

test('[Q9] two hundred events may come at once, one more waits until the bucket refills', async () => {
  const world = setting()
  const client = await greeted(world)
  client.say(batchOf(1, 100))
  client.say(batchOf(2, 100))
  assert.not(client.socket.paused)
  client.say(batchOf(3, 1))
  assert.ok(client.socket.paused)
  await settle()
  assert.equal(acks(client), [1, 2])
  world.pass(19)
  sweep(world.desk)
  assert.ok(client.socket.paused)
  world.pass(1)
  sweep(world.desk)
  assert.not(client.socket.paused)
  await settle()
  assert.equal(acks(client), [1, 2, 3])
})

test('[Q9] a batch larger than a burst waits for a full bucket, not for ever', async () => {
  const world = setting({ eventsBurst: 10, eventsPerSecond: 10 })
  const client = await greeted(world)
  client.say(batchOf(1, 50))
  client.say(batchOf(2, 1))
  assert.ok(client.socket.paused)
  world.pass(4_099)
  sweep(world.desk)
  await settle()
  assert.equal(acks(client), [1])
  world.pass(1)
  sweep(world.desk)
  await settle()
  assert.equal(acks(client), [1, 2])
})

/** Sends so many events every 100 ms until `untilMs` have passed; the network keeps what is not read. */
async function talk(world: Setting, client: Client, { each, untilMs }: { each: number; untilMs: number }) {
  let unread = 0
  for (let ms = 0; ms < untilMs && closeCode(client) === undefined; ms += 100) {
    for (unread += each; unread > 0 && !client.socket.paused; unread -= 1) {
      client.say(events(client.connection.lastId + 1, [event()]))
    }
    await settle()
    world.pass(100)
    sweep(world.desk)
  }
}

test('[Q9] over the rate for thirty seconds is closed 4003', async () => {
  const world = setting()
  const client = await greeted(world)
  await talk(world, client, { each: 60, untilMs: 30_000 })
  assert.is(closeCode(client), undefined)
  await talk(world, client, { each: 60, untilMs: 2_000 })
  assert.is(closeCode(client), 4003)
})

test('[Q9] one burst that takes long to come in, and a pace below the rate ever after, is not over it', async () => {
  const world = setting()
  const client = await greeted(world)
  client.say(batchOf(1, 100))
  client.say(batchOf(2, 100))
  client.say(batchOf(3, 100))
  assert.ok(client.socket.paused)
  await talk(world, client, { each: 4, untilMs: 60_000 })
  assert.is(closeCode(client), undefined)
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

test('[P4] without hello a socket is closed 4006 after ten seconds, and not before', async () => {
  const world = setting()
  const early = world.open()
  world.pass(1)
  const late = world.open()
  world.pass(9_998)
  sweep(world.desk)
  assert.is(closeCode(early), undefined)
  world.pass(1)
  sweep(world.desk)
  assert.is(closeCode(early), 4006)
  assert.is(closeCode(late), undefined)
})

test('[P4] a socket that was silent is asked; without an answer within thirty seconds it is closed 4004', async () => {
  const world = setting()
  const client = await greeted(world)
  world.pass(30_000)
  sweep(world.desk)
  assert.is(client.socket.pings, 1)
  world.pass(29_999)
  sweep(world.desk)
  assert.is(closeCode(client), undefined)
  world.pass(3_000)
  sweep(world.desk)
  assert.is(closeCode(client), 4004)
  assert.ok(client.socket.terminated)
})

test('[P4] whoever speaks is not asked, and a socket that is not read is not closed for its silence', async () => {
  const world = setting()
  const client = await greeted(world)
  for (let id = 1; id <= 8; id += 1) {
    world.pass(10_000)
    client.say(batchOf(id, 1))
    sweep(world.desk)
  }
  assert.is(client.socket.pings, 0)
  world.visitors.full = true
  client.say(batchOf(9, 1))
  for (let seconds = 0; seconds < 300; seconds += 10) {
    world.pass(10_000)
    sweep(world.desk)
  }
  assert.is(closeCode(client), undefined)
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
