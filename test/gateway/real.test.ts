// The gateway with the real visitors over a real store: what is acknowledged is on disk, and nothing is doubled.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { settingsOf } from '../../src/server.ts'
import type { Store } from '../../src/store/contract.ts'
import { isStoredEvent } from '../../src/store/rows.ts'
import { openStore } from '../../src/store/store.ts'
import { createClock } from '../../src/visitors/clock.ts'
import { type OpenVisitors, openVisitors } from '../../src/visitors/visitors.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'
import { dial, type Listening, listenWith, type RealClient } from './listening.ts'
import { batchOf, event, events, hello, system } from './words.ts'

const test = suite('real')

interface House extends Listening<OpenVisitors> {
  readonly store: Store
  /** The disk fails every put from now on, or no longer. */
  fail(fails: boolean): void
  close(): Promise<void>
}

let houses: House[] = []
let folders: ReturnType<typeof tempFolder>[] = []

async function house(folder: ReturnType<typeof tempFolder>, over = {}): Promise<House> {
  const config = { ...defaultConfig(), ...over }
  let fails = false
  const beforePut = () => {
    if (fails) throw new Error('the disk is full, as the test wants it')
  }
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0, beforePut })
  const clock = createClock(store.lastAt())
  const log = { warn: () => {}, error: () => {} }
  const visitors = await openVisitors({ store, settings: settingsOf(config), clock, log, limits: config })
  const listening = await listenWith(visitors, config)
  const built: House = {
    ...listening,
    store,
    fail(now) {
      fails = now
    },
    async close() {
      await listening.stop()
      await visitors.close()
      await store.close()
      houses = houses.filter((other) => other !== built)
    },
  }
  houses.push(built)
  return built
}

function folder(): ReturnType<typeof tempFolder> {
  const made = tempFolder()
  folders.push(made)
  return made
}

test.after.each(async () => {
  for (const each of houses) await each.close()
  for (const each of folders) each.remove()
  folders = []
})

async function greeted(port: number, over = {}): Promise<RealClient> {
  const client = await dial(port)
  client.say(hello(over))
  await client.until('welcome')
  return client
}

/** What is on disk of a visitor, in order: an event's id, or the kind of another entry. */
function stream(store: Store, globalVisitID = 'g1'): string[] {
  const number = store.visitorNumber(globalVisitID)
  return store
    .entries(number, { limit: 1_000 })
    .map((entry) => (isStoredEvent(entry) ? entry.words.eventID : entry.kind))
}

test('[P4] what is acknowledged is in the store, in order, and the ack names the open visit', async () => {
  const { port, store } = await house(folder())
  const client = await greeted(port)
  const list = [system('VisitStarted'), system('PageEntered'), event(), event()]
  client.say(events(1, list))
  assert.equal(await client.next(), { type: 'visit', visitID: 'v1' })
  const ack = await client.next()
  assert.equal([ack.type, ack.accepted, ack.visitID], ['ack', 4, 'v1'])
  assert.equal(
    stream(store).slice(0, 4),
    list.map(({ eventID }) => eventID),
  )
})

test('[P4] many batches in flight are kept and acknowledged in order', async () => {
  const { port, store } = await house(folder())
  const client = await greeted(port)
  const batches = Array.from({ length: 40 }, (_, index) => batchOf(index + 1, 3))
  for (const batch of batches) client.say(batch)
  const acked = []
  while (acked.length < 40) acked.push((await client.until('ack')).id)
  assert.equal(
    acked,
    batches.map(({ id }) => id),
  )
  assert.equal(
    stream(store).filter((said) => said !== 'presence.came'),
    batches.flatMap(({ events: list }) => (list as { eventID: string }[]).map(({ eventID }) => eventID)),
  )
})

test('[Q2] a fault of the disk closes 4001; what is sent again after it is kept once', async () => {
  const built = await house(folder())
  const { port, store } = built
  const client = await greeted(port)
  const list = [system('VisitStarted', {}, { eventID: 'first' }), event({ eventID: 'second' })]
  client.say(events(1, [list[0]]))
  await client.until('ack')
  await eventually(5_000, 'presence on disk', () => (stream(store).length === 2 ? true : undefined))
  built.fail(true)
  client.say(events(2, list.slice(1)))
  assert.equal(await client.closed(), { code: 4001, reason: 'storage unavailable' })
  assert.equal(stream(store), ['first', 'presence.came'])
  built.fail(false)
  const acknowledged = await eventually(10_000, 'an ack after the fault', async () => {
    const again = await dial(port)
    again.say(hello({ visitID: 'v1' }))
    if ((await again.next()).type !== 'welcome') return undefined
    again.say(events(1, list))
    const answer = await Promise.race([again.until('ack'), again.closed()])
    return 'code' in answer ? undefined : answer
  })
  assert.equal([acknowledged.accepted, acknowledged.duplicates], [1, 1])
  assert.equal(
    stream(store).filter((said) => !said.startsWith('presence')),
    ['first', 'second'],
  )
})

test('[V4] sockets come and go in the stream: two tabs are one presence', async () => {
  const { port, store } = await house(folder())
  const first = await greeted(port)
  first.say(events(1, [system('VisitStarted', {}, { eventID: 'start' })]))
  await first.until('ack')
  const second = await greeted(port, { visitID: 'v1' })
  first.ws.close()
  await first.closed()
  second.say(events(1, [event({ eventID: 'still-here' })]))
  await second.until('ack')
  second.ws.close()
  await eventually(5_000, 'the departure', () =>
    stream(store).at(-1) === 'presence.went' ? true : undefined,
  )
  assert.equal(stream(store), ['start', 'presence.came', 'still-here', 'presence.went'])
})

test('[V4] [Q7] a restart is no departure: the visit is open and its browser goes on in it', async () => {
  const data = folder()
  const before = await house(data)
  const client = await greeted(before.port)
  client.say(events(1, [system('VisitStarted', {}, { eventID: 'start' })]))
  await client.until('ack')
  await eventually(5_000, 'presence', () => (stream(before.store).length === 2 ? true : undefined))
  const closing = client.closed()
  await before.close()
  assert.is((await closing).code, 1001)
  const after = await house(data)
  const again = await dial(after.port)
  again.say(hello({ visitID: 'v1' }))
  assert.is((await again.until('welcome')).visitID, 'v1')
  again.say(events(1, [event({ eventID: 'on' })]))
  assert.is((await again.until('ack')).visitID, 'v1')
  assert.not(stream(after.store).includes('presence.went'))
})

test('[V7] [V11] another visit and withdrawn consent reach the other tab', async () => {
  const { port } = await house(folder())
  const [first, second] = [await greeted(port), await greeted(port)]
  first.say(events(1, [system('VisitStarted')]))
  assert.equal(await second.next(), { type: 'visit', visitID: 'v1' })
  await first.until('ack')
  const later = { timestamp: 1_000_500 }
  first.say(events(2, [system('VisitStarted', {}, { visitID: 'v2', ...later })], 1_000_500))
  assert.equal(await second.next(), { type: 'visit', visitID: 'v2', reason: 'superseded' })
  first.say(events(3, [system('ConsentWithdrawn', {}, { visitID: 'v2', ...later })], 1_000_500))
  assert.equal(await second.next(), { type: 'visit', visitID: null, reason: 'withdrawn' })
  second.say(events(1, [event({ visitID: 'v2' })]))
  const ack = await second.until('ack')
  assert.match(JSON.stringify(ack.rejected), '"code":"withdrawn"')
})

test('[P6] the token is on disk before the welcome: it is asked for after a restart', async () => {
  const data = folder()
  const before = await house(data)
  await greeted(before.port)
  await before.close()
  const { port } = await house(data)
  const thief = await dial(port)
  thief.say(hello({ deviceToken: 'another-token-of-22-chars' }))
  assert.is((await thief.closed()).code, 4503)
  await greeted(port)
})

test('[Q9] a visitID belongs to the visitor who used it first', async () => {
  const { port } = await house(folder())
  const owner = await greeted(port)
  owner.say(events(1, [event({ visitID: 'mine' })]))
  await owner.until('ack')
  const other = await greeted(port, { globalVisitID: 'g2' })
  other.say(events(1, [event({ visitID: 'mine' })]))
  const ack = await other.until('ack')
  assert.is(ack.accepted, 0)
  assert.match(JSON.stringify(ack.rejected), '"code":"wrong_visitor"')
})

test('[Q9] a browser hears of the identity it stated, spelled as for users, where the site wants it', async () => {
  const { port } = await house(folder(), { tellBrowser: true })
  const client = await greeted(port)
  client.say(events(1, [system('VisitStarted'), system('SignIn', { identityId: 'ada' }), system('SignOut')]))
  assert.equal(await client.until('identity'), {
    type: 'identity',
    state: 'Authenticated',
    identityId: 'ada',
  })
  assert.equal(await client.until('identity'), { type: 'identity', state: 'Recognized', identityId: 'ada' })
  await client.until('ack')
})

test('[P2] [V13] a final post after the socket went ends no visit and doubles nothing', async () => {
  const { port, store } = await house(folder())
  const client = await greeted(port)
  const said = event({ eventID: 'said' })
  client.say(events(1, [system('VisitStarted', {}, { eventID: 'start' }), said]))
  await client.until('ack')
  client.ws.close()
  await client.closed()
  const { type: _, ...fields } = hello({ visitID: 'v1' })
  const list = [said, system('PageExited', {}, { eventID: 'exit' })]
  const body = JSON.stringify({ ...fields, events: list, final: true })
  const headers = { 'content-type': 'text/plain' }
  const response = await fetch(`http://127.0.0.1:${port}/track`, { method: 'POST', headers, body })
  const answer = (await response.json()) as { ack: Record<string, unknown>; welcome: Record<string, unknown> }
  assert.equal([answer.ack.accepted, answer.ack.duplicates, answer.ack.visitID], [1, 1, 'v1'])
  assert.is(answer.welcome.visitID, 'v1')
  assert.equal(stream(store), ['start', 'said', 'presence.came', 'presence.went', 'exit'])
})

test.run()
