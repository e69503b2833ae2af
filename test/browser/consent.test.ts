/** Consent in a real browser: nothing is kept before it, nothing is left after it. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { browserSuite } from './browser-suite.ts'
import { pageWith } from './fake-server.ts'

const consent = browserSuite('consent in Chromium')

/** All that this page's browser keeps for us. */
const keptBy = (page: Page): Promise<string> =>
  page.evaluate(
    'JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie',
  )
const NOTHING = '{}{}'

consent("[T2] consent: 'required' keeps and sends nothing before it is given", async ({ server, page }) => {
  server.pages.set('/', pageWith("{ consent: 'required' }", "<script>_gt.push(['event', 'Early'])</script>"))
  await page.goto(server.url)
  await page.waitForFunction('_gt.isVestibule')
  await page.evaluate("_gt.push(['event', 'Early'])")
  assert.is(await keptBy(page), NOTHING)
  assert.is(server.hellos.length, 0)
  await page.evaluate("_gt.push(['consent', true])")
  await server.saw('Early', 2)
  const [started] = server.events()
  assert.is(started?.eventName, 'VisitStarted')
  assert.is(started?.data.consent, true)
  await page.reload()
  await server.saw('PageEntered', 2)
})

consent(
  '[T2] a withdrawal is told, and everything is forgotten, in every tab and on the next page',
  async ({ browser, server, page }) => {
    server.pages.set('/', pageWith("{ consent: 'required' }"))
    await page.goto(server.url)
    await page.evaluate("_gt.push(['consent', true])")
    await server.saw('PageEntered')
    const other = await browser.page()
    await other.goto(server.url)
    await server.saw('PageEntered', 2)
    await page.evaluate("_gt.push(['consent', false], ['event', 'Later'])")
    const [withdrawn] = await server.saw('ConsentWithdrawn')
    assert.is(withdrawn?.visitID, server.events()[0]?.visitID)
    server.say({ type: 'visit', visitID: null, reason: 'withdrawn' })
    await eventually(5_000, 'both sockets to close', () => (server.sockets().length === 0 ? true : undefined))
    await other.evaluate("_gt.push(['event', 'Later'])")
    assert.is(await keptBy(page), NOTHING)
    await page.reload()
    await page.waitForFunction('_gt.isVestibule')
    assert.is(await keptBy(page), NOTHING)
    assert.is(server.hellos.length, 2)
    await page.evaluate("_gt.push(['consent', true])")
    await eventually(5_000, 'another hello', () => server.hellos[2])
    assert.is.not(server.hellos[2]?.globalVisitID, server.hellos[0]?.globalVisitID)
    assert.is(
      server.events().some((event) => event.eventName === 'Later'),
      false,
    )
  },
)

consent(
  '[T2] a withdrawal that finds no server is told when there is one again',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await server.down()
    await page.evaluate("_gt.push(['event', 'Before'], ['consent', false])")
    assert.is(await keptBy(page), '{"_gt_off":"1"}{}')
    await server.up()
    await server.saw('ConsentWithdrawn')
    assert.is(server.hellos.at(-1)?.globalVisitID, server.hellos[0]?.globalVisitID)
    assert.is(
      server.events().some((event) => event.eventName === 'Before'),
      false,
    )
  },
)

consent(
  '[T2] without consent: required, a refusal holds on the next page until it is taken back',
  async ({ server, page }) => {
    await page.goto(server.url)
    await server.saw('PageEntered')
    await page.evaluate("_gt.push(['consent', false])")
    await server.saw('ConsentWithdrawn')
    await page.reload()
    await page.waitForFunction('_gt.isVestibule')
    assert.is(await keptBy(page), '{"_gt_off":"1"}{}')
    assert.is(server.hellos.length, 1)
    await page.evaluate("_gt.push(['consent', true])")
    const [, started] = await server.saw('VisitStarted', 2)
    assert.is(started?.data.consent, true)
  },
)

consent('[T2] with cookieDomain, a refusal holds on every subdomain', async ({ server, page }) => {
  server.pages.set('/', pageWith("{ cookieDomain: 'shop.test' }"))
  const { port } = new URL(server.url)
  await page.goto(`http://www.shop.test:${port}/`)
  await server.saw('PageEntered')
  await page.evaluate("_gt.push(['consent', false])")
  await server.saw('ConsentWithdrawn')
  await page.goto(`http://pay.shop.test:${port}/`)
  await page.waitForFunction('_gt.isVestibule')
  assert.is(await keptBy(page), '{}{}_gt_off=1')
  assert.is(server.hellos.length, 1)
})

consent.run()
