/** Queues whose tabs have gone, in a real browser: closed, crashed, left with more than a beacon carries. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { browserSuite } from './browser-suite.ts'
import { type FakeServer, pageWith } from './fake-server.ts'

const takingOver = browserSuite('taking over in Chromium')

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

takingOver(
  '[T3] a closed tab’s queue is taken over by one of the other tabs, at once',
  async ({ browser, server, page }) => {
    await page.goto(server.url)
    const others = [await browser.page(), await browser.page()]
    for (const other of others) await other.goto(server.url)
    await server.saw('PageEntered', 3)
    await server.down()
    for (const tab of [page, ...others]) await until(tab, 'waiting')
    await push(page, 'Left')
    await page.close()
    await server.up()
    await server.saw('Left')
    for (const tab of others) await until(tab, 'open')
    for (const tab of others) await push(tab, 'Done')
    await server.saw('Done', 2)
    assert.is(timesSent(server, 'Left'), 1)
    assert.is(timesSent(server, 'PageExited'), 1)
  },
)

takingOver(
  '[T3] a queue left by the last tab goes out with the next one, and after a crash too',
  async ({ browser, server, page }) => {
    await page.goto(`${server.url}/empty`)
    const id = '6f1c9a52-8f3e-4a53-9a08-3d9f6c0b7a11'
    await page.evaluate(`
    localStorage.setItem('_gt_id', '${id}.00112233445566778899aabbccddeeff')
    localStorage.setItem('_gt.q.crashed', JSON.stringify({ globalVisitID: '${id}', touchedAt: Date.now(), dropped: 2,
      events: [{ eventType: 'BUSINESS', eventName: 'Left', eventID: 'left-1', visitID: 'v', pageID: 'p',
        timestamp: 1, url: 'http://x/', data: {} }] }))`)
    await page.goto(server.url)
    const [left] = await server.saw('Left')
    assert.is(left?.visitID, 'v')
    assert.is(server.hellos[0]?.globalVisitID, id)
    const dropped = await page.evaluate(
      "new Promise((tell) => _gt.push(['getIDs', ({ dropped }) => tell(dropped)]))",
    )
    assert.is(dropped, 2)
    assert.is(browser.context().pages().length >= 1, true)
  },
)

takingOver(
  '[T3] on plain http, where there are no Web Locks, a closed tab’s queue is taken over once',
  async ({ browser, server, page }) => {
    const url = `http://www.shop.test:${new URL(server.url).port}`
    await page.goto(url)
    assert.is(await page.evaluate('navigator.locks === undefined'), true)
    const others = [await browser.page(), await browser.page()]
    for (const other of others) await other.goto(url)
    await server.saw('PageEntered', 3)
    await server.down()
    for (const tab of [page, ...others]) await until(tab, 'waiting')
    await push(page, 'Left')
    await page.close()
    await server.up()
    await server.saw('Left')
    for (const tab of others) await until(tab, 'open')
    for (const tab of others) await push(tab, 'Done')
    await server.saw('Done', 2)
    assert.is(timesSent(server, 'Left'), 1)
  },
)

takingOver(
  '[T3] a crashed tab’s queue is brought by a tab that was there all the time, once',
  async ({ browser, server, page }) => {
    await page.goto(server.url)
    const others = [await browser.page(), await browser.page()]
    for (const other of others) await other.goto(server.url)
    await server.saw('PageEntered', 3)
    // Of this tab alone nothing is acknowledged any more.
    server.answer(({ events }) => (events.some(({ eventName }) => eventName === 'Left') ? null : {}))
    await push(page, 'Left')
    await server.saw('Left')
    server.answer(() => ({}))
    const session = await browser.context().newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => undefined)
    await crashed
    await eventually(25_000, 'another tab to bring it', () =>
      timesSent(server, 'Left') === 2 ? true : undefined,
    )
    assert.is(server.hellos.length, 3)
    for (const other of others) await push(other, 'Done')
    await server.saw('Done', 2)
    assert.is(timesSent(server, 'Left'), 2)
  },
)

takingOver(
  '[T3] on plain http, tabs of different processes take a crashed tab’s queue over once',
  async ({ browser, server, page }) => {
    const url = `http://www.shop.test:${new URL(server.url).port}`
    const tabs = [page, await browser.page(), await browser.page()]
    for (const tab of tabs) await tab.goto(url)
    await server.saw('PageEntered', 3)
    await server.down()
    for (const tab of tabs) await until(tab, 'waiting')
    // A queue that nobody has touched for so long is a crashed tab's.
    await page.evaluate(`
      localStorage.setItem('_gt.q.crashed', JSON.stringify({ globalVisitID: localStorage._gt_id.split('.')[0],
        touchedAt: Date.now() - 120_000, dropped: 0, events: [{ eventType: 'BUSINESS', eventName: 'Left',
          eventID: 'left-1', visitID: 'v', pageID: 'p', timestamp: 1, url: 'http://x/', data: {} }] }))`)
    await server.up()
    await server.saw('Left')
    for (const tab of tabs) await until(tab, 'open')
    for (const tab of tabs) await push(tab, 'Done')
    await server.saw('Done', 3)
    assert.is(timesSent(server, 'Left'), 1)
  },
)

takingOver(
  '[T3] what finds no room in a tab waits until there is some, and none is given up',
  async ({ browser, server, page }) => {
    server.pages.set('/', pageWith('{ queueEvents: 10 }'))
    await page.goto(server.url)
    const other = await browser.page()
    await other.goto(server.url)
    await server.saw('PageEntered', 2)
    server.answer(null)
    const names = (prefix: string) => Array.from({ length: 8 }, (_, at) => `${prefix}${at}`)
    await push(page, ...names('Left'))
    await push(other, ...names('Own'))
    await server.saw('Own7')
    await page.close()
    server.answer(() => ({}))
    for (const socket of server.sockets()) socket.close(4001)
    const settled = (name: string) => server.saw(name)
    await settled('Left7')
    await eventually(25_000, 'every queue to be empty', async () =>
      (await other.evaluate("Object.keys(localStorage).some((key) => key.startsWith('_gt.q.'))"))
        ? undefined
        : true,
    )
    for (const name of names('Left')) assert.ok(timesSent(server, name) >= 1, name)
    assert.is(
      await other.evaluate("new Promise((t) => _gt.push(['getIDs', ({ dropped }) => t(dropped)]))"),
      0,
    )
  },
)

takingOver(
  '[T4] beyond what the browser takes as beacons the rest waits, PageExited too, for the next page',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    server.answer(null)
    await page.evaluate(`
      for (let i = 0; i < 12; i += 1) _gt.push(['event', 'Big' + i, { data: { text: 'x'.repeat(10_000) } }])
      location.assign('/empty')`)
    await page.waitForURL('**/empty')
    const [beacon] = await eventually(5_000, 'a beacon', () =>
      server.beacons.length > 0 ? server.beacons : undefined,
    )
    assert.is(beacon?.events[0]?.eventName, 'Big0')
    assert.is(
      server.beacons.some(({ events }) => events.some(({ eventName }) => eventName === 'PageExited')),
      false,
    )
    server.answer(() => ({}))
    await page.goto(`${server.url}/two`)
    const [exited] = await server.saw('PageExited')
    await server.saw('Big11')
    assert.is(exited?.pageID, (await server.saw('PageEntered'))[0]?.pageID)
  },
)

takingOver('[T4] more events than a batch holds leave in several beacons', async ({ server, page }) => {
  await page.goto(server.url)
  await server.saw('PageEntered')
  server.answer(null)
  await page.evaluate(`
    for (let i = 0; i < 130; i += 1) _gt.push(['event', 'Small'])
    location.assign('/empty')`)
  await server.saw('PageExited')
  assert.equal(
    server.beacons.map(({ events, final }) => [events.length, final]),
    [
      [100, true],
      [31, true],
    ],
  )
})

takingOver(
  '[T4] back from the cache, a page sends at once what was not acknowledged when it was left',
  async ({ server, page }) => {
    await page.goto(server.url)
    await page.evaluate('window.wasHere = true')
    await server.saw('PageEntered')
    server.answer(null)
    await push(page, 'Unanswered')
    await server.saw('Unanswered')
    await page.goto(`${server.url}/empty`)
    await server.saw('PageExited')
    server.answer(() => ({}))
    await page.goBack({ waitUntil: 'commit' })
    await server.saw('PageEntered', 2)
    assert.is(await page.evaluate('window.wasHere'), true)
    await eventually(5_000, 'it to come again', () =>
      timesSent(server, 'Unanswered') === 2 ? true : undefined,
    )
  },
)

takingOver.run()
