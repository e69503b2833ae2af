import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultConfig } from '../../src/config.ts'
import { createBudget } from '../../src/history/budget.ts'
import { createTurns } from '../../src/history/turns.ts'
import type { Store } from '../../src/store/contract.ts'
import { AUTHORIZATION, openApp, openHouse } from './house.ts'

const budget = suite('History: budget')
const ROWS = 50_000

/** The store, and how many entries it gave away. */
function counting(store: Store) {
  const counted = { entries: 0, most: 0 }
  const wrapped: Store = {
    ...store,
    entries: (number, span) => {
      const entries = store.entries(number, span)
      counted.entries += entries.length
      counted.most = Math.max(counted.most, entries.length)
      return entries
    },
  }
  return { wrapped, counted }
}

budget(
  '[H8] a filter that finds nothing in 50,000 entries stays within its rows, and lets others work',
  async () => {
    const { store, scribe, close } = await openHouse()
    const visit = scribe.visit('g1', 'v1')
    for (let index = 0; index < ROWS; index++) {
      scribe.event(visit.number, { visit })
      if (index % 250 === 249) await scribe.commit()
    }
    const { wrapped, counted } = counting(store)
    const { readRows, readSliceRows } = defaultConfig()
    // Only rows end a slice here: what is proved does not depend on how fast this machine is.
    const config = { ...defaultConfig(), readSliceMs: 1_000_000 }
    const app = await openApp(wrapped, { config })
    let others = 0
    let path: string | undefined = '/backend/data/visits/v1/events?eventName=Nothing'
    const statuses: number[] = []
    for (let pages = 0; path !== undefined; pages++) {
      assert.ok(pages < 10, 'it ends')
      counted.entries = 0
      others = 0
      let isReading = true
      const work = (): void => {
        others++
        if (isReading) setImmediate(work)
      }
      setImmediate(work)
      const answer: Response = await app.request(path, { headers: { authorization: AUTHORIZATION } })
      isReading = false
      statuses.push(answer.status)
      assert.ok(counted.entries <= readRows, `${counted.entries} rows`)
      assert.ok(counted.most <= readSliceRows)
      if (answer.status === 200) {
        assert.equal(await answer.json(), [], 'nothing was found, and it goes on')
        assert.is(counted.entries, readRows, 'all that it may look at')
        assert.ok(others >= readRows / readSliceRows - 1, `others worked ${others} times`)
      }
      path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1]
    }
    assert.equal(statuses, [200, 200, 204], '204 only at the true end')
    await close()
  },
)

budget('[H8] a slice ends by rows or by ms, whichever comes first', async () => {
  let elapsed = 0
  const limits = { rows: 100, sliceRows: 10, sliceMs: 5 }
  const one = createBudget(limits, () => elapsed, createTurns())
  const turns = async (): Promise<boolean> => {
    let turned = false
    setImmediate(() => {
      turned = true
    })
    await one.breathe()
    return turned
  }
  assert.is(one.allow(50), 10)
  one.spend(9)
  assert.is(await turns(), false)
  one.spend(1)
  assert.is(await turns(), true)
  elapsed += 4
  assert.is(await turns(), false)
  elapsed += 1
  assert.is(await turns(), true)
})

budget('[H8] at the limit nothing more may be looked at', () => {
  const one = createBudget({ rows: 100, sliceRows: 1_000, sliceMs: 5 }, () => 0, createTurns())
  one.spend(99)
  assert.is(one.isSpent(), false)
  assert.is(one.allow(50), 1)
  one.spend(1)
  assert.is(one.isSpent(), true)
  assert.is(one.allow(50), 0)
})

budget('[H7] a list of the whole node reads a stretch at a time, however long it is', async () => {
  const { store, scribe, close } = await openHouse()
  const visit = scribe.visit('g1', 'v1')
  for (let index = 0; index < 5_000; index++) {
    scribe.event(
      visit.number,
      { visit },
      { eventName: index === 4_000 ? 'SignIn' : 'PageEntered', eventType: 'SYSTEM' },
    )
    if (index % 100 === 99) await scribe.commit()
  }
  const { wrapped, counted } = counting(store)
  const app = await openApp(wrapped)
  const headers = { authorization: AUTHORIZATION }
  const found = await app.request('/backend/data/useridentifications', { headers })
  assert.equal(((await found.json()) as unknown[]).length, 1)
  assert.is(counted.entries, 100, 'only the commit that holds one is read')
  await app.request('/backend/data/useridentifications?all=true&page_size=1000', { headers })
  assert.ok(counted.most <= 1_001, `${counted.most} at once`)
  await close()
})

budget('[H8] a hundred readers take one slice a turn: others are served in between', async () => {
  const takeTurn = createTurns()
  const order: string[] = []
  const readers = Array.from({ length: 100 }, () => takeTurn().then(() => order.push('reader')))
  const socket = new Promise<void>((resolve) => {
    setImmediate(() => setImmediate(() => resolve(void order.push('socket'))))
  })
  await Promise.all([...readers, socket])
  assert.ok(order.indexOf('socket') < 5, `served after ${order.indexOf('socket')} readers`)
  assert.is(order.length, 101)
})

budget.run()
