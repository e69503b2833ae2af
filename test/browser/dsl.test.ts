/** Declared events in a real browser: what happens on the page becomes an event without a script of the site. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { browserSuite, type Scene } from './browser-suite.ts'
import { pageWith } from './fake-server.ts'

const dsl = browserSuite('declared events in Chromium')

const FORM = `<form role="search"><input name="q" type="search"><button>Go</button></form>
  <div class="card" data-sku="42"><h2> A door </h2><button class="add">Add</button></div>
  <form><input type="password" autocomplete="off" value="s3cret"></form>`

async function openWith({ server, page }: Scene, declared: string): Promise<void> {
  server.pages.set('/', pageWith('{}', FORM))
  await page.goto(server.url)
  await server.saw('PageEntered')
  await page.evaluate(`_gt.push(['dsl'${declared && `, ${declared}`}])`)
  await page.waitForFunction('_gtDsl && !Array.isArray(_gtDsl)')
}

const done = async ({ server, page }: Scene): Promise<void> => {
  await page.evaluate("_gt.push(['event', 'Done'])")
  await server.saw('Done')
}
const count = ({ server }: Scene, name: string): number =>
  server.events().filter(({ eventName }) => eventName === name).length

dsl('[T6] the file is loaded only by a page that declares something', async (scene) => {
  const { server, page } = scene
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.goto(server.url)
  await done(scene)
  assert.not.ok(asked.includes('/tracker-dsl.js'))
  await page.evaluate("_gt.push(['dsl'], ['dsl', []])")
  await page.waitForFunction('_gtDsl && !Array.isArray(_gtDsl)')
  assert.is(asked.filter((path) => path === '/tracker-dsl.js').length, 1)
})

dsl('[T6] a click on, or within, what a selector names is told with its values', async (scene) => {
  const { browser, server, page } = scene
  await openWith(
    scene,
    `[{ name: 'Added', on: 'click', selector: '.card .add', url: '/*', category: 'Shop', values: {
        label: {}, sku: { selector: '.card', attribute: 'data-sku' }, name: { selector: '.card h2' },
        none: { selector: '.none' }, secret: { selector: '[type=password]', attribute: 'value' } } },
      { name: 'Elsewhere', on: 'click', url: '/cart' }, { name: 'Second', on: 'click', count: 2 },
      { name: 'Once', on: 'click', once: true },
      { on: 'click' }, { name: 'Both', on: 'click', after: 1 }, { name: 'Bad', on: 'click', selector: '!' }, 7]`,
  )
  for (let click = 0; click < 4; click += 1) await page.click('.add')
  await done(scene)
  const [added] = await server.saw('Added', 4)
  assert.equal(added?.data, { label: 'Add', sku: '42', name: 'A door' })
  assert.is(added?.category, 'Shop')
  assert.equal(
    ['Elsewhere', 'Second', 'Once', 'Bad', 'Both'].map((name) => count(scene, name)),
    [0, 2, 1, 0, 0],
  )
  assert.equal(browser.complaints, [])
})

dsl('[T6] the default set tells searches, and 30 seconds on a page, once a page', async (scene) => {
  const { server, page } = scene
  await page.clock.install()
  await openWith(scene, '')
  await page.fill('[name=q]', ' red door ')
  await page.dispatchEvent('[name=q]', 'change')
  assert.equal((await server.saw('Search'))[0]?.data, { query: 'red door' })
  assert.is(count(scene, 'Timeout-30'), 0)
  await page.clock.runFor(32_000)
  await server.saw('Timeout-30')
  await page.evaluate("history.pushState({}, '', '/list')")
  await page.clock.runFor(32_000)
  await server.saw('Timeout-30', 2)
  await page.clock.runFor(32_000)
  assert.is(count(scene, 'Timeout-30'), 2)
})

dsl('[T6] with focus, only the time counts in which the page has it', async (scene) => {
  const { server, page } = scene
  await page.clock.install()
  await page.addInitScript('window.isLooking = false; document.hasFocus = () => isLooking')
  await openWith(scene, "[{ name: 'Looked', after: 5, focus: true }, { name: 'There', after: 5 }]")
  await page.clock.runFor(7_000)
  await server.saw('There')
  assert.is(count(scene, 'Looked'), 0)
  await page.evaluate('isLooking = true')
  await page.clock.runFor(7_000)
  await server.saw('Looked')
})

dsl('[T6] declarations may come as JSON, and one that cannot be had hurts nobody', async (scene) => {
  const { server, page } = scene
  server.pages.set('/declared.json', '[{ "name": "Clicked", "on": "click" }]')
  await openWith(scene, "'/declared.json'], ['dsl', 'http://127.0.0.1:1/none.json'], ['dsl', '/empty'")
  await page.waitForLoadState('networkidle')
  await page.click('.add')
  await server.saw('Clicked')
})

dsl('[T2] after a withdrawal nothing declared is told', async (scene) => {
  const { server, page } = scene
  await openWith(scene, "[{ name: 'Clicked', on: 'click' }]")
  await page.click('.add')
  await server.saw('Clicked')
  await page.evaluate("_gt.push(['consent', false])")
  await server.saw('ConsentWithdrawn')
  await page.click('.add')
  await page.evaluate("_gt.push(['consent', true])")
  await done(scene)
  assert.is(count(scene, 'Clicked'), 1)
  await page.click('.add')
  await server.saw('Clicked', 2)
})

const integrityOf = (file: string): string =>
  `sha384-${createHash('sha384')
    .update(readFileSync(new URL(`../../dist/${file}`, import.meta.url)))
    .digest('base64')}`

/** Clicks, and waits for it: whatever a policy refused is a complaint on the console. */
async function clickIsTold({ server, page, browser }: Scene, html: string): Promise<void> {
  server.pages.set('/', html)
  await page.goto(server.url)
  await page.waitForFunction('window._gtDsl && !Array.isArray(_gtDsl)')
  await page.click('button')
  await server.saw('Clicked')
  assert.equal(browser.complaints, [])
}

const DECLARED = "_gt.push(['config', {}], ['dsl', [{ name: 'Clicked', on: 'click' }]])"

dsl('[T6] under a strict policy a nonce is enough, and it is handed on', async (scene) => {
  const policy = `default-src 'none'; script-src 'nonce-abc'; connect-src ${scene.server.url} ${scene.server.url.replace('http', 'ws')}`
  await clickIsTold(
    scene,
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><title>A page</title>
      <script nonce="abc">var _gt = []; ${DECLARED}</script>
      <script nonce="abc" async src="/tracker.js"></script><button>Go</button>`,
  )
})

dsl('[T6] with Subresource Integrity a site brings both files itself', async (scene) => {
  const tag = (file: string) =>
    `<script defer crossorigin src="/${file}" integrity="${integrityOf(file)}"></script>`
  await clickIsTold(
    scene,
    `<!doctype html><title>A page</title><script>var _gt = [], _gtDsl = []; ${DECLARED}</script>
      ${tag('tracker-dsl.js')}${tag('tracker.js')}<button>Go</button>`,
  )
})

dsl.run()
