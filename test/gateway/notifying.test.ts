import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NOTIFIED_MS, WAITING_MAX } from '../../src/gateway/notifying.ts'
import { within } from '../helpers/within.ts'
import { type Client, greeted, type Setting, setting } from './fake-desk.ts'

const test = suite('notifying')
const INVITE = { channel: 'invite', data: { text: 'May we help?' } }

async function tabs(count: number): Promise<{ world: Setting; clients: Client[] }> {
  const world = setting()
  world.visitors.make('g1', 'v1')
  const clients: Client[] = []
  for (let tab = 0; tab < count; tab += 1) clients.push(await greeted(world, { visitID: 'v1' }))
  return { world, clients }
}

const notifyOf = ({ socket }: Client) => socket.sent.find(({ type }) => type === 'notify')

test('[L5] a notification reaches every tab, and their answers are counted', async () => {
  const { world, clients } = await tabs(3)
  const [first, second, third] = clients
  const reached = world.desk.notifier.notify('g1', { ...INVITE, page: 'p1' })
  const id = first && notifyOf(first)?.id
  assert.equal(first && notifyOf(first), { type: 'notify', id, page: 'p1', ...INVITE })
  first?.say({ type: 'notified', id, outcome: 'notThisPage' })
  second?.say({ type: 'notified', id, outcome: 'handled' })
  third?.say({ type: 'notified', id, outcome: 'noHandler' })
  assert.equal(await within(1_000, 'all answered', reached), {
    id,
    delivered: 3,
    handled: 1,
    outcome: 'handled',
  })
})

test('[L5] an answer counts once, from a tab that was asked; who does not answer is waited for a little', async () => {
  const { world, clients } = await tabs(2)
  const stranger = await greeted(world, { globalVisitID: 'g2' })
  const [first] = clients
  const reached = world.desk.notifier.notify('g1', INVITE)
  const id = first && notifyOf(first)?.id
  assert.is(notifyOf(stranger), undefined)
  for (const client of [first, first, stranger]) client?.say({ type: 'notified', id, outcome: 'noHandler' })
  const answer = await within(NOTIFIED_MS + 2_000, 'the wait is over', reached)
  assert.equal(answer, { id, delivered: 2, handled: 0, outcome: 'noHandler' })
  first?.say({ type: 'notified', id, outcome: 'handled' })
  assert.is(first?.socket.closes.length, 0, 'too late is no fault')
})

test('[L5] nobody there is told at once; past the bound one is sent, and not waited for', async () => {
  const { world, clients } = await tabs(1)
  const { notify } = world.desk.notifier
  const nobody = await within(1_000, 'nobody', notify('g9', INVITE))
  assert.equal([nobody.delivered, nobody.handled, nobody.outcome], [0, 0, 'unanswered'])
  const waiting = Array.from({ length: WAITING_MAX }, () => notify('g1', INVITE))
  const more = await within(1_000, 'one more', notify('g1', INVITE))
  assert.equal([more.delivered, more.handled, more.outcome], [1, 0, 'unanswered'])
  const [client] = clients
  for (const { id, type } of client?.socket.sent ?? []) {
    if (client === undefined || type !== 'notify') continue
    world.desk.notifier.answered(client.connection, { type: 'notified', id: String(id), outcome: 'handled' })
  }
  const last = await Promise.all(waiting)
  assert.is(last.filter(({ delivered }) => delivered === 1).length, WAITING_MAX)
})

test.run()
