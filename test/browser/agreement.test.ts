/** Tracker and server agree on withdrawals, visits that end, tokens and proofs: both are real, on two origins. */
import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { buildTracker } from './built-tracker.ts'
import { type Browser, openBrowser } from './chromium.ts'
import { type FakeServer, openFakeServer, pageWith } from './fake-server.ts'
import { startVestibule, type Vestibule } from './vestibule.ts'
import { openWitness, type Witness } from './witness.ts'

interface Context {
  /** The site: its pages are here, and its tracker comes from Vestibule. */
  site: FakeServer
  browser: Browser
  vestibule: Vestibule
  witness: Witness
}

interface EventRow {
  readonly eventID: string
  readonly eventName: string
  readonly visitID: string
}

const agreement = suite<Context>('tracker and server')

const SECRET = 'the-site-and-vestibule-know-it'
const VISIT_IDLE_MS = 1_500

agreement.before(async (context) => {
  buildTracker()
  context.site = await openFakeServer()
  context.vestibule = await startVestibule({
    VESTIBULE_ORIGINS: context.site.url,
    VESTIBULE_IDENTITY_SECRET: SECRET,
    VESTIBULE_VISIT_IDLE_MS: String(VISIT_IDLE_MS),
    VESTIBULE_RESTART_GRACE_MS: '0',
  })
  context.browser = await openBrowser()
  context.witness = openWitness()
  context.witness.watch(context.browser.context())
  const html = pageWith('{}').replace('/tracker.js', `${context.vestibule.url}/tracker.js`)
  context.site.pages.set('/', html)
  context.site.pages.set('/empty', '<!doctype html>')
})
agreement.after(async ({ browser, vestibule, site }) => {
  await browser?.close()
  await vestibule?.stop()
  await site?.close()
})
agreement.before.each(async ({ browser }) => {
  browser.complaints.length = 0
})
agreement.after.each(async ({ browser, site }) => {
  const [page] = browser.context().pages()
  for (const other of browser.context().pages()) if (other !== page) await other.close()
  await page?.goto(`${site.url}/empty`)
  await page?.evaluate('localStorage.clear(); sessionStorage.clear()')
  await browser.context().clearCookies()
})

async function openPage({ browser, site }: Context): Promise<Page> {
  const page = await browser.page()
  await page.goto(site.url)
  return page
}

const idsOf = (page: Page): Promise<{ globalVisitID: string; visitID: string }> =>
  page.evaluate("new Promise((tell) => _gt.push(['getIDs', tell]))")

const acknowledged = ({ witness }: Context, eventName: string, count = 1): Promise<true> =>
  eventually(10_000, `${count} times ${eventName} to be acknowledged`, () =>
    [...witness.acknowledged().values()].filter((name) => name === eventName).length >= count
      ? true
      : undefined,
  )

const stateOf = (page: Page): Promise<string> =>
  page.evaluate("new Promise((tell) => _gt.push(['on', 'connection', ({ state }) => tell(state)]))")

const proofFor = (identityId: string, expiresAt: number): string =>
  createHmac('sha256', SECRET).update(`${identityId}\n${expiresAt}`).digest('hex')

agreement(
  '[V11][T2] consent withdrawn in one tab ends the visit and silences the other tab',
  async (context) => {
    const first = await openPage(context)
    const second = await openPage(context)
    await acknowledged(context, 'PageEntered', 2)
    const { globalVisitID, visitID } = await idsOf(first)
    await first.evaluate("_gt.push(['consent', false])")
    await acknowledged(context, 'ConsentWithdrawn')
    await eventually(5_000, 'the other tab to stop', async () =>
      (await stateOf(second)) === 'stopped' ? true : undefined,
    )
    assert.is(await second.evaluate('JSON.stringify({ ...localStorage })'), '{"_gt_off":"1"}')
    assert.is(await second.evaluate('document.cookie'), '')
    const visit = await context.vestibule.ask<{ reason: string }>(`/visits/${visitID}`)
    assert.is(visit.reason, 'withdrawn')
    await first.evaluate("_gt.push(['consent', true])")
    await acknowledged(context, 'VisitStarted', 2)
    const again = await idsOf(first)
    assert.is.not(again.globalVisitID, globalVisitID)
    assert.is.not(again.visitID, visitID)
  },
)

agreement(
  '[V6][V10][T2] after a visit that expired, both tabs go on in the one that follows',
  async (context) => {
    const { vestibule, witness } = context
    const before = witness.acknowledged().size
    const first = await openPage(context)
    const second = await openPage(context)
    await eventually(5_000, 'both pages', () =>
      witness.acknowledged().size >= before + 3 ? true : undefined,
    )
    const { globalVisitID, visitID } = await idsOf(first)
    await eventually(VISIT_IDLE_MS + 8_000, 'the visit to expire', async () => {
      const visit = await vestibule.ask<{ reason: string | null }>(`/visits/${visitID}`)
      return visit.reason === 'expired' ? true : undefined
    })
    await first.evaluate("_gt.push(['event', 'Woke'])")
    await acknowledged(context, 'Woke')
    const followed = await idsOf(second)
    assert.is(followed.globalVisitID, globalVisitID)
    assert.is.not(followed.visitID, visitID)
    await second.evaluate("_gt.push(['event', 'WokeToo'])")
    await acknowledged(context, 'WokeToo')
    const rows = await vestibule.ask<EventRow[]>(`/visits/${followed.visitID}/events`)
    assert.equal(
      rows.map(({ eventName }) => eventName),
      ['Woke', 'WokeToo'],
    )
  },
)

agreement(
  '[P6][T3] a browser whose token is wrong becomes somebody new, and loses no event',
  async (context) => {
    const page = await openPage(context)
    const { globalVisitID } = await idsOf(page)
    await eventually(5_000, 'the visitor to be known', () =>
      context.vestibule.ask(`/visitors/${globalVisitID}`).then(
        () => true,
        () => undefined,
      ),
    )
    await page.evaluate(`localStorage.setItem('_gt_id', '${globalVisitID}.${'0'.repeat(32)}')`)
    const other = await openPage(context)
    await other.evaluate("_gt.push(['event', 'Mine'])")
    await acknowledged(context, 'Mine')
    const ids = await idsOf(other)
    assert.is.not(ids.globalVisitID, globalVisitID)
    const rows = await context.vestibule.ask<EventRow[]>(`/visits/${ids.visitID}/events`)
    assert.equal(rows.map(({ eventName }) => eventName).sort(), ['Mine', 'PageEntered', 'VisitStarted'])
    assert.equal(context.witness.rejected, [])
  },
)

agreement(
  '[P7][T3] a proof that the server refuses is asked for again, and the sign-in counts',
  async (context) => {
    const page = await openPage(context)
    const { globalVisitID } = await idsOf(page)
    const expiresAt = Math.floor(Date.now() / 1_000) + 600
    const fresh = { proof: proofFor('ada@example.com', expiresAt), expiresAt }
    await page.evaluate(`_gt.push(
    ['on', 'proof', async () => (${JSON.stringify(fresh)})],
    ['event', 'SignIn', { data: { identityId: 'ada@example.com', proof: 'stale', expiresAt: 1 } }])`)
    await eventually(10_000, 'Ada to be signed in', async () => {
      const visitor = await context.vestibule
        .ask<{ state: string }>(`/visitors/${globalVisitID}`)
        .catch(() => null)
      return visitor?.state === 'Authenticated' ? true : undefined
    })
    assert.is(context.witness.rejected.length, 1)
    assert.match(context.witness.rejected[0] ?? '', 'identity_unproven')
    assert.equal(context.browser.complaints, [])
  },
)

agreement.run()
