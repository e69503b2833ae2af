/** Who asks for pages in a bench: what is refused, or has other rows than it must have, ends it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextOf, openPager, type Pager, rowsOf } from '../../bench/history/pages.ts'
import { within } from '../helpers/within.ts'

const pages = suite('asking for pages')

/** `/200/100/next` is answered with 200, a hundred rows, and a next page. */
async function withPager(work: (pager: Pager) => Promise<void>): Promise<void> {
  const server = createServer(({ url = '' }, response) => {
    const [, status, rows, next] = url.split('/')
    if (next !== undefined) response.setHeader('link', `</200/7>; rel="next"`)
    response.writeHead(Number(status)).end(JSON.stringify(Array.from({ length: Number(rows) }, () => 1)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The boundary where an address in use is one of a port.
  const pager = openPager((server.address() as AddressInfo).port)
  try {
    await within(10_000, 'the pages', work(pager))
  } finally {
    pager.close()
    server.close()
    server.closeAllConnections()
  }
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    (cause: Error) => cause.message,
  )
}

pages('a page has its rows, and says where the next one is', () =>
  withPager(async (pager) => {
    const page = await pager.ask('/200/3/next')
    assert.equal(rowsOf(page), [1, 1, 1])
    assert.is(nextOf(page), '/200/7')
    assert.is(nextOf(await pager.ask('/200/3')), null)
  }),
)

pages('a refusal rejects, and says what was said', () =>
  withPager(async (pager) => {
    assert.is(await failureOf(pager.ask('/404/0')), 'GET /404/0 was answered with 404: []')
  }),
)

pages('only full pages are timed', () =>
  withPager(async (pager) => {
    const { p50Ms } = await pager.times(['/200/100', '/200/100'])
    assert.ok(p50Ms > 0)
    assert.is(await failureOf(pager.times(['/200/100', '/200/99'])), '/200/99 gave 99 rows instead of 100')
  }),
)

pages('clients who page meet no empty page, and no short one before the end', () =>
  withPager(async (pager) => {
    assert.ok((await pager.storm(2, ['/200/100/next'], AbortSignal.timeout(50))) >= 2)
    const paging = (path: string) => failureOf(pager.storm(2, [path], AbortSignal.timeout(5_000)))
    assert.is(await paging('/200/0'), '/200/0 gave 0 rows')
    assert.is(await paging('/200/99/next'), '/200/99/next gave 99 rows')
  }),
)

pages.run()
