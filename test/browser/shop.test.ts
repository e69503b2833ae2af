/** The whole way: a real browser spends a day in the shop; History and NATS are asked what they saw of it. */
import { connect } from 'nats'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startNatsServer } from '../helpers/nats-server.ts'
import { eventually } from '../helpers/within.ts'
import { buildTracker } from './built-tracker.ts'
import { type Browser, openBrowser } from './chromium.ts'
import { startVestibule, type Vestibule } from './vestibule.ts'
import { openWitness, type Witness } from './witness.ts'

/** What an engine hears. */
interface Change {
  readonly subject: string
  readonly data: { readonly visitId?: string; readonly identityId?: string | null }
}

interface EventRow {
  readonly eventID: string
  readonly eventName: string
  readonly sessionId: string | null
  readonly identityId: string | null
  readonly data: Readonly<Record<string, unknown>>
}

interface Visitor {
  readonly state: string
  readonly identityId: string | null
  readonly connections: number
  readonly visit: { readonly visitId: string } | null
}

/** One day, told in chapters: each goes on where the one before it ended. */
interface Day {
  /** What was opened, to be closed in the opposite order. */
  closers: (() => Promise<void>)[]
  browser: Browser
  vestibule: Vestibule
  witness: Witness
  heard: Change[]
  first: Page
  second: Page
  globalVisitID: string
  visitID: string
  laterVisitID: string
}

const shop = suite<Day>('a day in the shop')

/** Long enough for a page to follow another on a busy machine (else its visit is ended and reopened), and waited for once. */
const LEAVE_GRACE_MS = 8_000
/** Not waited for: the browser is back before. */
const RESTART_GRACE_MS = 30_000
const ADA = 'ada@example.com'

shop.before(async (day) => {
  buildTracker()
  day.closers = []
  const nats = await startNatsServer()
  day.closers.push(nats.stop)
  const ear = await connect({ servers: nats.url })
  day.closers.push(() => ear.close())
  day.heard = []
  ear.subscribe('vestibule.>', {
    callback: (_, message) => day.heard.push({ ...message.json<Change>(), subject: message.subject }),
  })
  await ear.flush()
  day.vestibule = await startVestibule({
    NATS_URL: nats.url,
    VESTIBULE_TELL_BROWSER: 'true',
    VESTIBULE_LEAVE_GRACE_MS: String(LEAVE_GRACE_MS),
    VESTIBULE_RESTART_GRACE_MS: String(RESTART_GRACE_MS),
  })
  day.closers.push(day.vestibule.stop)
  day.browser = await openBrowser()
  day.closers.push(day.browser.close)
  day.witness = openWitness()
  day.witness.watch(day.browser.context())
})
shop.after(async ({ closers }) => {
  for (const close of closers.reverse()) await close()
})

const idsOf = (page: Page): Promise<{ globalVisitID: string; visitID: string }> =>
  page.evaluate("new Promise((tell) => _gt.push(['getIDs', tell]))")

/** Waits until the trackers of this page's browser have nothing left to say. */
const told = (page: Page): Promise<true> =>
  eventually(30_000, 'everything to be acknowledged', async () =>
    (await page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('_gt.q.'))"))
      ? undefined
      : true,
  )

const visitor = ({ vestibule, globalVisitID }: Day): Promise<Visitor> =>
  vestibule.ask(`/visitors/${globalVisitID}`)

const becomes = (day: Day, state: string): Promise<Visitor> =>
  eventually(10_000, `the visitor to be ${state}`, async () => {
    const found = await visitor(day)
    return found.state === state ? found : undefined
  })

async function putIntoBasket({ vestibule }: Day, page: Page, sku: string): Promise<void> {
  await page.goto(`${vestibule.url}/demo/product.html?sku=${sku}`)
  await page.click('[data-add]')
}

const eventsOf = async ({ vestibule, visitID, laterVisitID }: Day): Promise<readonly EventRow[]> =>
  (
    await Promise.all(
      [visitID, laterVisitID].map((id) => vestibule.ask<EventRow[]>(`/visits/${id}/events?page_size=1000`)),
    )
  ).flat()

shop('[V1][T1][T2] two tabs are one visit of one visitor, whom nobody knows', async (day) => {
  day.first = await day.browser.page()
  await day.first.goto(`${day.vestibule.url}/demo/`)
  await putIntoBasket(day, day.first, 'lantern')
  day.second = await day.browser.page()
  await day.second.goto(`${day.vestibule.url}/demo/?q=hook`)
  await told(day.second)
  Object.assign(day, await idsOf(day.first))
  const { globalVisitID, visitID } = await idsOf(day.second)
  assert.equal([globalVisitID, visitID], [day.globalVisitID, day.visitID])
  const found = await becomes(day, 'Anonymous')
  assert.is(found.connections, 2)
  assert.is(found.visit?.visitId, visitID)
})

shop('[I1] signing in in one tab makes the visitor authenticated in both', async (day) => {
  const { first, second, vestibule } = day
  await first.goto(`${vestibule.url}/demo/sign-in.html`)
  await first.fill('[name=name]', 'Ada')
  await first.fill('[name=email]', ADA)
  await first.click('form button')
  await first.waitForURL('**/account.html')
  assert.is((await becomes(day, 'Authenticated')).identityId, ADA)
  for (const page of [first, second]) await page.waitForSelector('[data-identity]:text-is("Authenticated")')
  await putIntoBasket(day, second, 'hooks')
  await told(second)
})

shop(
  '[T3][P5] the network and the server go, a tab is closed meanwhile, and all of it arrives',
  async (day) => {
    const { browser, first, second, vestibule } = day
    await browser.context().setOffline(true)
    await vestibule.kill()
    await second.click('[data-add]')
    await first.evaluate("_gt.push(['event', 'Waved', { data: { to: 'nobody' } }])")
    await first.close()
    await second.click('[data-add]')
    await vestibule.start()
    await browser.context().setOffline(false)
    await told(second)
    assert.is((await visitor(day)).state, 'Authenticated')
  },
)

shop(
  '[I4][V4][V5][T4] signing out leaves a recognized visitor, closing the browser ends the visit',
  async (day) => {
    const { browser, second, vestibule } = day
    await second.goto(`${vestibule.url}/demo/account.html`)
    await second.click('[data-sign-out]')
    await second.waitForURL('**/index.html')
    assert.is((await becomes(day, 'Recognized')).identityId, ADA)
    await told(second)
    await second.close()
    await browser.reopen()
    await eventually(RESTART_GRACE_MS + LEAVE_GRACE_MS + 10_000, 'the visit to end', async () =>
      (await visitor(day)).visit === null ? true : undefined,
    )
    const ended = await vestibule.ask<{ reason: string; endDate: number }>(`/visits/${day.visitID}`)
    assert.is(ended.reason, 'closed')
    assert.ok(ended.endDate > 0)
  },
)

shop(
  '[I6][T2] the browser comes back: the same visitor, a new visit, recognized by the shop',
  async (day) => {
    day.witness.watch(day.browser.context())
    const page = await day.browser.page()
    await page.goto(`${day.vestibule.url}/demo/`)
    assert.is((await becomes(day, 'Recognized')).identityId, ADA)
    await told(page)
    const { globalVisitID, visitID } = await idsOf(page)
    assert.is(globalVisitID, day.globalVisitID)
    assert.is.not(visitID, day.visitID)
    day.laterVisitID = visitID
  },
)

shop('[T3][E1] History has every event that a page saw acknowledged, exactly once', async (day) => {
  const rows = await eventsOf(day)
  const kept = rows.map(({ eventID }) => eventID)
  assert.is(new Set(kept).size, kept.length, 'none twice')
  const acknowledged = [...day.witness.acknowledged()]
  assert.ok(acknowledged.length > 20, `only ${acknowledged.length} were acknowledged`)
  assert.equal(
    acknowledged.filter(([eventID]) => !kept.includes(eventID)),
    [],
  )
  assert.equal(day.witness.rejected, [])
  const count = (name: string) => rows.filter(({ eventName }) => eventName === name).length
  assert.equal([count('VisitStarted'), count('SignIn'), count('SignOut'), count('Waved')], [2, 1, 1, 1])
  assert.is(count('PageEntered'), count('PageExited') + 1, 'one page is still open')
})

shop('[I1][I4] History tells whose events they were, also of those that came late', async (day) => {
  const rows = await eventsOf(day)
  assert.equal(
    rows
      .filter(({ eventName }) => eventName === 'AddToCart')
      .map(({ data, identityId }) => [data.sku, identityId]),
    [
      ['lantern', null],
      ['hooks', ADA],
      ['hooks', ADA],
      ['hooks', ADA],
    ],
  )
  const sessions = await day.vestibule.ask<{ identityId: string; reason: string }[]>(
    `/visits/${day.visitID}/sessions`,
  )
  assert.equal(
    sessions.map(({ identityId, reason }) => [identityId, reason]),
    [[ADA, 'signedOut']],
  )
})

shop('[B2][B4] NATS heard each change once, in order, over the death of the server', async (day) => {
  const of = (kind: string) => day.heard.filter(({ subject }) => subject.split('.')[1] === kind)
  await eventually(30_000, 'the last change', () => (of('identity').length >= 4 ? true : undefined)).catch(
    async (cause: unknown) => {
      const heard = day.heard.map(({ subject }) => subject)
      const readiness = await (await fetch(`${day.vestibule.url}/readyz`)).text()
      throw new Error(`heard ${heard.join(' ')}; ${readiness}`, { cause })
    },
  )
  assert.equal(
    of('identity').map(({ subject, data }) => [subject.split('.')[2], data.identityId ?? null, data.visitId]),
    [
      ['authenticated', ADA, day.visitID],
      ['recognized', ADA, day.visitID],
      ['anonymous', null, day.visitID],
      ['recognized', ADA, day.laterVisitID],
    ],
  )
  assert.equal(
    of('visit').map(({ subject, data }) => [subject.split('.')[2], data.visitId]),
    [
      ['opened', day.visitID],
      ['ended', day.visitID],
      ['opened', day.laterVisitID],
    ],
  )
})

shop('[T6] no page complained: only the browser itself, of a server that was away', async ({ browser }) => {
  assert.equal(
    browser.complaints.filter((text) => !/WebSocket connection to|Failed to load resource/.test(text)),
    [],
  )
})

shop.run()
