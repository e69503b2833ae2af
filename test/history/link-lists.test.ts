/** The people of a visit as a list, however many they are. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createBudget } from '../../src/history/budget.ts'
import { linksOfVisitListing } from '../../src/history/link-lists.ts'
import { type Page, readPage } from '../../src/history/listing.ts'
import { createTurns } from '../../src/history/turns.ts'
import type { Span } from '../../src/store/contract.ts'
import type { LinkRow } from '../../src/store/rows.ts'
import { dice } from '../helpers/dice.ts'

const links = suite('History: people of a visit')

const linkOf = (identity: number, position: number): LinkRow => {
  return { number: 1, visit: 1, identity, position, association: 'Recognized', ranges: [[1, 2]] }
}

/** So many people, by number; they became known in another order. */
function peopleOf(count: number): LinkRow[] {
  const d = dice(7)
  const positions = Array.from({ length: count }, (_, index) => index + 1)
  for (let index = count - 1; index > 0; index -= 1) {
    const other = d.below(index + 1)
    const [one = 0, two = 0] = [positions[index], positions[other]]
    positions[index] = two
    positions[other] = one
  }
  // Every other number: those between are others whom the node knows.
  return positions.map((position, index) => linkOf(2 * index + 1, position))
}

type Place = readonly [position: number, identity: number]

/** All pages of the list; `between` is called between two reads. */
async function pagesOf(rows: LinkRow[], { reverse = false, size = 500, between = () => {} } = {}) {
  let most = 0
  const read = ({ from = 0, limit }: Span): LinkRow[] => {
    const part = rows.filter(({ identity }) => identity >= from).slice(0, limit)
    most = Math.max(most, part.length)
    between()
    return part
  }
  const lastPosition = (): number => rows.reduce((last, { position }) => Math.max(last, position), 0)
  const positions: number[] = []
  let [place, requests]: [Place | null, number] = [null, 0]
  for (let more = true; more; requests += 1) {
    const budget = createBudget({ rows: 20_000, sliceRows: 5_000, sliceMs: 5 }, () => 0, createTurns())
    const listing = linksOfVisitListing({ read, lastPosition }, reverse)
    const page: Page<number, Place> = await readPage(listing, place, {
      ...{ size, budget, matches: () => true },
      compose: ({ position }: LinkRow) => position,
    })
    positions.push(...page.items)
    more = page.more
    place = page.place
    assert.ok(requests < 1_000, 'it ends')
  }
  return { positions, most, requests }
}

const rising = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

for (const count of [0, 1, 255, 256, 257, 1_024, 1_025, 3_000]) {
  links(`[H3] of ${count} people each is given once, by when they became known, either way`, async () => {
    const rows = peopleOf(count)
    assert.equal((await pagesOf(rows)).positions, rising(count))
    assert.equal((await pagesOf(rows, { reverse: true, size: 7 + 1_000 })).positions, rising(count).reverse())
  })
}

links('[H8] of more people than a request looks at each page gets on, a few rows at a time', async () => {
  const count = 21_000
  const { positions, most, requests } = await pagesOf(peopleOf(count), { size: 1_000 })
  assert.equal(positions, rising(count))
  assert.ok(most <= 256, `${most} rows at once`)
  assert.is(requests, 21)
})

links('[H3] who becomes known while it is read is given once, behind the others', async () => {
  const rows = peopleOf(700)
  let known = 700
  const between = (): void => {
    if (known >= 900) return
    known += 1
    // Somebody whom the node has known for long: their row may lie where it was read already.
    rows.push(linkOf(2 * (known - 700), known))
    rows.sort((a, b) => a.identity - b.identity)
  }
  const { positions } = await pagesOf(rows, { size: 10, between })
  assert.equal(positions, rising(known))
})

links.run()
