/** The tracker's waits, under a clock that the test turns: playwright fakes it for a whole window, so it has its own. */
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { buildTracker } from './built-tracker.ts'
import { type Browser, openBrowser } from './chromium.ts'
import { type FakeServer, openFakeServer, pageWith } from './fake-server.ts'

const waiting = suite<{ browser: Browser; server: FakeServer; page: Page }>('waiting in Chromium')

waiting.before(buildTracker)
waiting.before.each(async (context) => {
  context.browser = await openBrowser()
  context.server = await openFakeServer()
  context.server.pages.set('/', pageWith('{}'))
  context.page = await context.browser.page()
  await context.page.clock.install()
  await context.page.goto(context.server.url)
  await context.server.saw('PageEntered')
  await context.page.clock.pauseAt(Date.now() + 1_000)
})
waiting.after.each(async ({ browser, server }) => {
  await browser.close()
  await server.close()
})

const TELL_STATE = "new Promise((tell) => _gt.push(['on', 'connection', ({ state }) => tell(state)]))"
const state = (page: Page): Promise<string> => page.evaluate(TELL_STATE)
const comesOnline = (page: Page): Promise<string> =>
  page.evaluate(`dispatchEvent(new Event('online')); ${TELL_STATE}`)
const until = (page: Page, wanted: string): Promise<true> =>
  eventually(8_000, `the connection to be ${wanted}`, async () =>
    (await state(page)) === wanted ? true : undefined,
  )

waiting(
  '[T3] back online it reconnects at once, but never before its time after 4005',
  async ({ server, page }) => {
    for (const socket of server.sockets()) socket.close(4001)
    await until(page, 'waiting')
    assert.is(await comesOnline(page), 'connecting')
    await until(page, 'open')
    for (const socket of server.sockets()) socket.close(4005)
    await until(page, 'waiting')
    assert.is(await comesOnline(page), 'waiting')
    await page.clock.fastForward(59_000)
    assert.is(await state(page), 'waiting')
    await page.clock.fastForward(22_000)
    await until(page, 'open')
    assert.is(server.hellos.length, 3)
  },
)

waiting(
  '[T3] a server that owes an answer for 30 s is given up, and asked again',
  async ({ server, page }) => {
    const came = (times: number) =>
      eventually(8_000, `One to come ${times} times`, () =>
        server.batches.flatMap(({ events }) => events).filter(({ eventName }) => eventName === 'One')
          .length === times
          ? true
          : undefined,
      )
    server.answer(null)
    await page.evaluate("_gt.push(['event', 'One'])")
    await page.clock.fastForward(50)
    await came(1)
    server.answer(() => ({}))
    await page.clock.fastForward(29_900)
    assert.is(await state(page), 'open')
    await page.clock.fastForward(100)
    assert.is(await state(page), 'waiting')
    await page.clock.fastForward(500)
    await came(2)
  },
)

waiting.run()
