/** Pages that the browser only prepares, by speculation rules: real ones, in a Chromium without a debugger. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../helpers/within.ts'
import { openAlone } from './alone.ts'
import { buildTracker } from './built-tracker.ts'
import { type FakeServer, openFakeServer, pageWith } from './fake-server.ts'
import { startVestibule } from './vestibule.ts'

const prerender = suite<{ server: FakeServer; closers: (() => Promise<void>)[] }>('prerendered pages')

prerender.before(buildTracker)
prerender.before.each(async (context) => {
  context.server = await openFakeServer()
  context.closers = [context.server.close]
})
prerender.after.each(async ({ closers }) => {
  for (const close of closers.reverse()) await close()
})

/** Lets /two be prepared at once, and goes there when the test lets it. */
const BEFORE = `<!doctype html><title>Before</title>
  <script type="speculationrules">{ "prerender": [{ "urls": ["/two"], "eagerness": "immediate" }] }</script>
  <script>
    const timer = setInterval(async () => {
      if (!(await fetch('/go')).ok) return
      clearInterval(timer)
      location.href = '/two'
    }, 100)
  </script>`

/** Tells by the paths that it asks for whether it is prepared, what is kept then, and that it was activated. */
const PREPARED = `<script>
    const timer = setInterval(() => {
      if (!_gt.isVestibule) return
      clearInterval(timer)
      _gt.push(['event', 'Early'])
      setTimeout(() => fetch('/prepared/' + document.prerendering + '/' + (localStorage.length + document.cookie)), 500)
    }, 50)
    document.addEventListener('prerenderingchange', () => fetch('/activated'))
    addEventListener('error', () => fetch('/complained'))
  </script>`

prerender('[T1] a page that is only prepared keeps and sends nothing before it is shown', async (context) => {
  const { server } = context
  server.pages.set('/', BEFORE)
  server.pages.set('/two', pageWith('{}', PREPARED))
  const asked = (path: string) =>
    eventually(15_000, `${path} to be asked for`, () => (server.asked.has(path) ? true : undefined))
  context.closers.push(openAlone(server.url))
  await asked('/prepared/true/0')
  assert.equal([server.hellos.length, server.events().length, server.sockets().length], [0, 0, 0])
  server.pages.set('/go', 'now')
  await asked('/activated')
  await server.saw('Early')
  assert.equal(
    server.events().map(({ eventName }) => eventName),
    ['VisitStarted', 'PageEntered', 'Early'],
  )
  assert.is(server.events()[1]?.url, `${server.url}/two`)
  assert.is(server.hellos.length, 1)
  assert.equal([server.asked.get('/two'), server.asked.has('/complained')], [1, false])
})

prerender(
  '[T1] what a prepared page did is in History when it is shown, and nothing is before',
  async (context) => {
    const { server } = context
    const vestibule = await startVestibule({ VESTIBULE_ORIGINS: server.url })
    context.closers.push(vestibule.stop)
    const page = pageWith('{}', PREPARED).replace('/tracker.js', `${vestibule.url}/tracker.js`)
    server.pages.set('/', BEFORE)
    server.pages.set('/two', page)
    const asked = (path: string) =>
      eventually(15_000, `${path} to be asked for`, () => (server.asked.has(path) ? true : undefined))
    context.closers.push(openAlone(server.url))
    await asked('/prepared/true/0')
    const kept = ['/visits?live=true', '/useridentifications?all=true']
    assert.equal(await Promise.all(kept.map((path) => vestibule.ask(path))), [null, []])
    server.pages.set('/go', 'now')
    await asked('/activated')
    const visits = await eventually(10_000, 'a visit', async () => {
      return (await vestibule.ask<{ visitId: string }[] | null>('/visits?live=true')) ?? undefined
    })
    assert.is(visits.length, 1)
    const events = await eventually(10_000, 'its events', async () => {
      const rows = await vestibule.ask<{ eventName: string; url: string }[]>(
        `/visits/${visits[0]?.visitId}/events`,
      )
      return rows.length >= 3 ? rows : undefined
    })
    assert.equal(
      events.map(({ eventName }) => eventName),
      ['VisitStarted', 'PageEntered', 'Early'],
    )
    assert.is(events[1]?.url, `${server.url}/two`)
    assert.is(server.asked.has('/complained'), false)
  },
)

prerender('[T1] a page that is prepared and never shown was never there', async (context) => {
  const { server } = context
  server.pages.set(
    '/',
    BEFORE.replace('/go', '/never').replace(
      '</script>',
      '</script><script>setTimeout(() => location.href = "/other", 3_000)</script>',
    ),
  )
  server.pages.set('/two', pageWith('{}', PREPARED))
  server.pages.set('/other', pageWith('{}'))
  context.closers.push(openAlone(server.url))
  await server.saw('PageEntered')
  assert.is(server.asked.has('/prepared/true/0'), true)
  assert.equal(
    server.events().map(({ eventName, url }) => [eventName, url]),
    [
      ['VisitStarted', `${server.url}/other`],
      ['PageEntered', `${server.url}/other`],
    ],
  )
})

prerender.run()
