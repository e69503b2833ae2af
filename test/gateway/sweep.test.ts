import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sweep } from '../../src/gateway/sweep.ts'
import { acks, type Client, closeCode, greeted, type Setting, setting, settle } from './fake-desk.ts'
import { batchOf, event, events } from './words.ts'

const test = suite('sweep')

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

test.run()
