/** A suite whose tests each have a page in a browser that knows nobody, and a server that keeps what it is told. */
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import { buildTracker } from './built-tracker.ts'
import { type Browser, openBrowser } from './chromium.ts'
import { type FakeServer, openFakeServer, pageWith } from './fake-server.ts'

export interface Scene {
  browser: Browser
  /** On a port of its own, so its origin's storage is empty; `/` and `/two` use the tracker, `/empty` does not. */
  server: FakeServer
  page: Page
}

export function browserSuite(name: string) {
  const scenes = suite<Scene>(name)
  scenes.before(async (scene) => {
    buildTracker()
    scene.browser = await openBrowser()
  })
  scenes.after(async ({ browser }) => {
    await browser.close()
  })
  scenes.before.each(async (scene) => {
    scene.server = await openFakeServer()
    scene.server.pages.set('/', pageWith('{}'))
    scene.server.pages.set('/two', pageWith('{}').replace('A page', 'Another page'))
    scene.server.pages.set('/empty', '<!doctype html><title>Nothing</title>')
    await scene.browser.context().clearCookies()
    scene.browser.complaints.length = 0
    scene.page = await scene.browser.page()
  })
  scenes.after.each(async ({ browser, server }) => {
    for (const page of browser.context().pages()) await page.close()
    await server.close()
  })
  return scenes
}
