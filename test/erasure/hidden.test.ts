/** Q12: between "hidden" and "overwritten" no read tells of a person; what it tells then is what it tells afterwards. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createNames } from '../../src/history/names.ts'
import { personLines } from '../../src/history/person-lines.ts'
import { eventResource } from '../../src/history/resources.ts'
import { readFilters } from '../../src/live/filters.ts'
import { createTelling } from '../../src/live/telling.ts'
import { createWindows, type ReadWindow } from '../../src/live/windows.ts'
import { openGuest } from '../../src/store/guest.ts'
import { hiddenIn, hidingStore } from '../../src/visitors/hiding.ts'
import { AUTHORIZATION, openApp } from '../history/house.ts'
import { came, event, MINUTE, SECOND, signIn, type TestRoom } from '../visitors/a-room.ts'
import { openHouse, type Power } from './a-house.ts'

const hidden = suite('a person who is being erased')

const PAT = 'pat@example.com'
const WORDS = [PAT, 'Patricia', 'pats-']
const VISITORS = ['g1', 'g2', 'g3', 'g4', 'g5']
const VISITS = ['v1', 'w1', 'u1', 'x1', 'y1']

const on = (name: string, path: string, words = {}) => {
  const made = event(name, words)
  return { ...made, words: { ...made.words, url: `https://shop.example/${path}`, title: path } }
}
const pat = (visit: string, eventID: string) =>
  signIn(PAT, { visit, eventID, data: { identityId: PAT, name: 'Patricia' } })

/** Sam before and after Pat on one device; Pat alone, found by a rule, and in an agent's verdict on others. */
async function live(room: TestRoom): Promise<void> {
  await room.record('g1', event('VisitStarted'), came(), signIn('sam'), on('PageEntered', 'sams-page'))
  room.passes(SECOND)
  await room.record('g1', pat('v1', 'in-1'), on('PageEntered', 'pats-page', { page: 'p2' }))
  await room.record('g1', on('AddToCart', 'pats-cart', { page: 'p2', data: { note: 'Patricia' } }))
  room.passes(SECOND)
  await room.record('g1', event('SignOut'), signIn('sam'), on('AddToCart', 'sams-cart'))
  await room.record('g2', event('VisitStarted', { visit: 'w1' }), pat('w1', 'in-2'))
  await room.record('g2', on('PageEntered', 'pats-own', { visit: 'w1' }))
  await room.record('g3', event('VisitStarted', { visit: 'u1' }))
  const answer = { identityId: PAT, confidence: 0.6, halfLifeMs: null, evidence: { because: PAT } }
  await room.record('g3', {
    ...{ type: 'rule.answered', rule: 'r', version: 1, inputs: { on: PAT }, answer, basedOnSeq: 1 },
  })
  await room.record('g4', event('VisitStarted', { visit: 'x1' }))
  await room.record('g4', { type: 'reject', identityId: PAT, agentId: 'a1', ifSeq: null })
  await room.record('g5', event('VisitStarted', { visit: 'y1' }))
  const inputs = { identitiesByEmail: [{ identityId: PAT }, { identityId: 'sam' }] }
  await room.record('g5', {
    ...{ type: 'rule.answered', rule: 'r', version: 1, inputs, basedOnSeq: 1 },
    answer: { ...answer, identityId: 'sam', evidence: {} },
  })
  room.passes(MINUTE)
}

/** Every read that may tell of them, as text by its path. */
async function allReads(
  room: TestRoom,
  readWindow = createWindows(room.visitors.reads),
): Promise<ReadonlyMap<string, string>> {
  const { reads, view, viewPast } = room.visitors
  const app = await openApp(reads, { viewVisitor: view, viewPast, now: () => room.hands.wall })
  const details = 'pages=true&include_events=true&include_sessions=true'
  const entries = [2, 4, 5, 6, 7, 8, 9, 10]
  const paths = [
    ...[
      '/identities',
      '/contacts',
      '/useridentifications',
      '/useridentifications?all=true',
      '/visits?live=true',
    ],
    ...VISITORS.flatMap((id) => [`/visitors/${id}`, `/visitors/${id}/stream`, `/visitors/${id}/explain`]),
    ...entries.flatMap((seq) => [`/visitors/g1?seq=${seq}`, `/visitors/g1/explain?seq=${seq}`]),
    ...VISITS.flatMap((id) => [
      ...['', '/events', '/pages', '/sessions', '/identities'].map((part) => `/visits/${id}${part}`),
      `/visits/${id}?include_${details}`,
      `/visits/${id}/pages?include_events=true&include_events_detail=true`,
    ]),
    ...['sam', PAT].flatMap((id) =>
      ['', '/visits', '/sessions', '/events', '/export'].map((part) => `/identities/${id}${part}`),
    ),
  ]
  const told = new Map<string, string>()
  for (const path of paths) {
    const response = await app.request(`/backend/data${path}`, { headers: { authorization: AUTHORIZATION } })
    // A problem says which path was asked for.
    const text = response.ok ? await response.text() : String(response.status)
    told.set(path, text)
  }
  told.set('/live', JSON.stringify(liveFrom(room, readWindow)))
  told.set('vestibule person sam', await exportOf(room, 'sam'))
  return told
}

/** What the command writes beside the server. */
async function exportOf(room: TestRoom, identityId: string): Promise<string> {
  const guest = openGuest(room.path)
  const row = guest.identity(guest.identityNumber(identityId))
  const lines = row === null ? [] : [...personLines(hidingStore(guest, hiddenIn(guest)), row)]
  await guest.close()
  return JSON.stringify(lines)
}

/** What a reader of `/live` is told who resumes from the beginning. */
function liveFrom({ visitors: { reads } }: TestRoom, readWindow: ReadWindow): readonly unknown[] {
  const describeEvent: Parameters<typeof createTelling>[0]['describeEvent'] = (number, entry) =>
    eventResource({ store: reads, names: createNames(reads) }, number, entry)
  const filters = readFilters({ kind: 'identity,visit,event' }, { allEvents: true })
  if (filters instanceof Response) throw new Error('these filters are refused')
  const tell = createTelling({ store: reads, describeEvent }, filters)
  const messages: unknown[] = []
  for (let after = 0; ; ) {
    const window = readWindow(after)
    if (window === null) return messages
    messages.push(...tell(window, after))
    after = window.until
  }
}

const naming = (told: ReadonlyMap<string, string>): readonly string[] =>
  [...told].filter(([, text]) => WORDS.some((word) => text.includes(word))).map(([path]) => path)

hidden('[Q12] from the answer to an erasure on no read tells of the person, of others all', async () => {
  const power: Power = { stepsLeft: 1 }
  const house = await openHouse({ power, publishEvents: ['*'] })
  const { room } = house
  await live(room)
  // What is shared by streams that are woken together.
  const readWindow = createWindows(room.visitors.reads)
  const before = await allReads(room, readWindow)
  for (const path of ['vestibule person sam', '/live']) assert.ok(naming(before).includes(path), path)
  assert.ok(naming(before).length > 30, `${naming(before).length} reads told of them`)
  await house.erasures.begin('person', PAT)
  const meanwhile = await allReads(room, readWindow)
  assert.equal(naming(meanwhile), [])
  assert.match(meanwhile.get('/identities/sam/events') ?? '', 'sams-cart')
  assert.match(meanwhile.get('/visits/v1/pages') ?? '', 'sams-page')
  assert.match(meanwhile.get('/visitors/g1') ?? '', '"identityId":"sam"')
  // Whoever stops here and starts again hides them still.
  await house.restart()
  assert.equal(naming(await allReads(room)), [])
  power.stepsLeft = 1_000
  await house.restart()
  await house.erasures.idle()
  const afterwards = await allReads(room)
  assert.equal(naming(afterwards), [])
  const seen = (told: ReadonlyMap<string, string>) =>
    ['/identities/sam', '/identities/sam/events', '/visits/v1/sessions'].map((path) => told.get(path))
  assert.equal(seen(meanwhile), seen(afterwards))
  await house.end()
})

hidden('[Q12] who follows them on /live is told nothing more, also of what nobody does there', async () => {
  const power: Power = { stepsLeft: 1 }
  const house = await openHouse({ power })
  const { room } = house
  const { reads } = room.visitors
  await live(room)
  const filters = readFilters({ kind: 'identity,event', identityId: PAT }, { allEvents: false })
  if (filters instanceof Response) throw new Error('these filters are refused')
  const tell = createTelling({ store: reads, describeEvent: (_, { seq }) => seq }, filters)
  const readWindow = createWindows(reads)
  let after = 0
  const told = (): readonly unknown[] => {
    const messages: unknown[] = []
    for (let window = readWindow(after); window !== null; window = readWindow(after)) {
      messages.push(...tell(window, after))
      after = window.until
    }
    return messages
  }
  assert.ok(told().length > 5)
  await house.erasures.begin('person', PAT)
  await room.record('g2', on('Viewed', 'nobodys', { visit: 'w1' }))
  assert.equal(told(), [])
  power.stepsLeft = 1_000
  await house.restart()
  await house.erasures.idle()
  await house.end()
})

hidden(
  '[Q12] what was known while they were there is nobody, before it is overwritten and after',
  async () => {
    const power: Power = { stepsLeft: 1 }
    const house = await openHouse({ power })
    const { room } = house
    await live(room)
    const states = async () => {
      const seqs = Array.from({ length: 10 }, (_, index) => index + 1)
      const views = seqs.map((seq) =>
        room.visitors.viewPast({ globalVisitID: 'g1', seq, breathe: async () => {} }),
      )
      return (await Promise.all(views)).map((view) => view?.identityId ?? view?.state)
    }
    const then = await states()
    assert.ok(then.includes(PAT))
    const expected = then.map((name) => (name === PAT ? 'Anonymous' : name))
    await house.erasures.begin('person', PAT)
    assert.equal(await states(), expected)
    // Pat comes back elsewhere, as somebody new: what was before stays nobody's.
    room.passes(SECOND)
    await room.record('g9', event('VisitStarted', { visit: 'z1' }), pat('z1', 'in-9'))
    assert.equal(await states(), expected)
    assert.is(room.visitors.view('g9')?.identityId, PAT)
    power.stepsLeft = 1_000
    await house.restart()
    await house.erasures.idle()
    assert.equal((await states()).slice(0, expected.length), expected)
    await house.end()
  },
)

hidden.run()
