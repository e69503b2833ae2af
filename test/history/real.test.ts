import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_SETTINGS } from '../../machines/entries.ts'
import { defaultConfig } from '../../src/config.ts'
import { ROUTES } from '../../src/history/routes.ts'
import { openStore } from '../../src/store/store.ts'
import type { NewEntry, NewEvent, Recorded } from '../../src/visitors/contract.ts'
import { openVisitors } from '../../src/visitors/visitors.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { AUTHORIZATION, openApp } from './house.ts'

const real = suite('History: over real visitors')

/** Real actors over a real store, a clock that is moved by hand, and the app. */
async function openDoor() {
  const folder = tempFolder()
  const store = await openStore({ path: folder.path, quotaBytes: 0, diskReserveBytes: 0 })
  let now = 1_790_000_000_000
  const clock = { now: () => now, drift: () => 0 }
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const limits = { ...defaultConfig(), profileKeys: 100 }
  const visitors = await openVisitors({ store, settings: DEFAULT_SETTINGS, clock, log: silent, limits })
  const app = await openApp(store, { viewVisitor: visitors.view, now: clock.now, connections: () => 1 })
  let ids = 0

  const event = (
    eventName: string,
    words: Partial<NewEvent['words']> & { identityId?: string } = {},
  ): NewEvent => {
    const { identityId = null, ...rest } = words
    ids++
    return {
      type: 'event',
      words: {
        eventType: /^[A-Z][a-z]+(Started|Entered|Exited|In|Out|Info)$/.test(eventName)
          ? 'SYSTEM'
          : 'BUSINESS',
        eventName,
        eventID: `e${ids}`,
        visitID: 'v1',
        pageID: 'p1',
        timestamp: now - 400,
        url: 'https://shop.example/',
        data: {},
        ...rest,
      },
      ageMs: 0,
      via: 'socket',
      final: false,
      proven: false,
      identityId,
      namesVisit: null,
      userAgent: { id: '3b241101-e2bb-5255-8caf-4136c566a962', text: 'Mozilla/5.0' },
    }
  }
  return {
    event,
    record: (globalVisitID: string, entries: readonly NewEntry[]): Promise<Recorded> =>
      visitors.record(globalVisitID, entries),
    wait: (ms: number): void => {
      now += ms
    },
    /** The parsed answer, checked against the row's schema. */
    read: async (path: string) => {
      const response = await app.request(`/backend/data${path}`, {
        headers: { authorization: AUTHORIZATION },
      })
      if (response.status === 204) return []
      assert.is(response.status, 200, path)
      const body: unknown = await response.json()
      const pattern = (path.split('?')[0] ?? '').split('/')
      const route = ROUTES.find((row) => {
        const parts = row.path.split('/')
        return (
          parts.length === pattern.length &&
          parts.every((part, index) => part.startsWith('{') || part === pattern[index])
        )
      })
      assert.equal(route?.answer.parse(body), body, path)
      return body
    },
    close: async () => {
      await visitors.close()
      await store.close()
      folder.remove()
    },
  }
}

const idsOf = (body: unknown): unknown[] => (body as { eventID: unknown }[]).map(({ eventID }) => eventID)

real(
  '[E10] a session has the events from its sign-in to its sign-out, an identity those while it was current',
  async () => {
    const { event, record, wait, read, close } = await openDoor()
    await record('g1', [event('VisitStarted'), event('PageEntered', { title: 'Shoes' })])
    wait(1_000)
    await record('g1', [
      event('SignIn', { identityId: 'pat@example.com', data: { name: 'Pat' } }),
      event('AddToCart'),
    ])
    wait(2_000)
    await record('g1', [event('SignOut'), event('Looked')])
    await record('g1', [event('SignIn', { identityId: 'sam@example.com' })])

    const { sessionIds } = (await read('/visits/v1?include_sessions=true')) as { sessionIds: string[] }
    const [sams, pats] = sessionIds
    assert.equal(idsOf(await read(`/sessions/${pats}/events`)), ['e3', 'e4', 'e5'])
    assert.equal(idsOf(await read(`/sessions/${sams}/events`)), ['e7'])
    assert.equal(idsOf(await read('/identities/pat@example.com/events')), ['e3', 'e4', 'e5', 'e6'])
    assert.equal(idsOf(await read('/visits/v1/events')), ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'])
    assert.equal(idsOf(await read('/useridentifications?identityId=pat@example.com')), ['e3', 'e5'])
    assert.equal(idsOf(await read('/useridentifications')), ['e3', 'e5', 'e7'])
    assert.equal(idsOf(await read('/useridentifications?all=true')), ['e1', 'e2', 'e3', 'e5', 'e7'])

    const session = (await read(`/sessions/${pats}`)) as Record<string, unknown>
    assert.equal([session.duration, session.reason, session.visitId], [2, 'signedOut', 'v1'])
    const pat = (await read('/identities/pat@example.com')) as Record<string, unknown>
    assert.equal([pat.name, pat.visitScope], ['Pat', 'Recognized'])
    const sam = (await read('/identities/sam@example.com')) as Record<string, unknown>
    assert.is(sam.visitScope, 'Authenticated')
    const contacts = (await read('/contacts')) as Record<string, unknown>[]
    assert.equal(
      contacts.map(({ identityId, how, scope }) => [identityId, how, scope]),
      [
        ['pat@example.com', 'SignIn', 'Authenticated'],
        ['pat@example.com', 'SignOut', 'Recognized'],
        ['sam@example.com', 'SignIn', 'Authenticated'],
      ],
    )
    assert.is(((await read('/contacts?identityId=sam@example.com')) as unknown[]).length, 1)
    assert.is(((await read(`/contacts?sessionId=${pats}`)) as unknown[]).length, 2)
    await close()
  },
)

real('[H5] a visitor says who is there now; its stream says how it came to that', async () => {
  const { event, record, read, close } = await openDoor()
  await record('g1', [event('VisitStarted'), event('PageEntered', { title: 'Shoes' })])
  await record('g1', [event('UserInfo', { identityId: 'pat@example.com' })])
  await record('g1', [{ type: 'presence.came', visitId: 'v1' }])
  const visitor = (await read('/visitors/g1')) as Record<string, unknown>
  assert.equal(
    [visitor.state, visitor.identityId, visitor.confidence, visitor.interaction, visitor.connections],
    ['Recognized', 'pat@example.com', 0.8, 'verify', 1],
  )
  const [page] = visitor.pages as Record<string, unknown>[]
  assert.equal([page?.browserPageID, page?.title, page?.url], ['p1', 'Shoes', 'https://shop.example/'])
  const stream = (await read('/visitors/g1/stream')) as Record<string, unknown>[]
  assert.equal(
    stream.map(({ seq, kind }) => [seq, kind]),
    [
      [1, 'event'],
      [2, 'event'],
      [3, 'event'],
      [4, 'presence.came'],
    ],
  )
  assert.match(JSON.stringify(stream[2]?.outcome), 'identity.changed')
  await close()
})

real('[H4] a visit answers under its alias; events on it keep one visit', async () => {
  const { event, record, wait, read, close } = await openDoor()
  await record('g1', [event('VisitStarted')])
  wait(1_000)
  await record('g1', [event('PageEntered', { visitID: 'v-other-tab', pageID: 'p2' })])
  assert.equal(idsOf(await read('/visits/v-other-tab/events')), ['e1', 'e2'])
  const visit = (await read('/visits/v-other-tab?include_pages=true')) as Record<string, unknown>
  assert.is(visit.visitId, 'v1')
  await close()
})

real('[H6] a visit opened by another event is implicit, and so is that event', async () => {
  const { event, record, wait, read, close } = await openDoor()
  await record('g1', [event('Looked'), event('Bought')])
  wait(3_600_000)
  await record('g1', [{ ...event('Looked', { visitID: 'v2' }), ageMs: 100 }])
  const visit = (await read('/visits/v1')) as Record<string, unknown>
  assert.equal([visit.implicit, visit.reason, visit.userAgent], [true, 'expired', 'Mozilla/5.0'])
  assert.ok(Number(visit.endDate) > 0)
  const events = (await read('/visits/v1/events')) as Record<string, unknown>[]
  assert.equal(
    events.map(({ implicit }) => implicit),
    [true, undefined],
  )
  await close()
})

real.run()
