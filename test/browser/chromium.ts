/** A real Chromium with a profile of its own, and what its pages complained about. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { tempFolder } from '../helpers/temp-folder.ts'

export const EXECUTABLE = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium'
export const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that is not localhost: there a page is no secure context, as on any site without https.
  '--host-resolver-rules=MAP *.shop.test 127.0.0.1',
]

export interface Browser {
  /** The open window; another one after `reopen`. */
  context(): BrowserContext
  page(): Promise<Page>
  /** Closes the browser and starts it again with the same profile: session cookies are gone, the rest is there. */
  reopen(): Promise<void>
  /** Errors that reached a page, and what it wrote to the console. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Of Chromium's own settings: whoever blocks cookies there blocks storage and locks too. */
export const COOKIES_BLOCKED = { profile: { default_content_setting_values: { cookies: 2 } } }

/** `preferences` are what its user chose in Chromium's settings. */
export async function openBrowser(preferences: object = {}): Promise<Browser> {
  const profile = tempFolder()
  mkdirSync(join(profile.path, 'Default'))
  writeFileSync(join(profile.path, 'Default', 'Preferences'), JSON.stringify(preferences))
  const complaints: string[] = []
  let context = await open()

  async function open(): Promise<BrowserContext> {
    const opened = await chromium.launchPersistentContext(profile.path, {
      executablePath: EXECUTABLE,
      args: ARGS,
      // Playwright switches it off, and T4 is about it.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      viewport: { width: 1200, height: 860 },
    })
    opened.on('weberror', (error) => complaints.push(String(error.error())))
    opened.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    return opened
  }

  return {
    context: () => context,
    page: () => context.newPage(),
    async reopen() {
      await context.close()
      context = await open()
    },
    complaints,
    async close() {
      await context.close()
      profile.remove()
    },
  }
}
