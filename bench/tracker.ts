/** `node --import tsx bench/tracker.ts`: what a page pays for the tracker, with and without it, in alternating rounds. */
import { cpus } from 'node:os'
import type { CDPSession } from 'playwright-core'
import { buildTracker } from '../test/browser/built-tracker.ts'
import { type Browser, openBrowser } from '../test/browser/chromium.ts'
import { openFakeServer, pageWith } from '../test/browser/fake-server.ts'

const ROUNDS = Number(process.argv[2] ?? 15)
/** Of the shop's page: enough for a browser to lay out. */
const ITEMS = 400
const EVENTS = 100
/** What happens after the load is the page's too. */
const SETTLE_MS = 400

/** In ms, but for the layout shift, which has no unit. The first rows are what Lighthouse makes its score of. */
interface Cost {
  readonly 'first contentful paint': number
  readonly 'largest contentful paint': number
  readonly 'total blocking time': number
  readonly 'cumulative layout shift': number
  readonly DOMContentLoaded: number
  readonly load: number
  readonly 'main thread: scripts': number
  readonly 'main thread: all tasks': number
  readonly 'trace: tasks till settled': number
  readonly 'trace: in tracker.js': number
  readonly 'pushing 100 events': number
  readonly 'their tasks, sent and kept': number
}

const BODY = `<ul>${'<li><b>A door</b> of oak, with a brass handle</li>'.repeat(ITEMS)}</ul>`
const WITHOUT = `<!doctype html><html lang="en"><title>A page</title><body>${BODY}<script>var _gt = []</script></body></html>`

const VITALS = `JSON.stringify((() => {
  const [navigation] = performance.getEntriesByType('navigation')
  const startedAt = performance.now()
  for (let i = 0; i < ${EVENTS}; i += 1) _gt.push(['event', 'Looked', { data: { sku: String(i) } }])
  return {
    pushMs: performance.now() - startedAt,
    fcpMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    readyMs: navigation.domContentLoadedEventEnd,
    loadMs: navigation.loadEventEnd,
    lcpMs: window.lcpMs,
    shift: window.shift,
  }
})())`
const OBSERVERS = `window.lcpMs = window.shift = 0
  const each = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
  each('largest-contentful-paint', ({ startTime }) => { window.lcpMs = startTime })
  each('layout-shift', ({ value }) => { window.shift += value })`

interface Vitals {
  readonly pushMs: number
  readonly fcpMs: number
  readonly readyMs: number
  readonly loadMs: number
  readonly lcpMs: number
  readonly shift: number
}

/** One load in a tab of its own, from a browser whose cache is empty for it. */
async function measure(browser: Browser, url: string): Promise<Cost> {
  const page = await browser.page()
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  await session.send('Performance.enable')
  await page.addInitScript(OBSERVERS)
  const endTrace = await traceOf(session)
  await page.goto(url, { waitUntil: 'load' })
  await page.waitForTimeout(SETTLE_MS)
  const trace = await endTrace()
  const loaded = await metricsOf(session)
  // A boundary: the expression above makes it.
  const vitals = JSON.parse(await page.evaluate<string>(VITALS)) as Vitals
  await page.waitForTimeout(SETTLE_MS)
  const pushed = await metricsOf(session)
  await page.close()
  return {
    'first contentful paint': vitals.fcpMs,
    'largest contentful paint': vitals.lcpMs,
    'total blocking time': trace.blockingMs,
    'cumulative layout shift': vitals.shift,
    DOMContentLoaded: vitals.readyMs,
    load: vitals.loadMs,
    'main thread: scripts': loaded.scriptMs,
    'main thread: all tasks': loaded.taskMs,
    'trace: tasks till settled': trace.taskMs,
    'trace: in tracker.js': trace.trackerMs,
    'pushing 100 events': vitals.pushMs,
    'their tasks, sent and kept': pushed.taskMs - loaded.taskMs,
  }
}

/** What the main thread did since the page began. */
async function metricsOf(
  session: CDPSession,
): Promise<{ readonly scriptMs: number; readonly taskMs: number }> {
  const { metrics } = await session.send('Performance.getMetrics')
  const msOf = (name: string) => 1_000 * (metrics.find((metric) => metric.name === name)?.value ?? 0)
  return { scriptMs: msOf('ScriptDuration'), taskMs: msOf('TaskDuration') }
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Both in microseconds. */
  readonly ts: number
  readonly dur?: number
  readonly args: { readonly name?: string; readonly data?: { readonly url?: string } }
}

interface Trace {
  readonly taskMs: number
  /** What tasks took beyond 50 ms each. */
  readonly blockingMs: number
  /** What ran of the tracker, and its compilation. */
  readonly trackerMs: number
}

/** What a task of the main thread may take before it keeps a user waiting. */
const BLOCKING_MS = 50

/** Starts a trace; what it answers ends it. */
async function traceOf(session: CDPSession): Promise<() => Promise<Trace>> {
  const events: TraceEvent[] = []
  // A boundary: the browser's own format.
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await session.send('Tracing.start', { categories: 'toplevel,devtools.timeline,v8' })
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
    await session.send('Tracing.end')
    await complete
    return readTrace(events)
  }
}

/** Sums the tasks of the thread that the page's scripts ran on. */
function readTrace(events: readonly TraceEvent[]): Trace {
  const onPage = events.find(({ name, args }) => name === 'ParseHTML' && args !== undefined)
  const mine = events.filter(({ ph, pid, tid }) => ph === 'X' && pid === onPage?.pid && tid === onPage.tid)
  const msOf = (found: readonly TraceEvent[]) => found.map(({ dur = 0 }) => dur / 1_000)
  const tasks = msOf(
    mine.filter(({ name }) => name === 'RunTask' || name === 'ThreadControllerImpl::RunTask'),
  )
  const ofTracker = mine.filter(({ args }) => args?.data?.url?.endsWith('/tracker.js'))
  return {
    taskMs: sum(tasks),
    blockingMs: sum(tasks.map((ms) => Math.max(0, ms - BLOCKING_MS))),
    trackerMs: sum(msOf(outermost(ofTracker))),
  }
}

/** Without those that lie within another: their time is in it. */
function outermost(events: readonly TraceEvent[]): readonly TraceEvent[] {
  let endsAt = 0
  return [...events]
    .sort((one, other) => one.ts - other.ts)
    .filter(({ ts, dur = 0 }) => {
      if (ts < endsAt) return false
      endsAt = ts + dur
      return true
    })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0

function printTable(without: readonly Cost[], with_: readonly Cost[]): void {
  const line = (...[name, ...cells]: readonly string[]) =>
    process.stdout.write(`${(name ?? '').padEnd(26)}${cells.map((cell) => cell.padStart(12)).join('')}\n`)
  line('medians, ms', 'without', 'with', 'difference')
  for (const name of Object.keys(without[0] ?? {}) as (keyof Cost)[]) {
    const [before, after] = [without, with_].map((costs) => median(costs.map((cost) => cost[name])))
    line(name, ...[before ?? 0, after ?? 0, (after ?? 0) - (before ?? 0)].map((value) => value.toFixed(2)))
  }
}

buildTracker()
const server = await openFakeServer()
server.pages.set('/without', WITHOUT)
server.pages.set('/with', pageWith('{}').replace('<body>', `<body>${BODY}`))
const browser = await openBrowser()
process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'} x ${cpus().length}, ${ROUNDS} rounds each\n\n`)
const without: Cost[] = []
const with_: Cost[] = []
try {
  // The first loads start the browser's own machinery.
  for (const path of ['/without', '/with']) await measure(browser, server.url + path)
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(await measure(browser, `${server.url}/without`))
    with_.push(await measure(browser, `${server.url}/with`))
  }
  printTable(without, with_)
} finally {
  await browser.close()
  await server.close()
}
