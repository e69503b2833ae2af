/** The tracker's way to the server, in a real browser: lost networks, refusals, closed tabs, the page's end. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { browserSuite } from './browser-suite.ts'
import { type FakeServer, pageWith } from './fake-server.ts'

const delivery = browserSuite('delivery in Chromium')

const push = (page: Page, ...names: string[]): Promise<unknown> =>
  page.evaluate(`_gt.push(${names.map((name) => `['event', '${name}']`).join()})`)
const state = (page: Page): Promise<string> =>
  page.evaluate("new Promise((tell) => _gt.push(['on', 'connection', ({ state }) => tell(state)]))")
const until = (page: Page, wanted: string): Promise<true> =>
  eventually(8_000, `the connection to be ${wanted}`, async () =>
    (await state(page)) === wanted ? true : undefined,
  )
const timesSent = (server: FakeServer, eventName: string): number =>
  server.batches.flatMap(({ events }) => events).filter((event) => event.eventName === eventName).length
const queues = (page: Page): Promise<string[]> =>
  page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('_gt.q.'))")

delivery(
  '[T3] what happens while the server is away is kept, and goes out once, in order',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await server.down()
    await until(page, 'waiting')
    await push(page, 'One', 'Two')
    await push(page, 'Three')
    await eventually(5_000, 'the queue to be kept', async () =>
      (await page.evaluate<string>('JSON.stringify({ ...localStorage })')).includes('Three')
        ? true
        : undefined,
    )
    await server.up()
    await server.saw('Three')
    assert.equal(
      server
        .events()
        .slice(2)
        .map((event) => event.eventName),
      ['One', 'Two', 'Three'],
    )
    for (const name of ['One', 'Two', 'Three']) assert.is(timesSent(server, name), 1)
    await eventually(5_000, 'the queue to be empty', async () =>
      (await queues(page)).length === 0 ? true : undefined,
    )
  },
)

delivery(
  '[P5][T3] what was not acknowledged is sent again after a reconnect with the same eventIDs',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    server.answer(() => 4001)
    await push(page, 'One')
    await server.saw('One')
    server.answer(() => ({}))
    await eventually(8_000, 'One to come again', () => (timesSent(server, 'One') >= 2 ? true : undefined))
    assert.is((await server.saw('One')).length, 1)
    await push(page, 'Two')
    await server.saw('Two')
  },
)

delivery('[T3] the network goes and comes back', async ({ browser, server, page }) => {
  await page.goto(server.url)
  await server.saw('PageEntered')
  await browser.context().setOffline(true)
  for (const socket of server.sockets()) socket.terminate()
  await until(page, 'waiting')
  await push(page, 'Offline')
  await browser.context().setOffline(false)
  await server.saw('Offline')
  assert.is(timesSent(server, 'Offline'), 1)
})

delivery(
  '[P6][T3] 4503: it becomes somebody new once, and brings what waited; the second time it stops',
  async ({ server, page }) => {
    await page.goto(server.url)
    const [entered] = await server.saw('PageEntered')
    server.answer(() => 4503)
    await push(page, 'One')
    await eventually(5_000, 'a second hello', () => server.hellos[1])
    assert.is.not(server.hellos[1]?.globalVisitID, server.hellos[0]?.globalVisitID)
    assert.is.not(server.hellos[1]?.deviceToken, server.hellos[0]?.deviceToken)
    await until(page, 'stopped')
    assert.is(server.hellos.length, 2)
    const again = server.batches.at(-1)?.events ?? []
    assert.equal(
      again.map((event) => event.eventName),
      ['VisitStarted', 'One', 'PageEntered'],
    )
    assert.is(again[1]?.eventID, (await server.saw('One'))[0]?.eventID)
    assert.is(new Set(again.map((event) => event.visitID)).size, 1)
    assert.is.not(again[0]?.visitID, entered?.visitID)
    assert.is(server.hellos[1]?.visitID, again[0]?.visitID)
  },
)

delivery(
  '[T3] 4503 in one tab: another tab follows it instead of becoming a third',
  async ({ browser, server, page }) => {
    await page.goto(server.url)
    const other = await browser.page()
    await other.goto(server.url)
    await server.saw('PageEntered', 2)
    const refused = server.hellos[0]?.globalVisitID
    server.refuse((hello) => hello.globalVisitID === refused)
    for (const socket of server.sockets()) socket.close(4001)
    await eventually(8_000, 'both to be accepted', () => (server.sockets().length === 2 ? true : undefined))
    await until(page, 'open')
    await until(other, 'open')
    await push(page, 'One')
    await push(other, 'Two')
    const [one] = await server.saw('One')
    const [two] = await server.saw('Two')
    assert.is(one?.visitID, two?.visitID)
    const accepted = server.hellos.map((hello) => hello.globalVisitID).filter((id) => id !== refused)
    assert.is(new Set(accepted).size, 1)
  },
)

delivery(
  '[T3] 1009: batches are halved until they pass, and one event that never passes is given up',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    const sizes: number[] = []
    server.answer(({ events }) => {
      sizes.push(events.length)
      return events.length > 2 || events.some((event) => event.eventName === 'Poison') ? 1009 : {}
    })
    await push(page, 'One', 'Two', 'Three', 'Four', 'Poison', 'Six')
    await server.saw('Six')
    await eventually(8_000, 'the poison to be given up', async () => {
      const dropped = await page.evaluate(
        "new Promise((t) => _gt.push(['getIDs', ({ dropped }) => t(dropped)]))",
      )
      return dropped === 1 ? true : undefined
    })
    assert.equal(sizes.slice(0, 2), [6, 2 + 1])
    await push(page, 'Done')
    await server.saw('Done')
  },
)

delivery(
  '[T3] 4505 and 4500 stop it for this page; a frame that was refused is not sent again',
  async ({ server, page }) => {
    for (const code of [4505, 4500]) {
      server.answer(() => code)
      await page.goto(server.url)
      await until(page, 'stopped')
      assert.is(server.sockets().length, 0)
    }
    server.answer(() => ({}))
    const refused = server.batches.at(-1)?.events.map((event) => event.eventID) ?? []
    const before = server.batches.length
    await page.goto(`${server.url}/two`)
    await eventually(5_000, 'a batch', () => server.batches[before])
    await push(page, 'Done')
    await server.saw('Done')
    const later = server.batches.slice(before).flatMap(({ events }) => events.map((event) => event.eventID))
    assert.equal(
      later.filter((eventID) => refused.includes(eventID)),
      [],
    )
  },
)

delivery(
  '[T3] of the batches in flight only the one that was refused is given up: the next page brings the others',
  async ({ server, page }) => {
    server.answer((batch, socket) => {
      if (!batch.events.some(({ eventName }) => eventName === 'Poison')) return null
      const { id } = batch
      socket.send(JSON.stringify({ type: 'error', code: 'bad_frame', message: 'refused', id }))
      return 4500
    })
    await page.goto(server.url)
    await server.saw('PageEntered')
    await push(page, 'Before')
    await server.saw('Before')
    await push(page, 'Poison')
    await until(page, 'stopped')
    assert.is(timesSent(server, 'Poison'), 1)
    const before = server.batches.length
    server.answer(() => ({}))
    await page.goto(`${server.url}/two`)
    const later = () => server.batches.slice(before).flatMap(({ events }) => events)
    await eventually(8_000, 'what was in flight to come again', () =>
      ['VisitStarted', 'Before'].every((name) => later().some(({ eventName }) => eventName === name))
        ? true
        : undefined,
    )
    await push(page, 'Done')
    await server.saw('Done')
    assert.is(timesSent(server, 'Poison'), 1)
    assert.is(await page.evaluate("new Promise((t) => _gt.push(['getIDs', ({ dropped }) => t(dropped)]))"), 1)
  },
)

delivery(
  '[T4] what the beacons of a page cannot carry stays, and goes with the next page',
  async ({ server, page }) => {
    server.answer(null)
    await page.goto(server.url)
    await server.saw('PageEntered')
    await page.evaluate(`for (let i = 0; i < 120; i += 1)
      _gt.push(['event', 'Large', { data: { i, text: 'x'.repeat(1_000) } }])`)
    await server.saw('Large', 120)
    server.answer(() => ({}))
    const before = server.batches.length
    await page.goto(`${server.url}/two`)
    const again = (): ReadonlySet<unknown> =>
      new Set(server.batches.slice(before).flatMap(({ events }) => events.map(({ data }) => data.i)))
    await eventually(10_000, 'all of it to come with the next page', () =>
      Array.from({ length: 120 }).every((_, i) => again().has(i)) ? true : undefined,
    )
    const bytes = server.beacons.reduce((sum, beacon) => sum + JSON.stringify(beacon).length, 0)
    const carried = server.beacons.flatMap(({ events }) => events.map(({ data }) => data.i))
    assert.ok(bytes > 30_000 && bytes <= 65_536, `${bytes} bytes went by beacon`)
    assert.ok(carried.includes(0) && !carried.includes(119), 'the oldest go first')
    await eventually(5_000, 'the queue to be empty', async () =>
      (await queues(page)).length === 0 ? true : undefined,
    )
  },
)

delivery(
  '[P7][T3] a proof stays out of localStorage, and one that is refused is asked for again, once',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await server.down()
    await until(page, 'waiting')
    await page.evaluate(`
    window.asked = []
    _gt.push(['on', 'proof', (request) => { asked.push(request); return Promise.resolve({ proof: 'fresh', expiresAt: 9 }) }])
    _gt.push(['event', 'SignIn', { data: { identityId: 'ada', proof: 'stale', expiresAt: 1 } }])`)
    await eventually(5_000, 'the queue to be kept', async () => (await queues(page))[0])
    const [kept, proofs] = await page.evaluate<string[]>(
      '[JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })]',
    )
    assert.match(kept ?? '', 'SignIn')
    assert.not.match(kept ?? '', 'stale')
    assert.match(proofs ?? '', 'stale')
    const sent: unknown[] = []
    server.answer(({ events }) => {
      const signIn = events.find((event) => event.eventName === 'SignIn')
      if (signIn) sent.push(signIn.data.proof, signIn.data.expiresAt, signIn.eventID)
      const rejected = signIn
        ? [{ eventID: signIn.eventID, code: 'identity_unproven' as const, message: 'no' }]
        : []
      return { rejected }
    })
    await server.up()
    await eventually(8_000, 'two sign-ins', () => (sent.length === 6 ? true : undefined))
    await push(page, 'Done')
    await server.saw('Done')
    const eventID = sent[2]
    assert.equal(sent, ['stale', 1, eventID, 'fresh', 9, eventID])
    assert.equal(await page.evaluate('asked'), [
      { eventName: 'SignIn', data: { identityId: 'ada', proof: 'stale', expiresAt: 1 } },
    ])
    assert.is(await page.evaluate('sessionStorage.length'), 0)
  },
)

delivery(
  '[T3] where even locks are blocked, a page still brings its own events',
  async ({ browser, server, page }) => {
    await page.addInitScript("navigator.locks.request = () => Promise.reject(new DOMException('blocked'))")
    await page.goto(`${server.url}/empty`)
    await page.evaluate("localStorage.setItem('_gt.q.other', '{}')")
    await page.goto(server.url)
    await push(page, 'One')
    await server.saw('One')
    await page.evaluate("_gt.push(['on', 'proof', () => undefined])")
    server.answer(({ events }) => ({
      rejected: events.map(({ eventID }) => ({ eventID, code: 'identity_unproven', message: 'no' })),
    }))
    await push(page, 'SignIn')
    await server.saw('SignIn')
    await push(page, 'Two')
    await server.saw('Two')
    assert.equal(browser.complaints, [])
  },
)

delivery(
  '[T4] at pagehide the rest goes by beacon, marked final, and is not lost if the beacon is',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    server.answer(null)
    await push(page, 'Unanswered')
    await server.saw('Unanswered')
    await page.evaluate("_gt.push(['event', 'Last']); location.assign('/empty')")
    await page.waitForURL('**/empty')
    await server.saw('PageExited')
    const [beacon] = server.beacons
    assert.equal(
      beacon?.events.map((event) => event.eventName),
      ['Unanswered', 'Last', 'PageExited'],
    )
    assert.is(beacon?.final, true)
    assert.is(beacon?.globalVisitID, server.hellos[0]?.globalVisitID)
    assert.is(beacon?.deviceToken, server.hellos[0]?.deviceToken)
    assert.type(beacon?.sentAt, 'number')
    await eventually(5_000, 'the socket to close', () => (server.sockets().length === 0 ? true : undefined))
    server.answer(() => ({}))
    await page.goto(`${server.url}/two`)
    await eventually(8_000, 'all to come over the socket too', () =>
      timesSent(server, 'PageExited') === 1 ? true : undefined,
    )
    assert.equal(
      server.batches.at(-1)?.events.map((event) => event.eventName),
      ['Unanswered', 'Last', 'PageExited', 'PageEntered'],
    )
  },
)

/** Else why the browser did not keep it. */
const CAME_BACK = `window.wasHere ? window.cached && 'from the cache'
  : document.readyState === 'complete'
    && JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)`

delivery(
  '[T4] a page back from the browser’s cache is a new page on a new socket',
  async ({ server, page }) => {
    await page.goto(server.url)
    await page.evaluate(
      "window.wasHere = true; addEventListener('pageshow', (e) => { window.cached = e.persisted })",
    )
    const [first] = await server.saw('PageEntered')
    await page.goto(`${server.url}/empty`)
    await server.saw('PageExited')
    await eventually(5_000, 'the socket to close', () => (server.sockets().length === 0 ? true : undefined))
    await page.goBack({ waitUntil: 'commit' })
    const cameBack = await eventually(5_000, 'the page to be there again', async () => {
      return (await page.evaluate<string>(CAME_BACK)) || undefined
    })
    assert.is(cameBack, 'from the cache')
    const [, again] = await server.saw('PageEntered', 2)
    assert.is.not(again?.pageID, first?.pageID)
    assert.is(again?.visitID, first?.visitID)
    assert.is(server.hellos.length, 2)
    assert.is(server.hellos[1]?.pageID, again?.pageID)
    await push(page, 'Done')
    assert.is((await server.saw('Done'))[0]?.pageID, again?.pageID)
  },
)

delivery(
  '[T3] queueEvents wait, and one more costs the oldest that is BUSINESS',
  async ({ server, page }) => {
    server.pages.set('/', pageWith('{ queueEvents: 5 }'))
    await page.goto(server.url)
    await server.saw('PageEntered')
    await server.down()
    await until(page, 'waiting')
    const dropped = () =>
      page.evaluate("new Promise((tell) => _gt.push(['getIDs', ({ dropped }) => tell(dropped)]))")
    await push(page, 'One', 'Two', 'Three', 'Four', 'Five')
    assert.is(await dropped(), 0)
    await push(page, 'Six')
    assert.is(await dropped(), 1)
    await server.up()
    await server.saw('Six')
    assert.is(timesSent(server, 'One'), 0)
  },
)

delivery('[T3] events wait up to queueBytes', async ({ server, page }) => {
  server.pages.set('/', pageWith('{ queueBytes: 5000 }'))
  await page.goto(server.url)
  await server.saw('PageEntered')
  await server.down()
  await until(page, 'waiting')
  await page.evaluate(`for (let i = 1; i <= 20; i += 1)
    _gt.push(['event', 'Large', { data: { text: 'x'.repeat(1_000) } }])`)
  const dropped = await page.evaluate<number>(
    "new Promise((tell) => _gt.push(['getIDs', ({ dropped }) => tell(dropped)]))",
  )
  // Each is some 1,300 bytes.
  assert.is(dropped, 17)
  await server.up()
  await server.saw('Large', 3)
  assert.is(timesSent(server, 'Large'), 3)
})

delivery.run()
