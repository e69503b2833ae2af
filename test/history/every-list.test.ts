/** Every list, page by page, while more comes in between: nothing twice, nothing left out, in the order of the list. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Route } from '../../src/history/route.ts'
import { ROUTES } from '../../src/history/routes.ts'
import { type Dice, dice } from '../helpers/dice.ts'
import { someEvent, VISITORS } from '../visitors/some-entries.ts'
import { openRealHouse, type RealHouse } from './real-house.ts'

const lists = suite('History: every list')
const BASE = '/backend/data'
const PEOPLE = ['pat', 'sam', 'kim']
const LISTS = ROUTES.filter(({ isList }) => isList)

/** Filters that say nothing which changes later, and what they may be. */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  eventName: ['PageEntered', 'SignIn', 'Viewed'],
  eventType: ['SYSTEM', 'BUSINESS'],
  browserPageID: ['p0', 'p1'],
  url: ['https://shop.example/', 'https://shop.example/none'],
  globalVisitID: VISITORS,
  identityId: PEOPLE,
  userAgent: ['Browser/1.0', 'Kiosk/2'],
  all: ['true'],
  category: ['all categories'],
}

type Row = Readonly<Record<string, unknown>>

/** What tells a row of a list from all others: the first of these that it has, else all of it. */
function keyOf(row: Row): string {
  const names = ['historyId', 'pageID', 'how', 'sessionId', 'visitId', 'globalVisitID', 'identityId']
  const name = names.find((name) => row[name] !== undefined)
  const isWhole = name === undefined || name === 'how' || row.kind !== undefined
  return isWhole ? JSON.stringify(row) : String(row[name])
}

async function happen(house: RealHouse, d: Dice, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const globalVisitID = d.one(VISITORS)
    const entries = Array.from({ length: 1 + d.below(3) }, () => someEvent(d, globalVisitID))
    // Who withdraws consent says nothing more.
    const said = entries.filter(({ words }) => words.eventName !== 'ConsentWithdrawn')
    await house.record(globalVisitID, ...said)
    house.wait(d.one([0, 0, 0, 1_000, 60_000]))
  }
}

/** All pages of a list; between two of them something may happen. */
async function pagesOf(house: RealHouse, path: string, between: () => Promise<void> = async () => {}) {
  const keys: string[] = []
  for (let next: string | null = path, pages = 0; next !== null; pages += 1) {
    const { status, body, headers } = await house.ask(next)
    assert.ok(status === 200 || status === 204, `${next}: ${status} ${JSON.stringify(body)}`)
    keys.push(...(Array.isArray(body) ? body.map(keyOf) : []))
    const link = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    next = link === undefined ? null : link.slice(BASE.length)
    assert.ok(pages < 3_000, `${path} does not end`)
    if (next !== null && pages < 6) await between()
  }
  return keys
}

/** Ids that there are, to be asked about. */
async function idsIn(house: RealHouse): Promise<Readonly<Record<string, readonly string[]>>> {
  const visitId = await pagesOf(house, '/visits?page_size=1000')
  const of = async (list: string) =>
    (await Promise.all(visitId.map((id) => pagesOf(house, `/visits/${id}/${list}?page_size=1000`)))).flat()
  return {
    visitId,
    sessionId: await of('sessions'),
    pageId: await of('pages'),
    identityId: PEOPLE,
    globalVisitID: VISITORS,
  }
}

function chooseQuery(d: Dice, { filters }: Route): string {
  const names = Object.keys(filters.shape).filter((name) => FILTERS[name] !== undefined && d.chance(0.2))
  return names.map((name) => `${name}=${encodeURIComponent(d.one(FILTERS[name] ?? []))}&`).join('')
}

const SEEDS = process.env.SEED === undefined ? [1, 2] : [Number(process.env.SEED)]

for (const seed of SEEDS) {
  lists(
    `[H3] [H8] every list is whole, and each row given once, while more comes (seed ${seed})`,
    async () => {
      const d = dice(seed)
      const readRows = d.one([25, 60, 20_000])
      const house = await openRealHouse({ config: { readRows, readSliceRows: 20 } })
      await happen(house, d, 150)
      const ids = await idsIn(house)
      let rows = 0
      for (const route of LISTS) {
        const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => d.one(ids[name] ?? []))
        for (const order of ['asc', 'desc']) {
          const query = `${chooseQuery(d, route)}order=${order}&page_size=${1 + d.below(7)}`
          const label = `seed ${seed}, rows ${readRows}: ${path}?${query}`
          const before = await pagesOf(house, `${path}?${query}`)
          const given = await pagesOf(house, `${path}?${query}`, () => happen(house, d, d.below(3)))
          rows += given.length
          assert.is(new Set(given).size, given.length, `${label}: each once`)
          if (order === 'desc') assert.equal(given, before, label)
          else {
            assert.equal(given.slice(0, before.length), before, label)
            const after = await pagesOf(house, `${path}?${query}`)
            assert.equal(given, after.slice(0, given.length), label)
          }
        }
      }
      assert.ok(rows > 200, `${rows} rows`)
      await house.close()
    },
  )
}

lists.run()
