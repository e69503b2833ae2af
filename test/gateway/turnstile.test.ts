import { createServer, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import { drain } from '../../src/gateway/reception.ts'
import { createTurnstile } from '../../src/gateway/turnstile.ts'
import { fakeLog, greeted, setting, settle } from './fake-desk.ts'
import { fakeVisitors } from './fake-visitors.ts'
import { events, hello, system } from './words.ts'

const test = suite('turnstile')

/** Turns that end when they are told to. */
function turns() {
  let waiting: (() => void)[] = []
  return {
    soon: (run: () => void) => void waiting.push(run),
    end() {
      const now = waiting
      waiting = []
      for (const run of now) run()
    },
  }
}

test('[V4] so many pass in a turn, one more in the next, all in their order', () => {
  const { soon, end } = turns()
  const turnstile = createTurnstile({ perTurn: 2, soon })
  const passed: number[] = []
  for (let who = 1; who <= 5; who += 1) turnstile.enter(() => void passed.push(who))
  assert.equal([passed, turnstile.waiting()], [[1, 2], 3])
  end()
  assert.equal([passed, turnstile.waiting()], [[1, 2, 3, 4], 1])
  turnstile.enter(() => void passed.push(6))
  assert.equal(passed, [1, 2, 3, 4], 'nobody goes before who waits')
  end()
  assert.equal([passed, turnstile.waiting()], [[1, 2, 3, 4, 5, 6], 0])
  end()
  turnstile.enter(() => void turnstile.enter(() => void passed.push(7)))
  assert.equal(passed, [1, 2, 3, 4, 5, 6, 7], 'whoever passes may bring another')
})

test('[Q6] opened, it lets all pass that wait, and everybody after them at once', () => {
  const { soon } = turns()
  const turnstile = createTurnstile({ perTurn: 1, soon })
  const passed: number[] = []
  for (let who = 1; who <= 3; who += 1) turnstile.enter(() => void passed.push(who))
  turnstile.open()
  for (let who = 4; who <= 6; who += 1) turnstile.enter(() => void passed.push(who))
  assert.equal(passed, [1, 2, 3, 4, 5, 6])
})

test('[P6] a crowd of hellos is welcomed arrivalsPerTurn at a time; who is here already does not wait for it', async () => {
  const world = setting({ arrivalsPerTurn: 2 })
  const here = await greeted(world, { globalVisitID: 'here' })
  await settle()
  const crowd = Array.from({ length: 5 }, (_, index) => {
    const client = world.open()
    client.say(hello({ globalVisitID: `crowd-${index}` }))
    return client
  })
  here.say(events(1, [system('VisitStarted')]))
  const served = async () => {
    // Promises and ticks only: the turn is the same.
    for (let ticks = 0; ticks < 20; ticks += 1) await null
    return crowd.filter(({ socket }) => socket.sent.some(({ type }) => type === 'welcome')).length
  }
  assert.is(await served(), 2)
  assert.is(here.socket.sent.at(-1)?.type, 'ack')
  await settle()
  assert.is(await served(), 4)
  await settle()
  assert.is(await served(), 5)
})

test('[V4] who came and who went is told in its order, however many came and went in one turn', async () => {
  const world = setting({ arrivalsPerTurn: 1 })
  world.visitors.make('g1', 'v1')
  const first = await greeted(world, { visitID: 'v1' })
  await settle()
  first.gone()
  const second = world.open()
  second.say(hello({ visitID: 'v1' }))
  for (let turn = 0; turn < 6; turn += 1) await settle()
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1', 'presence.came v1'])
})

test('[Q6] a departure that waits for its turn is kept by a drain, and no hello is taken any more', async () => {
  const world = setting({ arrivalsPerTurn: 1 })
  world.visitors.make('g1', 'v1')
  const leaving = await greeted(world, { visitID: 'v1' })
  await settle()
  const late = world.open()
  late.say(hello({ globalVisitID: 'g2' }))
  const later = world.open()
  later.say(hello({ globalVisitID: 'g3' }))
  leaving.gone()
  const drained = drain(world.desk)
  late.gone()
  later.gone()
  await drained
  assert.equal(world.visitors.presence(), ['presence.came v1', 'presence.went v1'])
  assert.equal(later.socket.sent, [])
})

test('[P1] arrivalsWaiting sockets wait to be let in; one more is refused with 503', async () => {
  const server = createServer()
  const config = { ...defaultConfig(), arrivalsPerTurn: 1, arrivalsWaiting: 2 }
  const gateway = startGateway({ server, visitors: fakeVisitors(), config, log: fakeLog([]) })
  const clients = Array.from({ length: 4 }, () => {
    const client = aStream()
    server.emit('upgrade', upgradeRequest(), client.stream, Buffer.alloc(0))
    return client
  })
  const answers = clients.map(({ heard }) => heard())
  assert.match(answers[0] ?? '', /^HTTP\/1\.1 101 /)
  assert.match(answers[3] ?? '', /^HTTP\/1\.1 503 /)
  assert.equal(answers.slice(1, 3), ['', ''])
  // One of them goes while it waits: that is nobody's fault.
  clients[1]?.stream.destroy(new Error('ECONNRESET'))
  for (let turn = 0; turn < 3; turn += 1) await settle()
  assert.match(clients[2]?.heard() ?? '', /^HTTP\/1\.1 101 /)
  assert.is(gateway.connections(), 2)
  for (const { stream } of clients) stream.destroy()
  await gateway.drain()
})

/** A connection of which nothing is heard, and that remembers what it is told. */
function aStream(): { readonly stream: Duplex; readonly heard: () => string } {
  let heard = ''
  const write = (bytes: Buffer, _encoding: string, done: () => void): void => {
    heard += String(bytes)
    done()
  }
  return { stream: new Duplex({ read: () => {}, write }), heard: () => heard }
}

function upgradeRequest(): IncomingMessage {
  const headers = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', host: 'shop.example' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  }
  return Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/track', headers })
}

test.run()
