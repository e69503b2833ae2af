/** Data protection in a real browser: what is told by default, and browsers that ask not to be tracked. */
import * as assert from 'uvu/assert'
import { browserSuite } from './browser-suite.ts'
import { pageWith } from './fake-server.ts'

const privacy = browserSuite('data protection in Chromium')

privacy(
  '[T6] no query, fragment, e-mail address or card number is told by default',
  async ({ server, page }) => {
    const html = pageWith('{}').replace('A page', 'Orders of ada@example.com')
    server.pages.set('/of/ada@example.com', html)
    server.pages.set('/empty', '<!doctype html><a href="/of/ada@example.com?token=s3cret#x">to it</a>')
    await page.goto(`${server.url}/empty?token=s3cret`)
    await page.click('a')
    await server.saw('PageEntered')
    await page.evaluate(`_gt.push(
    ['event', 'Paid', { data: { by: '4111 1111 1111 1111', to: [{ mail: 'ada@example.com' }], total: 42 } }],
    ['event', 'SignIn', { data: { identityId: 'ada@example.com' } }])`)
    const [signIn] = await server.saw('SignIn')
    assert.is(signIn?.data.identityId, 'ada@example.com')
    assert.equal((await server.saw('Paid'))[0]?.data, { by: '***', to: [{ mail: '***' }], total: 42 })
    const told = JSON.stringify(server.events().filter((event) => event !== signIn))
    for (const secret of ['s3cret', 'ada@', '4111']) assert.not.match(told, secret)
    const [entered] = await server.saw('PageEntered')
    assert.is(entered?.url, `${server.url}/of/***`)
    assert.is(entered?.title, 'Orders of ***')
  },
)

privacy('[T6] what the site lists and allows is told', async ({ server, page }) => {
  server.pages.set('/', pageWith("{ keepQuery: ['q', '#'], mask: false }"))
  await page.goto(`${server.url}/?q=door&token=1#top`)
  await page.evaluate("_gt.push(['event', 'Asked', { data: { mail: 'ada@example.com' } }])")
  assert.equal((await server.saw('Asked'))[0]?.data, { mail: 'ada@example.com' })
  assert.is((await server.saw('PageEntered'))[0]?.url, `${server.url}/?q=door#top`)
})

for (const signal of ['doNotTrack', 'globalPrivacyControl']) {
  privacy(
    `[T2] with honourSignals, ${signal} holds until this visitor consents`,
    async ({ server, page }) => {
      await page.addInitScript(`Object.defineProperty(navigator, '${signal}', {
      value: '${signal}' === 'doNotTrack' ? '1' : true })`)
      server.pages.set('/', pageWith('{ honourSignals: true }'))
      await page.goto(server.url)
      await page.waitForFunction('_gt.isVestibule')
      await page.evaluate("_gt.push(['event', 'Early'])")
      assert.is(await page.evaluate('localStorage.length + document.cookie'), '0')
      assert.is(server.hellos.length, 0)
      await page.evaluate("_gt.push(['consent', true])")
      await server.saw('Early')
      server.pages.set('/two', pageWith('{}'))
      await page.goto(`${server.url}/two`)
      await server.saw('PageEntered', 2)
    },
  )
}

privacy.run()
