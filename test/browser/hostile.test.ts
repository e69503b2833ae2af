/** Pages and browsers that make it hard: after each, what a page saw acknowledged is in History, once. */
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { buildTracker } from './built-tracker.ts'
import { type Browser, COOKIES_BLOCKED, openBrowser } from './chromium.ts'
import { type FakeServer, openFakeServer, pageWith } from './fake-server.ts'
import { openPassage, type Passage } from './passage.ts'
import { startVestibule, type Vestibule } from './vestibule.ts'
import { openWitness, type Witness } from './witness.ts'

interface Context {
  /** The site: its pages are here, and its tracker comes from Vestibule. */
  site: FakeServer
  vestibule: Vestibule
  /** Vestibule again, for a network that lets no WebSocket through. */
  passage: Passage
  browser: Browser
  witness: Witness
}

interface EventRow {
  readonly eventID: string
  readonly eventName: string
  readonly occurredAt: number
}

const hostile = suite<Context>('hostile pages')

const DAY_MS = 86_400_000
/** The browser itself says on the console what it could not reach, and that it stopped waiting for a slow page. */
const BROWSERS_OWN = /WebSocket connection to|Failed to load resource|ERR_CONNECTION/

hostile.before(async (context) => {
  buildTracker()
  context.site = await openFakeServer()
  context.vestibule = await startVestibule({
    VESTIBULE_ORIGINS: context.site.url,
    VESTIBULE_RESTART_GRACE_MS: '0',
    VESTIBULE_PAGE_SIZE_MAX: '1500',
    // Ten times the default: a thousand events at once are slowed down still, and their tests end sooner.
    VESTIBULE_EVENTS_PER_SECOND: '500',
  })
  context.passage = await openPassage(context.vestibule.url)
})
hostile.after(async ({ vestibule, site, passage }) => {
  await passage?.close()
  await vestibule?.stop()
  await site?.close()
})
hostile.before.each(async (context) => {
  context.site.pages.set('/', pageOf(context.vestibule.url))
  context.site.pages.set('/two', pageOf(context.vestibule.url))
  await use(context, await openBrowser())
})
hostile.after.each(async ({ browser }) => {
  await browser.close()
})

/** A test at whose end tracker and History agree. */
const proves = (title: string, work: (context: Context) => Promise<void>): void =>
  hostile(title, async (context) => {
    await work(context)
    await agree(context)
  })

async function use(context: Context, browser: Browser): Promise<void> {
  context.browser = browser
  context.witness = openWitness()
  context.witness.watch(browser.context())
}

const pageOf = (endpoint: string, more = ''): string =>
  pageWith('{}', more).replace('/tracker.js', `${endpoint}/tracker.js`)

async function open({ browser, site }: Context, path = '/'): Promise<Page> {
  const page = await browser.page()
  await page.goto(`${site.url}${path}`)
  return page
}

const push = (page: Page, name: string, times = 1): Promise<unknown> =>
  page.evaluate(`for (let i = 0; i < ${times}; i += 1) _gt.push(['event', '${name}', { data: { i } }])`)

const acknowledged = ({ witness }: Context, eventName: string, times = 1): Promise<true> =>
  eventually(30_000, `${eventName} to be acknowledged ${times} times`, () =>
    [...witness.acknowledged().values()].filter((name) => name === eventName).length >= times
      ? true
      : undefined,
  )

async function rowsOf({ vestibule, witness }: Context): Promise<readonly EventRow[]> {
  const visits = [...witness.visitIDs()]
  const pages = await Promise.all(
    visits.map((id) => vestibule.ask<EventRow[]>(`/visits/${id}/events?page_size=1500`).catch(() => [])),
  )
  return pages.flat()
}

/** T3, T6, E1: nothing acknowledged is missing, nothing is there twice, and no page saw an error. */
async function agree(context: Context): Promise<void> {
  const kept = (await rowsOf(context)).map(({ eventID }) => eventID)
  assert.is(new Set(kept).size, kept.length, 'none twice')
  const promised = [...context.witness.acknowledged()]
  assert.ok(promised.length > 0, 'nothing was acknowledged')
  assert.equal(
    promised.filter(([eventID]) => !kept.includes(eventID)),
    [],
  )
  assert.equal(
    context.browser.complaints.filter((text) => !BROWSERS_OWN.test(text)),
    [],
  )
}

proves('[T3] a tab that crashes loses nothing that it had kept: the next page brings it', async (context) => {
  const page = await open(context)
  await acknowledged(context, 'PageEntered')
  await context.vestibule.kill()
  await push(page, 'BeforeTheCrash', 3)
  await eventually(5_000, 'the queue to be kept', async () =>
    (await page.evaluate<string>('JSON.stringify({ ...localStorage })')).split('BeforeTheCrash').length > 3
      ? true
      : undefined,
  )
  const session = await context.browser.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  session.send('Page.crash').catch(() => undefined)
  await crashed
  await context.vestibule.start()
  await open(context)
  await acknowledged(context, 'BeforeTheCrash', 3)
})

proves('[T2] where the user blocks cookies a page tells its own, and throws nothing', async (context) => {
  await context.browser.close()
  await use(context, await openBrowser(COOKIES_BLOCKED))
  const page = await open(context)
  for (const storage of ['localStorage', 'sessionStorage']) {
    assert.match(await page.evaluate<string>(`try { ${storage} } catch (e) { e.name }`), 'SecurityError')
  }
  assert.is(await page.evaluate("document.cookie = 'a=1'; document.cookie"), '')
  assert.is(
    await page.evaluate("navigator.locks.request('a', () => 1).catch((e) => e.name)"),
    'SecurityError',
  )
  await push(page, 'Blocked')
  await acknowledged(context, 'Blocked')
  await context.vestibule.kill()
  await push(page, 'Waited')
  await context.vestibule.start()
  await acknowledged(context, 'Waited')
  await page.goto(`${context.site.url}/two`)
  await push(page, 'BlockedToo')
  await acknowledged(context, 'BlockedToo')
})

for (const days of [-1, 1]) {
  proves(`[T3] a clock that is wrong by a day (${days}) changes no time in History`, async (context) => {
    await context.browser.context().addInitScript(`{
      const { now } = Date
      Date.now = () => now() + ${days * DAY_MS}
    }`)
    const page = await open(context)
    await push(page, 'Timed')
    await acknowledged(context, 'Timed')
    const timed = (await rowsOf(context)).find(({ eventName }) => eventName === 'Timed')
    assert.ok(Math.abs((timed?.occurredAt ?? 0) - Date.now()) < 60_000, `${timed?.occurredAt}`)
  })
}

proves('[T6] under a strict policy nothing is refused', async (context) => {
  const { url } = context.vestibule
  const policy = `default-src 'none'; script-src 'nonce-abc'; connect-src ${url} ${url.replace('http', 'ws')}`
  const html = pageOf(url).replaceAll('<script', '<script nonce="abc"')
  const head = `<title><meta http-equiv="Content-Security-Policy" content="${policy}">`
  context.site.pages.set(
    '/',
    html.replace('<title>', head.replace('<title>', '')).replace('A page</title>', '<title>A page</title>'),
  )
  const page = await open(context)
  await push(page, 'Strict')
  await acknowledged(context, 'Strict')
})

const droppedBy = (page: Page): Promise<number> =>
  page.evaluate("new Promise((t) => _gt.push(['getIDs', ({ dropped }) => t(dropped)]))")

async function countKept(context: Context, name: string): Promise<number> {
  return (await rowsOf(context)).filter(({ eventName }) => eventName === name).length
}

proves('[T3] of a thousand events at once none is lost', async (context) => {
  const page = await open(context)
  await acknowledged(context, 'PageEntered')
  await push(page, 'Quick', 1_000)
  await acknowledged(context, 'Quick', 1_000)
  assert.is(await droppedBy(page), 0)
  assert.is(await countKept(context, 'Quick'), 1_000)
})

proves(
  '[T3] of a thousand events while the server is away none is lost, nor by the page after',
  async (context) => {
    const page = await open(context)
    await acknowledged(context, 'PageEntered')
    await context.vestibule.kill()
    await push(page, 'Away', 1_000)
    assert.is(await droppedBy(page), 0)
    await eventually(5_000, 'the queue to be kept', async () =>
      (await page.evaluate<string>('JSON.stringify({ ...localStorage })')).split('Away').length > 1_000
        ? true
        : undefined,
    )
    await page.close()
    await context.vestibule.start()
    const next = await open(context)
    await acknowledged(context, 'Away', 1_000)
    assert.is(await droppedBy(next), 0)
    assert.is(await countKept(context, 'Away'), 1_000)
  },
)

/** All that a page may do to what it was given, once the tracker is there. */
const BREAKS = `<script>
  addEventListener('load', () => {
    const broken = () => { throw new Error('the page broke it') }
    const { prototype } = Array
    const names = ['map', 'filter', 'find', 'findIndex', 'some', 'every', 'reduce', 'forEach', 'push', 'splice',
      'slice', 'join', 'includes', 'indexOf', 'concat', 'keys', 'toString']
    const tell = (i) => _gt.push(['event', 'Broken', { data: { list: [i, [i]] } }])
    _gt.push(['on', 'connection', ({ state }) => {
      if (state === 'open' && JSON.parse !== broken) setTimeout(() => {
        for (const name of names) prototype[name] = broken
        prototype.last = 7
        prototype.toJSON = () => 'no list'
        JSON.parse = JSON.stringify = WebSocket = Array.from = Array.isArray = broken
        tell(1)
        setTimeout(tell, 300, 2)
        window.isBroken = 1
      }, 100)
    }])
  })
</script>`

proves('[T6] a page that breaks JSON, WebSocket and arrays is told of all the same', async (context) => {
  const { site, vestibule } = context
  site.pages.set('/', pageOf(vestibule.url, BREAKS))
  await open(context)
  await acknowledged(context, 'Broken', 2)
  await vestibule.kill()
  await vestibule.start()
  const before = context.witness.opened()
  await eventually(25_000, 'another socket', () => (context.witness.opened() >= before ? true : undefined))
})

proves(
  '[T3] of two tabs one is closed while the server is away: the other brings what it left',
  async (context) => {
    const closed = await open(context)
    const other = await open(context)
    await acknowledged(context, 'PageEntered', 2)
    await context.vestibule.kill()
    await push(closed, 'OfTheClosed', 3)
    await closed.close()
    await context.vestibule.start()
    await acknowledged(context, 'OfTheClosed', 3)
    await push(other, 'OfTheOther')
    await acknowledged(context, 'OfTheOther')
  },
)

proves('[T3] the network goes in the middle of a page and comes back', async (context) => {
  const page = await open(context)
  await acknowledged(context, 'PageEntered')
  await context.browser.context().setOffline(true)
  await push(page, 'Offline', 5)
  await page.evaluate("history.pushState({}, '', '/list')")
  await context.browser.context().setOffline(false)
  await push(page, 'Online')
  await acknowledged(context, 'Offline', 5)
  await acknowledged(context, 'Online')
  await acknowledged(context, 'PageExited')
})

proves('[T4] a page goes into the browser’s cache and comes back', async (context) => {
  const page = await open(context)
  await acknowledged(context, 'PageEntered')
  await page.evaluate('window.wasHere = true')
  await push(page, 'Before')
  await page.goto(`${context.site.url}/two`)
  await acknowledged(context, 'PageEntered', 2)
  await page.goBack({ waitUntil: 'commit' })
  assert.is(await page.evaluate('window.wasHere'), true)
  await push(page, 'Back')
  // The witness does not hear sockets of a page that comes back: it is the tracker that knows what was acknowledged.
  await eventually(10_000, 'the queue to be empty', async () => {
    const isEmpty = "!Object.keys(localStorage).some((key) => key.startsWith('_gt.q.'))"
    return (await page.evaluate(isEmpty)) && (await countKept(context, 'Back')) === 1 ? true : undefined
  })
  const names = ['PageEntered', 'Before', 'PageExited']
  assert.equal(await Promise.all(names.map((name) => countKept(context, name))), [3, 1, 2])
})

proves('[T6] a part that loads after the page broke JSON speaks with the tracker’s own', async (context) => {
  const { site, passage } = context
  site.pages.set(
    '/',
    pageOf(
      passage.url,
      `<script>_gt.push(['getIDs', () => { JSON.parse = JSON.stringify = () => '?' }])</script>`,
    ),
  )
  const page = await open(context)
  await page.waitForFunction("JSON.stringify({}) === '?'")
  await push(page, 'BrokenByHttp')
  await acknowledged(context, 'BrokenByHttp')
})

for (const [what, breaks] of [
  ['JSON', 'JSON = undefined'],
  ['Array.prototype', 'Array.prototype.map = Array.prototype.filter = undefined'],
  ['WebSocket', "WebSocket = function () { throw new Error('no') }"],
] as const) {
  hostile(`[T6] where ${what} was broken before the script came, the page sees no error`, async (context) => {
    const { browser, site, vestibule } = context
    const early = pageOf(vestibule.url).replace('<body>', `<body><script>${breaks}</script>`)
    site.pages.set('/', early)
    const page = await browser.page()
    const came = page.waitForResponse('**/tracker.js')
    await page.goto(site.url)
    await came
    await page.evaluate("_gt.push(['event', 'Any']); history.pushState({}, '', '/list')")
    await page.goto(`${site.url}/two`)
    await push(page, 'After')
    await acknowledged(context, 'After')
    assert.equal(browser.complaints, [])
  })
}

proves('[T3] the server is killed and comes back: what happened meanwhile arrives once', async (context) => {
  const page = await open(context)
  await acknowledged(context, 'PageEntered')
  await push(page, 'Around', 20)
  await context.vestibule.kill()
  await push(page, 'Around', 20)
  await context.vestibule.start()
  await push(page, 'Around', 20)
  await acknowledged(context, 'Around', 60)
})

proves(
  '[T3] where WebSockets are blocked, events go by HTTP, and the socket is tried again',
  async (context) => {
    const { site, passage } = context
    site.pages.set('/', pageOf(passage.url))
    const page = await open(context)
    await acknowledged(context, 'PageEntered')
    await push(page, 'ByHttp', 150)
    await acknowledged(context, 'ByHttp', 150)
    assert.is(context.witness.opened() > 1, true)
    await page.evaluate("_gt.push(['event', 'Last']); location.assign('/two')")
    await page.waitForURL('**/two')
    await acknowledged(context, 'PageEntered', 2)
    await eventually(10_000, 'the last event to be kept', async () =>
      (await rowsOf(context)).some(({ eventName }) => eventName === 'Last') ? true : undefined,
    )
  },
)

hostile.run()
