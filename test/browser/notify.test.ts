/** Notifications in a real browser: they reach the page's handlers, and the server hears what became of them. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { browserSuite, type Scene } from './browser-suite.ts'

const notify = browserSuite('notifications in Chromium')

const pageIDOf = (page: Page): Promise<string> =>
  page.evaluate("new Promise((tell) => _gt.push(['getIDs', ({ pageID }) => tell(pageID)]))")

/** Sends it, and waits for what the page answered. */
async function answerTo({ server }: Scene, id: string, channel: string, page?: string): Promise<string> {
  server.say({ type: 'notify', id, channel, data: { text: 'hello' }, ...(page && { page }) })
  const { outcome } = await eventually(5_000, `an answer to ${id}`, () =>
    server.notified.find((notified) => notified.id === id),
  )
  return outcome
}

notify('[T5] a notification reaches every handler of its channel, and is answered', async (scene) => {
  const { browser, server, page } = scene
  await page.goto(server.url)
  await server.saw('PageEntered')
  assert.is(await answerTo(scene, 'n1', 'chat'), 'noHandler')
  await page.evaluate(`window.heard = []
    _gt.push(['on', 'chat', () => { throw new Error('the page’s own') }],
      ['on', 'chat', (data) => heard.push(data)], ['on', 'other', () => heard.push('other')])`)
  assert.is(await answerTo(scene, 'n2', 'chat'), 'handled')
  assert.equal(await page.evaluate('heard'), [{ text: 'hello' }])
  await page.evaluate("_gt.push(['on', 'broken', () => { throw new Error('the page’s own') }])")
  assert.is(await answerTo(scene, 'n3', 'broken'), 'noHandler')
  await page.evaluate("_gt.push(['event', 'Done'])")
  await server.saw('Done')
  assert.equal(browser.complaints, [])
})

notify('[T5] a notification for another page is said not to be for this one', async (scene) => {
  const { server, page } = scene
  await page.goto(server.url)
  await server.saw('PageEntered')
  await page.evaluate("window.heard = 0; _gt.push(['on', 'chat', () => { heard += 1 }])")
  const first = await pageIDOf(page)
  assert.is(await answerTo(scene, 'n1', 'chat', first), 'handled')
  assert.is(await answerTo(scene, 'n2', 'chat', 'another'), 'notThisPage')
  await page.evaluate("history.pushState({}, '', '/list')")
  assert.is(await answerTo(scene, 'n3', 'chat', first), 'notThisPage')
  assert.is(await answerTo(scene, 'n4', 'chat', await pageIDOf(page)), 'handled')
  assert.is(await page.evaluate('heard'), 2)
})

notify.run()
