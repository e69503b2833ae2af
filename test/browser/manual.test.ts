/** What `docs/tracker.md` shows a site's developer, as it stands there: ten minutes to the first event, and the router. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually, within } from '../helpers/within.ts'
import { buildTracker } from './built-tracker.ts'
import { type Browser, openBrowser } from './chromium.ts'
import { type FakeServer, openFakeServer } from './fake-server.ts'
import { startVestibule } from './vestibule.ts'

const manual = suite<{ site: FakeServer; browser: Browser; closers: (() => Promise<void>)[] }>('the manual')

const MANUAL = readFileSync(new URL('../../docs/tracker.md', import.meta.url), 'utf8')

/** The first block of this kind that holds this text. */
function shown(kind: string, text: string): string {
  const blocks = MANUAL.matchAll(new RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, 'gs'))
  for (const [, block = ''] of blocks) if (block.includes(text)) return block
  throw new Error(`docs/tracker.md shows no ${kind} with ${text}`)
}

manual.before(buildTracker)
manual.before.each(async (context) => {
  context.site = await openFakeServer()
  context.browser = await openBrowser()
  context.closers = [context.site.close, context.browser.close]
})
manual.after.each(async ({ closers }) => {
  for (const close of closers.reverse()) await close()
})

manual('[T1] from paste to the first event seen in /live', async ({ site, browser, closers }) => {
  const [, key = ''] = /VESTIBULE_KEYS=(\S+)/.exec(shown('sh', 'VESTIBULE_KEYS')) ?? []
  const vestibule = await startVestibule({ VESTIBULE_ORIGINS: site.url, VESTIBULE_KEYS: key })
  closers.unshift(vestibule.stop)
  const html = shown('html', 'tracker.js').replace('http://127.0.0.1:8080', vestibule.url)
  site.pages.set('/', `<!doctype html><title>A page</title><head>${html}</head>`)
  const [, bearer = ''] = /authorization: (Bearer \S+)'/.exec(shown('sh', '/live')) ?? []
  const stopped = new AbortController()
  const live = await fetch(`${vestibule.url}/live`, {
    headers: { authorization: bearer },
    signal: stopped.signal,
  })
  assert.is(live.status, 200)
  const page = await browser.page()
  await page.goto(site.url)
  const { globalVisitID } = await page.evaluate<{ globalVisitID: string }>(
    "new Promise((tell) => _gt.push(['getIDs', tell]))",
  )
  let heard = ''
  const listening = async (): Promise<void> => {
    for await (const bytes of live.body ?? []) {
      heard += new TextDecoder().decode(bytes)
      if (heard.includes(globalVisitID)) return
    }
  }
  await within(10_000, '/live to tell of this browser', listening())
  stopped.abort()
  await eventually(5_000, 'the console to tell of it', () =>
    ['_gt sent', '_gt received'].every((text) => browser.complaints.some((said) => said.includes(text)))
      ? true
      : undefined,
  )
})

manual('[T1] the router of a single-page site tells its pages', async ({ site, browser }) => {
  const script = shown('js', 'A router of your own')
    .replace('@vestibule/server/tracker', '/tracker.mjs')
    .replace('https://engage.example', site.url)
  site.pages.set(
    '/',
    `<!doctype html><title>-</title><a href="/doors">doors</a><main></main><script type="module">${script}</script>`,
  )
  const page = await browser.page()
  await page.goto(site.url)
  await site.saw('PageEntered')
  await page.click('a')
  await site.saw('PageEntered', 2)
  await page.goBack()
  const entered = await site.saw('PageEntered', 3)
  assert.equal(
    entered.map(({ url, title }) => [url.slice(site.url.length), title]),
    [
      ['/', 'Welcome'],
      ['/doors', 'All doors'],
      ['/', 'Welcome'],
    ],
  )
  assert.is((await site.saw('PageExited', 2)).length, 2)
  assert.equal(browser.complaints, [])
})

manual.run()
