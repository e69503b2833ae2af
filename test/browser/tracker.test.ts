/** The tracker in a real browser, against a server that only keeps what came: its pages, its ids, its manners. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { browserSuite } from './browser-suite.ts'
import { pageWith } from './fake-server.ts'

const tracker = browserSuite('tracker in Chromium')

tracker('[T6] the script is at most 6,000 bytes gzipped, and a part at most 3,000', () => {
  const most = {
    'tracker.js': 6_000,
    'tracker.mjs': 6_000,
    'tracker-dsl.js': 3_000,
    'tracker-http.js': 3_000,
  }
  for (const [file, bytesMax] of Object.entries(most)) {
    const bytes = gzipSync(readFileSync(new URL(`../../dist/${file}`, import.meta.url)), { level: 9 }).length
    assert.ok(bytes <= bytesMax, `${file}: ${bytes}`)
  }
})

tracker(
  '[T1] a visit starts once, and each page is entered and exited, without being asked',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await page.click('a')
    const [first, second] = await server.saw('PageEntered', 2)
    const [exited] = await server.saw('PageExited')
    const started = server.events().filter((event) => event.eventName === 'VisitStarted')
    assert.is(started.length, 1)
    assert.equal(started[0]?.data, {})
    assert.is(exited?.pageID, first?.pageID)
    assert.type(exited?.data.durationMs, 'number')
    assert.not.equal(second?.pageID, first?.pageID)
    assert.is(second?.title, 'Another page')
    assert.is(second?.referrer, `${server.url}/`)
    assert.is(new Set(server.events().map((event) => event.visitID)).size, 1)
  },
)

tracker(
  '[T1] another path by pushState, replaceState or popstate is another page; less is none',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await page.evaluate(`
    history.pushState({}, '', '/list')
    document.title = 'The list'
    history.pushState({}, '', '/list')
    history.replaceState({}, '', '/list?sort=up')
    location.hash = 'footnote'
    history.pushState({}, '', '/list?page=2')
    history.replaceState({}, '', '/other')`)
    await page.evaluate('history.back()')
    await page.evaluate("_gt.push(['event', 'Done'])")
    await server.saw('Done')
    const pages = server.events().filter((event) => event.eventName === 'PageEntered')
    assert.equal(
      pages.map((event) => event.url.slice(server.url.length)),
      ['/', '/list', '/list', '/other', '/list'],
    )
    assert.equal(
      server
        .events()
        .filter((event) => event.eventName === 'PageExited')
        .map((event) => event.pageID),
      pages.slice(0, -1).map((event) => event.pageID),
    )
    assert.is(pages.at(-1)?.title, 'The list')
  },
)

tracker("[T1] with pages: 'manual' only what the site says is a page", async ({ server, page }) => {
  server.pages.set('/', pageWith("{ pages: 'manual' }"))
  await page.goto(server.url)
  await server.saw('VisitStarted')
  await page.evaluate("history.pushState({}, '', '/list')")
  await page.evaluate("_gt.push(['event', 'PageEntered', { data: { view: 'list' } }], ['event', 'Look'])")
  const [looked] = await server.saw('Look')
  const entered = server.events().filter((event) => event.eventName === 'PageEntered')
  assert.equal(
    entered.map((event) => event.data),
    [{ view: 'list' }],
  )
  assert.is(looked?.pageID, entered[0]?.pageID)
  assert.is(
    server.events().some((event) => event.eventName === 'PageExited'),
    false,
  )
})

tracker(
  '[T1] commands from before the script are run in order, however they are spelled',
  async ({ server, page }) => {
    server.pages.set(
      '/',
      pageWith(
        '{}',
        `<script>_gt.push(['sendSignIn', { userID: 'ada' }], ['event', { eventName: 'Search', words: 'door' }])
       _gt.push(['event', 'Done', { data: { a: [1] }, category: 'End' }])</script>`,
      ),
    )
    await page.goto(server.url)
    await server.saw('Done')
    assert.equal(
      server.events().map(({ eventType, eventName }) => `${eventType} ${eventName}`),
      ['SYSTEM VisitStarted', 'SYSTEM PageEntered', 'SYSTEM SignIn', 'BUSINESS Search', 'BUSINESS Done'],
    )
    assert.is(server.events()[4]?.category, 'End')
    assert.equal(server.events()[4]?.data, { a: [1] })
  },
)

tracker(
  '[T1] the language is the option’s, else the page’s, and may change with the page',
  async ({ server, page }) => {
    server.pages.set('/', pageWith('{}').replace('lang="en"', `lang="${'x'.repeat(99)}"`))
    await page.goto(server.url)
    const [entered] = await server.saw('PageEntered')
    assert.is(entered?.languageCode, 'x'.repeat(35))
    assert.is(server.hellos[0]?.languageCode, 'x'.repeat(35))
    await page.evaluate("_gt.push(['config', { languageCode: 'cs-CZ' }], ['event', 'Done'])")
    assert.is((await server.saw('Done'))[0]?.languageCode, 'cs-CZ')
  },
)

tracker('[T1] the module is the same queue as the script', async ({ server, page }) => {
  server.pages.set(
    '/',
    `<!doctype html><title>A page</title><script type="module">
       import { gt } from '/tracker.mjs'
       gt.push(['config', {}], ['event', 'Done', { data: { same: gt === window._gt } }])</script>`,
  )
  await page.goto(server.url)
  const [done] = await server.saw('Done')
  assert.equal(done?.data, { same: true })
})

tracker(
  '[T2] id and token are made together and are kept before the first hello',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    const [hello] = server.hellos
    assert.match(hello?.globalVisitID ?? '', /^[0-9a-f-]{36}$/)
    assert.is(
      await page.evaluate("localStorage.getItem('_gt_id')"),
      `${hello?.globalVisitID}.${hello?.deviceToken}`,
    )
    assert.is(hello?.visitID, server.events()[0]?.visitID)
    await page.reload()
    await server.saw('PageEntered', 2)
    assert.equal(
      server.hellos.map((said) => [said.globalVisitID, said.deviceToken]),
      [
        [hello?.globalVisitID, hello?.deviceToken],
        [hello?.globalVisitID, hello?.deviceToken],
      ],
    )
  },
)

tracker('[T2] an id without its token is discarded before hello', async ({ server, page }) => {
  server.pages.set('/empty', '<!doctype html>')
  await page.goto(`${server.url}/empty`)
  await page.evaluate("localStorage.setItem('_gt_id', 'half')")
  await page.goto(server.url)
  await server.saw('PageEntered')
  assert.is.not(server.hellos[0]?.globalVisitID, 'half')
  assert.ok(server.hellos[0]?.deviceToken)
})

tracker('[T2] with cookieDomain, subdomains share the visitor by one cookie', async ({ server, page }) => {
  server.pages.set('/', pageWith("{ cookieDomain: 'shop.test' }"))
  const { port } = new URL(server.url)
  await page.goto(`http://www.shop.test:${port}/`)
  await server.saw('PageEntered')
  await page.goto(`http://pay.shop.test:${port}/`)
  await server.saw('PageEntered', 2)
  assert.is(new Set(server.hellos.map((hello) => `${hello.globalVisitID}.${hello.deviceToken}`)).size, 1)
  assert.is(new Set(server.events().map((event) => event.visitID)).size, 1)
  assert.is(await page.evaluate("localStorage.getItem('_gt_id')"), null)
  const cookie = (await page.context().cookies()).find(({ name }) => name === '_gt_id')
  assert.is(cookie?.sameSite, 'Lax')
  assert.ok((cookie?.expires ?? 0) - Date.now() / 1_000 > 360 * 86_400)
})

tracker('[T2] where localStorage is blocked, the cookie has both', async ({ server, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
  })
  await page.goto(server.url)
  await server.saw('PageEntered')
  await page.reload()
  await server.saw('PageEntered', 2)
  assert.is(new Set(server.hellos.map((hello) => `${hello.globalVisitID}.${hello.deviceToken}`)).size, 1)
})

tracker(
  '[T2] tabs share the visit, and each has its own page and socket',
  async ({ browser, server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    const other = await browser.page()
    await other.goto(server.url)
    const [first, second] = await server.saw('PageEntered', 2)
    assert.is(first?.visitID, second?.visitID)
    assert.is.not(first?.pageID, second?.pageID)
    assert.is(server.hellos[0]?.globalVisitID, server.hellos[1]?.globalVisitID)
    assert.is(server.sockets().length, 2)
    assert.is((await server.saw('VisitStarted')).length, 1)
  },
)

tracker(
  '[T2] another visit is adopted from ack and visit messages, for new events, and in every tab',
  async ({ browser, server, page }) => {
    server.answer(() => ({ visitID: 'from-ack' }))
    await page.goto(server.url)
    await server.saw('PageEntered')
    await eventually(5_000, 'the cookie to name it', async () =>
      (await page.evaluate<string>('document.cookie')).includes('from-ack') ? true : undefined,
    )
    const other = await browser.page()
    await other.goto(server.url)
    assert.is((await server.saw('PageEntered', 2))[1]?.visitID, 'from-ack')
    server.answer(() => ({}))
    server.say({ type: 'visit', visitID: 'from-visit' })
    await other.evaluate("_gt.push(['event', 'First'])")
    assert.is((await server.saw('First'))[0]?.visitID, 'from-visit')
    await page.evaluate("_gt.push(['event', 'Second'])")
    assert.is((await server.saw('Second'))[0]?.visitID, 'from-visit')
    server.say({ type: 'visit', visitID: null, reason: 'expired' })
    await page.evaluate("_gt.push(['event', 'Third'])")
    assert.is((await server.saw('Third'))[0]?.visitID, 'from-visit')
  },
)

tracker(
  '[T6] nothing the page gives us throws into it, blocks it or makes noise',
  async ({ browser, server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await page.evaluate(`
    const cycle = {}
    cycle.self = cycle
    _gt.push(undefined, null, 7, 'event', {}, [], ['event'], ['event', null], ['unknown', 1], ['getIDs'],
      ['event', 'Cycle', { data: cycle }], ['event', 'Big', { data: { n: 10n } }], ['on', 'connection'],
      ['config'], ['config', 7], ['on', 'constructor', () => 1],
      ['getIDs', () => { throw new Error('the page’s own') }],
      ['on', 'connection', () => { throw new Error('the page’s own') }],
      ['event', 'Getter', { data: { get boom() { throw new Error('the page’s own') } } }],
      ['event', 'Done'])`)
    await server.saw('Done')
    assert.equal(browser.complaints, [])
  },
)

tracker(
  '[T6] a page where everything is blocked works as if we were not there',
  async ({ browser, server, page }) => {
    await page.addInitScript(() => {
      const blocked = {
        get() {
          throw new DOMException('blocked', 'SecurityError')
        },
      }
      Object.defineProperty(window, 'localStorage', blocked)
      Object.defineProperty(window, 'sessionStorage', blocked)
      Object.defineProperty(document, 'cookie', { ...blocked, set: blocked.get })
      Object.defineProperty(window, 'WebSocket', blocked)
      Object.defineProperty(navigator, 'sendBeacon', blocked)
    })
    await page.goto(server.url)
    await page.waitForFunction('_gt.isVestibule')
    await page.evaluate("_gt.push(['event', 'Any']); history.pushState({}, '', '/list')")
    await page.goto(`${server.url}/`)
    assert.equal(browser.complaints, [])
  },
)

tracker(
  '[T2] tabs that are opened at the same moment agree on one visitor and one visit',
  async ({ browser, server, page }) => {
    const pages = [page, await browser.page(), await browser.page()]
    await Promise.all(pages.map((tab) => tab.goto(server.url)))
    await server.saw('PageEntered', 3)
    for (const tab of pages) await tab.evaluate("_gt.push(['event', 'Later'])")
    const later = await server.saw('Later', 3)
    assert.is(new Set(server.hellos.map((hello) => hello.globalVisitID)).size, 1)
    assert.is(new Set(later.map((event) => event.visitID)).size, 1)
  },
)

tracker('[T6] getIDs tells the ids that the events carry', async ({ server, page }) => {
  await page.goto(server.url)
  const [entered] = await server.saw('PageEntered')
  const ids = await page.evaluate("new Promise((tell) => _gt.push(['getIDs', tell]))")
  assert.equal(ids, {
    globalVisitID: server.hellos[0]?.globalVisitID,
    visitID: entered?.visitID,
    pageID: entered?.pageID,
    dropped: 0,
  })
})

tracker.run()
