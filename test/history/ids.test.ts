import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createCursors } from '../../src/history/cursors.ts'
import { decodeHistoryId, encodeHistoryId } from '../../src/history/history-id.ts'
import { findFirst } from '../../src/history/search.ts'
import { seeded } from './world.ts'

const ids = suite('History: ids, cursors, search')

ids('[E7] a historyId is a UUIDv8 that holds visitor number and seq', () => {
  const random = seeded(9)
  const whole = (most: number) => 1 + Math.floor(random() * most)
  const places = [
    { number: 1, seq: 1 },
    { number: 2 ** 48 - 1, seq: 2 ** 48 - 1 },
    ...Array.from({ length: 200 }, () => ({ number: whole(2 ** 40), seq: whole(2 ** 47) })),
  ]
  for (const place of places) {
    const id = encodeHistoryId(place)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(decodeHistoryId(id), place)
  }
  assert.is(new Set(places.map(encodeHistoryId)).size, places.length)
})

ids('[E7] what is no historyId is null; a number past its bits is refused', () => {
  const wrong = [
    '',
    'x',
    '00000000-0001-4000-8000-000000000001',
    '00000000-0001-8001-8000-000000000001',
    '00000000-0000-8000-8000-000000000001',
    '00000000-0001-8000-8000-000000000000',
    ' 00000000-0001-8000-8000-000000000001',
  ]
  for (const text of wrong) assert.is(decodeHistoryId(text), null, text)
  for (const number of [0, -1, 1.5, 2 ** 48, Number.NaN]) {
    assert.throws(() => encodeHistoryId({ number, seq: 1 }), /no historyId/)
    assert.throws(() => encodeHistoryId({ number: 1, seq: number }), /no historyId/)
  }
})

ids('[H3] a cursor is read back only for its query and with its secret', () => {
  const cursors = createCursors(Buffer.alloc(32, 1))
  const others = createCursors(Buffer.alloc(32, 2))
  for (const place of [null, 7, [1, 2], { after: 3, scan: null }]) {
    const text = cursors.write('query', { place, asOf: 5 })
    assert.match(text, /^[A-Za-z0-9_-]+$/)
    assert.equal(cursors.read('query', text), { place, asOf: 5 })
    assert.is(cursors.read('query2', text), null)
    assert.is(cursors.read('', text), null)
    assert.is(others.read('query', text), null)
  }
})

ids('[H8] a place is found by halving, in lists with gaps too', () => {
  const random = seeded(3)
  for (let round = 0; round < 300; round++) {
    const keys = Array.from({ length: 1 + Math.floor(random() * 20) }, () => 1 + Math.floor(random() * 60))
    const rising = [...new Set(keys)].sort((a, b) => a - b)
    const least = Math.floor(random() * 62)
    const { key, looked } = findFirst({
      low: 1,
      high: 60,
      firstFrom: (from) => {
        const found = rising.find((candidate) => candidate >= from)
        return found === undefined ? null : { key: found, row: found }
      },
      holds: (row) => row >= least,
    })
    const wanted = rising.filter((candidate) => candidate >= least)
    assert.equal(
      rising.filter((candidate) => candidate >= key),
      wanted,
      `${rising} from ${least}`,
    )
    assert.ok(looked <= 8)
  }
})

ids.run()
